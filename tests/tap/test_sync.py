"""What a run emits, compared with the expected rows of the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.clock import NOW
from tests.support.data_sets import export_requests
from tests.support.runs import selecting, without_bookkeeping

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import TapRunner

# Jobs take no time, so that no row changes between the horizon and the last export.
OPTIONS = Options(leads=200, activities=400, late_seconds=0, job_seconds=0)
START = "2026-01-15"
EVERYTHING = {"start_date": "2025-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
HORIZON = "2026-02-28T23:45:00Z"


@pytest.fixture
def options() -> Options:
    """The options of all tests here without others."""
    return OPTIONS


def test_the_first_run_emits_all_expected_rows(tap: TapRunner, sandbox: Sandbox) -> None:
    run = tap.run(config=EVERYTHING)
    assert run.error is None
    assert run.table("leads") == sandbox.expected.leads(at=NOW)
    assert run.table("activities") == sandbox.expected.activities(at=NOW)


def test_the_second_run_emits_what_changed_since_the_first(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = tap.run(config=EVERYTHING)
    sandbox_clock.advance(86400)
    now = sandbox_clock.now()
    second = tap.run(state=first.state, config=EVERYTHING)
    assert 0 < len(second.records("leads")) < len(first.records("leads"))
    assert len(second.records("activities")) > 0
    assert first.table("leads") | second.table("leads") == sandbox.expected.leads(at=now)
    both = first.table("activities") | second.table("activities")
    assert both == sandbox.expected.activities(at=now)


@pytest.mark.parametrize("options", [replace(OPTIONS, end_at_inclusive=True)])
def test_a_record_in_the_second_that_two_windows_share_is_emitted_once(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    activities = sandbox.expected.activities()
    dates = [str(each["activityDate"]) for each in activities.values()]
    shared = min(date for date in dates if date > START)
    start = datetime.fromisoformat(shared) - timedelta(days=1)
    run = tap.run(config={"start_date": start.isoformat(), "window_days": 1})
    ends = [each["filter"]["createdAt"]["endAt"] for each in export_requests(sandbox, "activities")]
    assert shared in ends
    guids = [record["marketoGUID"] for record in run.records("activities")]
    assert {guid for guid, it in activities.items() if it["activityDate"] == shared} <= set(guids)
    ids = [record["id"] for record in run.records("leads")]
    assert (len(ids), len(guids)) == (len(set(ids)), len(set(guids)))


def test_bookmarks_are_the_ends_of_windows_and_the_last_one_is_the_horizon(tap: TapRunner) -> None:
    run = tap.run(catalog=selecting(tap.discover(), "activities", "deleted_leads", "leads"))
    bookmarks = [
        state["bookmarks"]["leads"]["replication_key_value"]
        for state in run.states
        if "replication_key_value" in state["bookmarks"].get("leads", {})
    ]
    assert sorted(set(bookmarks)) == ["2026-02-01T00:00:00Z", HORIZON]
    assert run.state
    assert without_bookkeeping(run.state) == {
        "bookmarks": {
            "activities": {
                "replication_key": "activityDate",
                "replication_key_value": HORIZON,
            },
            "deleted_leads": {
                "replication_key": "activityDate",
                "replication_key_value": HORIZON,
            },
            "leads": {"replication_key": "updatedAt", "replication_key_value": HORIZON},
        }
    }
