"""Runs with the STATE of an earlier run that was interrupted or had other settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import (
    UNCHANGING,
    WHOLE_HISTORY,
    assert_complete,
    export_requests,
    loaded_rows,
)
from tests.support.runs import logged_warnings

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import RunResult, TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])
# The windows of one stream.
WINDOWS = 3


def interrupted_run(tap: TapRunner) -> RunResult:
    """Return a run with unfinished jobs in its last STATE."""
    run = tap.run(config=WHOLE_HISTORY, stop_after=5)
    assert run.bookmark("activities")["jobs"]
    return run


@unchanging
def test_unfinished_jobs_are_resumed_although_window_days_changed(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    stopped = interrupted_run(tap)
    unfinished = [entry["id"] for entry in stopped.bookmark("activities")["jobs"]]
    again = tap.run(config=WHOLE_HISTORY | {"window_days": 7}, state=stopped.state)
    assert again.error is None
    assert_complete(sandbox, stopped, again)
    assert {job.export_id for job in sandbox.jobs if job.downloads} >= set(unfinished)


@unchanging
def test_jobs_after_an_earlier_end_date_are_resumed_by_a_later_run(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    stopped = interrupted_run(tap)
    early = tap.run(config=WHOLE_HISTORY | {"end_date": "2026-01-10"}, state=stopped.state)
    assert early.error is None
    late = tap.run(config=WHOLE_HISTORY, state=early.state)
    assert late.error is None
    assert_complete(sandbox, stopped, early, late)
    assert "jobs" not in late.bookmark("activities")


@unchanging
def test_a_resumed_run_has_no_lookback_and_the_run_after_it_has_one(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    config = WHOLE_HISTORY | {"resume_unknown_jobs": False}
    complete = tap.run(config=config)
    with_reads = [
        place
        for place, message in enumerate(complete.messages)
        if "reads" in message.get("value", {}).get("bookmarks", {}).get("activities", {})
    ]
    jobs = len(sandbox.jobs)
    stopped = tap.run(config=config, stop_after=with_reads[0] + 1)
    again = tap.run(config=config, state=stopped.state)
    assert_complete(sandbox, stopped, again)
    completed = [job for job in sandbox.jobs[jobs:] if job.status == "Completed"]
    assert len([job for job in completed if job.object == "activities"]) == WINDOWS
    after = tap.run(config=config, state=again.state)
    assert after.error is None
    (lookback,) = export_requests(sandbox, "activities")[-1:]
    assert lookback["filter"]["createdAt"]["startAt"] == "2026-02-28T22:45:00Z"


@unchanging
def test_a_job_whose_file_has_expired_is_created_again(tap: TapRunner, sandbox: Sandbox) -> None:
    stopped = interrupted_run(tap)
    unfinished = {entry["id"] for entry in stopped.bookmark("activities")["jobs"]}
    tap.clock.sleep(8 * 86400)
    calls_before = len(sandbox.calls)
    again = tap.run(config=WHOLE_HISTORY | {"end_date": "2026-02-28"}, state=stopped.state)
    assert again.error is None
    downloads = [call for call in sandbox.calls[calls_before:] if call.name == "file"]
    assert not unfinished & {call.export_id for call in downloads}
    assert set(loaded_rows([stopped, again], "activities")) >= {
        guid
        for guid, record in sandbox.expected.activities().items()
        if str(record["activityDate"]) < "2026-02-28"
    }


@unchanging
def test_an_unfinished_job_whose_file_does_not_exist_is_created_again(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    stopped = interrupted_run(tap)
    unfinished = {entry["id"] for entry in stopped.bookmark("activities")["jobs"]}
    sandbox.faults.append(Fault("vanish", call="file"))
    again = tap.run(config=WHOLE_HISTORY, state=stopped.state)
    assert again.error is None
    (deleted,) = [job.export_id for job in sandbox.jobs if job.job_faults.is_deleted]
    assert deleted in unfinished
    assert_complete(sandbox, stopped, again)


@unchanging
def test_a_bookmark_without_replication_key_is_ignored(tap: TapRunner, sandbox: Sandbox) -> None:
    bookmark = {"replication_key_value": "2026-02-20T00:00:00Z"}
    run = tap.run(
        config=WHOLE_HISTORY, state={"bookmarks": {"leads": bookmark, "activities": bookmark}}
    )
    assert_complete(sandbox, run)


@unchanging
def test_a_start_date_after_the_bookmark_causes_a_warning(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"end_date": "2026-01-20"})
    tap.run(config={"start_date": "2026-02-10"}, state=first.state)
    warnings = logged_warnings(caplog, "is after the bookmark")
    assert "2026-01-20T00:00:00Z" in warnings[0]
    assert "leads" in "".join(warnings)


@unchanging
def test_the_lookback_begins_before_the_horizon_of_the_interrupted_run(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"end_date": "2026-02-01"})
    night = WHOLE_HISTORY | {"end_date": "2026-02-10"}
    complete = tap.run(config=night, state=first.state)
    first_job = next(
        place
        for place, message in enumerate(complete.messages)
        if "jobs" in message.get("value", {}).get("bookmarks", {}).get("activities", {})
    )
    stopped = tap.run(config=night, state=first.state, stop_after=first_job + 1)
    jobs = len(sandbox.jobs)
    again = tap.run(config=WHOLE_HISTORY | {"end_date": "2026-02-20"}, state=stopped.state)
    assert again.error is None
    request = export_requests(sandbox, "activities")[-1]
    assert [job.object for job in sandbox.jobs[jobs:]].count("activities") == 1
    assert request["filter"]["createdAt"]["startAt"] == "2026-02-09T23:00:00Z"


@unchanging
def test_the_job_of_a_list_is_not_resumed_as_a_window(tap: TapRunner, sandbox: Sandbox) -> None:
    more_than_a_year = {"start": "2025-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
    state = {"exports": [{"id": "x", "request": "y", **more_than_a_year}]}
    run = tap.run(
        config=WHOLE_HISTORY | {"start_date": "2025-01-01"}, state={"bookmarks": {"leads": state}}
    )
    assert run.error is None
    assert_complete(sandbox, run)
