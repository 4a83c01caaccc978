"""The forecast of plan: the bytes of jobs, and the nights that they take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tap_marketo_bulk.cli.reports import estimate_bytes, forecast_text
from tap_marketo_bulk.exports.quota import QuotaUsage, SizeEstimate
from tap_marketo_bulk.marketo.exports import JobStatus
from tests.support.fake_exports import task
from tests.support.past_job import past_job

MB = 1_000_000
USAGE = QuotaUsage(100 * MB, 2, 500 * MB, datetime(2026, 1, 16, 6, tzinfo=UTC))
PAST = [
    past_job("one", size=100),
    past_job("two", size=300),
    past_job("failed", status=JobStatus.FAILED, size=9000),
    past_job("other", path="program/members", size=50),
]


def test_each_job_is_as_large_as_the_average_of_its_object() -> None:
    tasks = [task(1), task(2), task(3, "program/members")]
    assert estimate_bytes(tasks, PAST) == SizeEstimate(2 * 200 + 50, 2 * 300 + 50, past_files=3)


def test_jobs_whose_files_exist_are_paid() -> None:
    assert estimate_bytes([replace(task(1), export_id="one")], PAST) is None
    assert estimate_bytes([replace(task(1), export_id="failed")], PAST) == SizeEstimate(200, 300, 2)
    assert estimate_bytes([], PAST) is None


def test_objects_without_an_export_are_named() -> None:
    estimate = estimate_bytes([task(1), task(2, "customobjects/car_c")], PAST)
    assert estimate == SizeEstimate(200, 300, 2, ("customobjects/car_c",))
    assert "no export of customobjects/car_c was completed" in forecast_text(estimate, USAGE)


def nights(text: str) -> str:
    return f"About {text}, with one run a night and a quota of 500 MB a day."


@pytest.mark.parametrize(
    ("average", "largest", "text"),
    [
        (1, 2, "All jobs fit in today's quota: at most 400 MB of 500 MB are left."),
        (0, 400 * MB, "All jobs fit in today's quota: at most 400 MB of 500 MB are left."),
        (10, 400 * MB + 1, nights("1 night left")),
        (450 * MB, 500 * MB, nights("1 night left")),
        (500 * MB, 500 * MB + 1, nights("1 night left, at most 2")),
        (1300 * MB, 1600 * MB, nights("3 nights left, at most 4")),
    ],
)
def test_the_first_sentence_is_the_number_of_nights_with_one_quota_each(
    average: int, largest: int, text: str
) -> None:
    assert forecast_text(SizeEstimate(average, largest, 4), USAGE).startswith(
        f"{text} By the 4 exports"
    )
