"""The summary of a run, as lines and as fields."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tap_marketo_bulk.errors import RunEndedByExportQuotaError
from tap_marketo_bulk.streams.report import RunSummary, StreamSummary, outcome_of
from tests.support.clock import NOW

UNTIL = datetime(2026, 2, 28, 23, 45, tzinfo=UTC)
ACTIVITIES = StreamSummary(
    "activities",
    records=19_999,
    bytes=4_400_000,
    jobs=12,
    resumed_jobs=2,
    invalid_values=3,
    complete_until=UNTIL,
)
TYPES = StreamSummary("activity_types", records=20)
SUMMARY = RunSummary("success", (ACTIVITIES, TYPES), waiting_seconds=620.25, reading_seconds=41.9)


def test_the_summary_has_the_totals_and_a_line_for_each_stream() -> None:
    headline, activities, types = SUMMARY.lines()
    assert headline == (
        "Run completed: 20,019 records, 4.4 MB in 12 jobs; 10 min waiting for Marketo, 42 s reading"
    )
    assert activities == (
        "  activities: 19,999 records, 4.4 MB, 12 jobs (2 resumed), 3 invalid values, "
        "complete until 2026-02-28T23:45:00Z"
    )
    assert types == "  activity_types: 20 records"


def test_the_headline_has_unfinished_jobs_and_the_quota_where_there_are_any() -> None:
    summary = replace(SUMMARY, unfinished_jobs=4, bytes_today=38_000_000)
    assert summary.headline().endswith(
        "42 s reading; the next run resumes 4 jobs; 38 MB of today's 500 MB"
    )


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("success", "Run completed: "),
        ("quota", "Run ended: the daily export quota is used up: "),
        ("interrupted", "Run interrupted: "),
        ("error", "Run ended with an error: "),
    ],
)
def test_the_headline_begins_with_the_outcome(outcome: str, text: str) -> None:
    assert replace(SUMMARY, outcome=outcome).headline().startswith(f"{text}20,019 records")


def test_a_stream_whose_jobs_are_for_its_typed_streams_has_no_records() -> None:
    owner = StreamSummary("activities", is_selected=False, bytes=4_400_000, jobs=12)
    assert owner.line() == "activities: 4.4 MB, 12 jobs"
    assert StreamSummary("activities", is_selected=False).line() == "activities: no job completed"


def test_the_fields_are_json_with_every_value() -> None:
    summary = replace(SUMMARY, unfinished_jobs=4, bytes_today=38_000_000)
    assert json.loads(json.dumps(summary.fields())) == {
        "outcome": "success",
        "waiting_seconds": 620.25,
        "reading_seconds": 41.9,
        "unfinished_jobs": 4,
        "bytes_today": 38_000_000,
        "streams": [
            {
                "stream": "activities",
                "is_selected": True,
                "records": 19_999,
                "bytes": 4_400_000,
                "jobs": 12,
                "resumed_jobs": 2,
                "invalid_values": 3,
                "complete_until": "2026-02-28T23:45:00Z",
            },
            {
                "stream": "activity_types",
                "is_selected": True,
                "records": 20,
                "bytes": 0,
                "jobs": 0,
                "resumed_jobs": 0,
                "invalid_values": 0,
                "complete_until": None,
            },
        ],
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "success"),
        (RunEndedByExportQuotaError(500, {}, NOW), "quota"),
        (ValueError(), "error"),
        (SystemExit(130), "interrupted"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_the_outcome_is_what_ended_the_run(error: BaseException | None, outcome: str) -> None:
    assert outcome_of(error, is_quota_used_up=False) == outcome


def test_a_run_that_stops_because_of_the_quota_has_its_outcome_without_an_error() -> None:
    assert outcome_of(None, is_quota_used_up=True) == "quota"
    assert outcome_of(ValueError(), is_quota_used_up=True) == "error"
