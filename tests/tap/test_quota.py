"""The export quota: no job is wasted, and errors and messages report the progress."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault, SandboxClock
from tests.support.data_sets import (
    UNCHANGING,
    WHOLE_HISTORY,
    assert_bookmarks_are_covered,
    assert_complete,
)
from tests.support.runs import edited

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import RunResult, TapRunner

USED_UP = Fault("envelope", call="create", code="1029", times=None, skip=3)
USED_UP_SEEN = replace(USED_UP, message="Export daily quota 500MB exceeded.")
USED_UP_DOCUMENTED = replace(USED_UP, message="Export daily quota exceeded")
unchanging = pytest.mark.parametrize("options", [UNCHANGING])


def bookmarks(run: RunResult) -> dict[str, str]:
    """Return the bookmark of each stream in the last STATE."""
    state = run.state or {}
    return {
        stream: bookmark.get("replication_key_value", "")
        for stream, bookmark in state.get("bookmarks", {}).items()
    }


@unchanging
def test_when_the_quota_is_used_up_the_files_of_queued_jobs_are_still_emitted(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    sandbox.faults.append(USED_UP_SEEN)
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is errors.RunEndedByExportQuotaError
    assert str(run.error) == (
        "Marketo's daily export quota of 500 MB is used up. activities is complete up to "
        "2026-02-28T23:45:00Z; leads is not complete. Records that were written are safe; a run "
        "after 2026-03-01T06:00:00Z (00:00 US Central) continues from there."
    )
    assert run.table("activities") == sandbox.expected.activities()
    assert_bookmarks_are_covered(sandbox, run)
    sandbox.faults.clear()
    again = tap.run(config=WHOLE_HISTORY, state=run.state)
    assert_complete(sandbox, run, again)
    # Three windows of each stream, and the lookback of activities in the second run.
    assert len(sandbox.jobs) == 3 + 3 + 1


@unchanging
def test_the_error_has_the_size_of_the_quota_only_if_marketo_names_it(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    sandbox.faults.append(USED_UP_DOCUMENTED)
    assert "Marketo's daily export quota is used up." in str(tap.run(config=WHOLE_HISTORY).error)


@unchanging
def test_the_error_has_the_bookmark_of_each_stream(tap: TapRunner, sandbox: Sandbox) -> None:
    sandbox.faults.append(replace(USED_UP_SEEN, skip=2))
    run = tap.run(config=WHOLE_HISTORY)
    assert "activities is complete up to 2026-02-10T00:00:00Z; leads is" in str(run.error)
    assert bookmarks(run)["activities"] == "2026-02-10T00:00:00Z"


@unchanging
def test_with_stop_the_run_succeeds_and_logs_a_warning_with_the_bookmarks(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(USED_UP_SEEN)
    run = tap.run(config=WHOLE_HISTORY | {"on_quota_exceeded": "stop"})
    assert run.error is None
    (warning,) = [it for it in caplog.records if "is used up" in it.getMessage()]
    assert warning.levelno == logging.WARNING
    assert "leads is not complete" in warning.getMessage()
    assert_bookmarks_are_covered(sandbox, run)


@unchanging
def test_with_wait_the_run_continues_after_the_reset_and_logs_every_ten_minutes(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sandbox.faults.append(replace(USED_UP_SEEN, times=1))
    run = tap.run(config=WHOLE_HISTORY | {"on_quota_exceeded": "wait"})
    assert run.error is None
    assert_complete(sandbox, run)
    reset = datetime(2026, 3, 1, 6, tzinfo=UTC)
    created = [job.created_at for job in sandbox.jobs]
    assert sum(instant >= reset for instant in created) == 3
    assert not [
        instant for instant in created if timedelta(0) < reset - instant < timedelta(hours=5)
    ]
    reminders = [
        it.getMessage() for it in caplog.records if "more minutes for Marketo" in it.getMessage()
    ]
    # One in ten minutes of six hours; the last queued job takes the first minute.
    assert 35 <= len(reminders) <= 38
    (warning,) = [it for it in caplog.records if "Waiting until" in it.getMessage()]
    assert "2026-03-01T06:00:00Z" in warning.getMessage()


@unchanging
@pytest.mark.parametrize("call", ["create", "enqueue"])
def test_the_quota_can_be_used_up_at_either_call(
    tap: TapRunner, sandbox: Sandbox, call: str
) -> None:
    sandbox.faults.append(replace(USED_UP_SEEN, call=call, skip=1))
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is errors.RunEndedByExportQuotaError
    assert bookmarks(run)["activities"] == "2026-01-20T00:00:00Z"
    sandbox.faults.clear()
    again = tap.run(config=WHOLE_HISTORY, state=run.state)
    assert_complete(sandbox, run, again)
    # A job that was created and not enqueued is resumed, not created again.
    assert [job.status for job in sandbox.jobs] == ["Completed"] * len(sandbox.jobs)


@unchanging
def test_a_queued_job_that_fails_after_the_quota_is_used_up_does_not_block_the_run(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    sandbox.faults += [Fault("fail", call="enqueue"), replace(USED_UP_SEEN, skip=2)]
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is errors.RunEndedByExportQuotaError
    assert "activities is not complete" in str(run.error)
    sandbox.faults.clear()
    assert_complete(sandbox, run, tap.run(config=WHOLE_HISTORY, state=run.state))


@unchanging
@pytest.mark.parametrize("on_quota_exceeded", ["fail", "wait"])
def test_a_lost_response_before_the_quota_is_used_up_exports_nothing_twice(
    tap: TapRunner, sandbox: Sandbox, on_quota_exceeded: str
) -> None:
    sandbox.faults += [
        Fault("lost_reply", call="enqueue"),
        Fault("envelope", call="enqueue", code="1029", message="Export daily quota exceeded"),
    ]
    run = tap.run(
        config=WHOLE_HISTORY | {"on_quota_exceeded": on_quota_exceeded, "max_jobs_in_flight": 1}
    )
    assert run.error is None
    assert_complete(sandbox, run)
    assert sandbox.quota_used == sum(job.file_size or 0 for job in sandbox.jobs)
    assert len({str(job.request) for job in sandbox.jobs}) == len(sandbox.jobs)


@pytest.mark.parametrize("options", [replace(UNCHANGING, quota_bytes=4000)])
def test_with_wait_a_backfill_larger_than_the_quota_is_completed_over_several_days(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = tap.run(config=WHOLE_HISTORY | {"on_quota_exceeded": "wait", "max_jobs_in_flight": 1})
    assert run.error is None
    assert_complete(sandbox, run)
    assert tap.clock.now() - sandbox.created_at > timedelta(days=1)
    assert len({str(job.request) for job in sandbox.jobs}) == len(sandbox.jobs)


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize(
    "sandbox_clock", [SandboxClock(datetime(2026, 7, 1, 12, tzinfo=UTC), speed=0)], ids=["summer"]
)
def test_the_reset_follows_daylight_saving_time(tap: TapRunner, sandbox: Sandbox) -> None:
    sandbox.faults.append(USED_UP_SEEN)
    run = tap.run(config={"start_date": "2026-05-01", "window_days": 21})
    assert "after 2026-07-02T05:00:00Z (00:00 US Central)" in str(run.error)


@unchanging
def test_after_a_wait_for_the_quota_a_full_queue_has_the_whole_job_timeout(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    full = Fault("envelope", call="enqueue", code="1029", message="Too many jobs in queue", times=1)
    sandbox.faults += [
        replace(USED_UP_SEEN, call="enqueue", times=1, skip=1),
        replace(full, skip=1),
    ]
    run = tap.run(config=WHOLE_HISTORY | {"on_quota_exceeded": "wait", "job_timeout_minutes": 10})
    assert run.error is None
    assert_complete(sandbox, run)


@unchanging
@pytest.mark.parametrize("policy", ["fail", "wait"])
def test_on_quota_exceeded_also_applies_to_downloads(
    tap: TapRunner, sandbox: Sandbox, policy: str
) -> None:
    sandbox.faults.append(
        replace(USED_UP_SEEN, call="file", skip=0, times=None if policy == "fail" else 1)
    )
    run = tap.run(config=WHOLE_HISTORY | {"on_quota_exceeded": policy})
    assert type(run.error) is (
        errors.RunEndedByExportQuotaError if policy == "fail" else type(None)
    )
    sandbox.faults.clear()
    assert_complete(sandbox, run, tap.run(config=WHOLE_HISTORY, state=run.state))


@unchanging
def test_the_error_does_not_name_a_full_table_that_is_complete(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    def use_full_table(entry: dict[str, Any]) -> None:
        entry["replication_method"] = "FULL_TABLE"

    sandbox.faults.append(replace(USED_UP_SEEN, object="leads", skip=0))
    run = tap.run(
        config=WHOLE_HISTORY, catalog=edited(tap.discover(), "activities", use_full_table)
    )
    assert type(run.error) is errors.RunEndedByExportQuotaError
    assert "activities" not in str(run.error)
