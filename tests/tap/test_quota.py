"""Queue full, quota spent: what was paid for is used, and the user is told."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault, SandboxClock
from tests.support.data_sets import STILL, WHOLE, assert_complete, assert_honest
from tests.support.runs import edited, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import Run, Tap

SPENT = Fault("envelope", call="create", code="1029", times=None, skip=3)
SPENT_SEEN = replace(SPENT, message="Export daily quota 500MB exceeded.")
SPENT_DOCUMENTED = replace(SPENT, message="Export daily quota exceeded")
still = pytest.mark.parametrize("options", [STILL])


def bookmarks(run: Run) -> dict[str, str]:
    """Return how far each stream came."""
    state = run.state or {}
    return {
        stream: bookmark.get("replication_key_value", "")
        for stream, bookmark in state.get("bookmarks", {}).items()
    }


def busy_statuses(sandbox: Sandbox) -> set[str]:
    return {job.status for job in sandbox.jobs} & {"Queued", "Processing"}


# The quota.


@still
def test_when_the_quota_is_spent_what_was_queued_is_emitted_first(
    tap: Tap, sandbox: Sandbox
) -> None:
    sandbox.faults.append(SPENT_SEEN)
    run = tap.run(config=WHOLE)
    assert type(run.error) is errors.DailyQuotaExceededError
    assert str(run.error) == (
        "Marketo's daily export quota of 500 MB is used up. activities is complete up to "
        "2026-02-28T23:45:00Z; leads is not complete. Records that were written are safe; a run "
        "after 2026-03-01T06:00:00Z (00:00 US Central) continues from there."
    )
    assert run.table("activities") == sandbox.expected.activities()
    assert_honest(sandbox, run)
    sandbox.faults.clear()
    again = tap.run(config=WHOLE, state=run.state)
    assert_complete(sandbox, run, again)
    # The three windows of each, and the last hour of activities again.
    assert len(sandbox.jobs) == 3 + 3 + 1


@still
def test_the_allocation_is_told_only_where_marketo_names_it(tap: Tap, sandbox: Sandbox) -> None:
    sandbox.faults.append(SPENT_DOCUMENTED)
    assert "Marketo's daily export quota is used up." in str(tap.run(config=WHOLE).error)


@still
def test_each_stream_says_how_far_it_came(tap: Tap, sandbox: Sandbox) -> None:
    sandbox.faults.append(replace(SPENT_SEEN, skip=2))
    run = tap.run(config=WHOLE)
    assert "activities is complete up to 2026-02-10T00:00:00Z; leads is" in str(run.error)
    assert bookmarks(run)["activities"] == "2026-02-10T00:00:00Z"


@still
def test_stop_ends_well_and_says_the_same(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(SPENT_SEEN)
    run = tap.run(config=WHOLE | {"on_quota_exceeded": "stop"})
    assert run.error is None
    (told,) = [it for it in caplog.records if "is used up" in it.getMessage()]
    assert told.levelno == logging.WARNING
    assert "leads is not complete" in told.getMessage()
    assert_honest(sandbox, run)


@still
def test_wait_goes_on_after_the_reset_and_says_so_every_ten_minutes(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sandbox.faults.append(replace(SPENT_SEEN, times=1))
    run = tap.run(config=WHOLE | {"on_quota_exceeded": "wait"})
    assert run.error is None
    assert_complete(sandbox, run)
    reset = datetime(2026, 3, 1, 6, tzinfo=UTC)
    created = [job.created_at for job in sandbox.jobs]
    assert sum(instant >= reset for instant in created) == 3
    assert not [
        instant for instant in created if timedelta(0) < reset - instant < timedelta(hours=5)
    ]
    told = [
        it.getMessage() for it in caplog.records if "more minutes for Marketo" in it.getMessage()
    ]
    # Six hours less the minute in which the last queued job was read.
    assert 35 <= len(told) <= 38
    (warning,) = [it for it in caplog.records if "Waiting until" in it.getMessage()]
    assert "2026-03-01T06:00:00Z" in warning.getMessage()


@still
@pytest.mark.parametrize("call", ["create", "enqueue"])
def test_the_quota_may_be_spent_at_either_call(tap: Tap, sandbox: Sandbox, call: str) -> None:
    sandbox.faults.append(replace(SPENT_SEEN, call=call, skip=1))
    run = tap.run(config=WHOLE)
    assert type(run.error) is errors.DailyQuotaExceededError
    assert bookmarks(run)["activities"] == "2026-01-20T00:00:00Z"
    sandbox.faults.clear()
    again = tap.run(config=WHOLE, state=run.state)
    assert_complete(sandbox, run, again)
    # A job that was made and could not be queued is taken up, not made again.
    assert [job.status for job in sandbox.jobs] == ["Completed"] * len(sandbox.jobs)


@still
def test_a_queued_job_that_fails_after_the_quota_is_spent_keeps_nobody_waiting(
    tap: Tap, sandbox: Sandbox
) -> None:
    sandbox.faults += [Fault("fail", call="enqueue"), replace(SPENT_SEEN, skip=2)]
    run = tap.run(config=WHOLE)
    assert type(run.error) is errors.DailyQuotaExceededError
    assert "activities is not complete" in str(run.error)
    sandbox.faults.clear()
    assert_complete(sandbox, run, tap.run(config=WHOLE, state=run.state))


@still
@pytest.mark.parametrize("on_quota_exceeded", ["fail", "wait"])
def test_a_lost_answer_before_the_quota_is_spent_pays_nothing_twice(
    tap: Tap, sandbox: Sandbox, on_quota_exceeded: str
) -> None:
    sandbox.faults += [
        Fault("lost_reply", call="enqueue"),
        Fault("envelope", call="enqueue", code="1029", message="Export daily quota exceeded"),
    ]
    run = tap.run(config=WHOLE | {"on_quota_exceeded": on_quota_exceeded})
    assert run.error is None
    assert_complete(sandbox, run)
    assert sandbox.quota_used == sum(job.file_size or 0 for job in sandbox.jobs)
    assert len({str(job.request) for job in sandbox.jobs}) == len(sandbox.jobs)


@pytest.mark.parametrize("options", [replace(STILL, quota_bytes=4000)])
def test_a_real_quota_is_spent_day_by_day_until_everything_is_there(
    tap: Tap, sandbox: Sandbox
) -> None:
    run = tap.run(config=WHOLE | {"on_quota_exceeded": "wait", "max_jobs_in_flight": 1})
    assert run.error is None
    assert_complete(sandbox, run)
    assert tap.clock.now() - sandbox.created_at > timedelta(days=1)
    assert len({str(job.request) for job in sandbox.jobs}) == len(sandbox.jobs)


@pytest.mark.parametrize("options", [STILL])
@pytest.mark.parametrize(
    "sandbox_clock", [SandboxClock(datetime(2026, 7, 1, 12, tzinfo=UTC), speed=0)], ids=["summer"]
)
def test_the_reset_follows_daylight_saving_time(tap: Tap, sandbox: Sandbox) -> None:
    sandbox.faults.append(SPENT_SEEN)
    run = tap.run(config={"start_date": "2026-05-01", "window_days": 21})
    assert "after 2026-07-02T05:00:00Z (00:00 US Central)" in str(run.error)


# The queue.


@pytest.mark.parametrize("message", ["Too many jobs in queue", "Too many jobs (10) in queue"])
@still
def test_a_full_queue_is_waited_for_with_jitter_and_said(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    caplog.set_level(logging.INFO)
    full = Fault("envelope", call="enqueue", code="1029", message=message, times=9)
    sandbox.faults.append(full)
    run = tap.run(config=WHOLE | {"max_jobs_in_flight": 1})
    assert run.error is None
    assert_complete(sandbox, run)
    told = [it.getMessage() for it in caplog.records if "a place in the queue" in it.getMessage()]
    assert len(told) == 9
    assert message in told[0]
    waits = [int(text.split("waits ")[1].split(" s")[0]) for text in told]
    assert all(30 <= wait <= 90 for wait in waits)
    assert len(set(waits)) > 1
    assert len({str(job.request) for job in sandbox.jobs}) == len(sandbox.jobs)


@still
def test_a_queue_that_stays_full_is_given_up_after_the_job_timeout(
    tap: Tap, sandbox: Sandbox
) -> None:
    sandbox.faults.append(
        Fault("envelope", call="enqueue", code="1029", message="Too many jobs in queue", times=None)
    )
    began = tap.clock.monotonic()
    run = tap.run(config=WHOLE | {"job_timeout_minutes": 30})
    assert type(run.error) is errors.QueueFullError
    assert "run again when it is shorter" in str(run.error)
    assert 30 * 60 < tap.clock.monotonic() - began < 35 * 60
    sandbox.faults.clear()
    again = tap.run(config=WHOLE, state=run.state)
    assert_complete(sandbox, run, again)


@still
def test_a_full_queue_after_the_quota_was_waited_for_has_its_whole_time(
    tap: Tap, sandbox: Sandbox
) -> None:
    full = Fault("envelope", call="enqueue", code="1029", message="Too many jobs in queue", times=1)
    sandbox.faults += [replace(SPENT_SEEN, call="enqueue", times=1, skip=1), replace(full, skip=1)]
    run = tap.run(config=WHOLE | {"on_quota_exceeded": "wait", "job_timeout_minutes": 10})
    assert run.error is None
    assert_complete(sandbox, run)


@pytest.mark.parametrize("options", [replace(STILL, queue_limit=2, job_seconds=600)])
def test_a_queue_shorter_than_our_share_is_enough(tap: Tap, sandbox: Sandbox) -> None:
    run = tap.run(config=WHOLE)
    assert run.error is None
    assert_complete(sandbox, run)
    assert sandbox.peak_in_queue == 2


@pytest.mark.parametrize("options", [replace(STILL, job_seconds=600)])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_no_more_jobs_are_in_the_queue_than_the_setting_says(
    tap: Tap, sandbox: Sandbox, limit: int
) -> None:
    run = tap.run(config=WHOLE | {"max_jobs_in_flight": limit, "window_days": 10})
    assert run.error is None
    assert sandbox.peak_in_queue == limit
    assert_complete(sandbox, run)


@pytest.mark.parametrize("options", [replace(STILL, job_seconds=600)])
def test_no_job_is_polled_more_often_than_the_setting_says(tap: Tap, sandbox: Sandbox) -> None:
    run = tap.run(config=WHOLE | {"poll_seconds": 45})
    assert run.error is None
    polls: dict[str, list[datetime]] = {}
    for call in sandbox.calls:
        if call.name in ("enqueue", "status"):
            polls.setdefault(call.export_id, []).append(call.at)
    for instants in polls.values():
        gaps = [later - earlier for earlier, later in pairwise(instants)]
        assert min(gaps) >= timedelta(seconds=45)


@pytest.mark.parametrize("options", [replace(STILL, job_seconds=600)])
def test_a_job_that_waits_long_in_our_own_line_is_not_timed_out(tap: Tap, sandbox: Sandbox) -> None:
    run = tap.run(config=WHOLE | {"job_timeout_minutes": 25, "max_jobs_in_flight": 4})
    assert run.error is None
    assert_complete(sandbox, run)


@still
def test_one_selected_stream_is_not_kept_waiting_by_others(tap: Tap, sandbox: Sandbox) -> None:
    catalog: Any = selecting(tap.discover(), "leads")
    run = tap.run(config=WHOLE, catalog=catalog)
    assert run.error is None
    assert {job.object for job in sandbox.jobs} == {"leads"}


@still
@pytest.mark.parametrize("policy", ["fail", "wait"])
def test_a_quota_that_is_spent_by_downloads_ends_or_waits_too(
    tap: Tap, sandbox: Sandbox, policy: str
) -> None:
    sandbox.faults.append(
        replace(SPENT_SEEN, call="file", skip=0, times=None if policy == "fail" else 1)
    )
    run = tap.run(config=WHOLE | {"on_quota_exceeded": policy})
    assert type(run.error) is (errors.DailyQuotaExceededError if policy == "fail" else type(None))
    sandbox.faults.clear()
    assert_complete(sandbox, run, tap.run(config=WHOLE, state=run.state))


@still
def test_a_full_table_that_was_read_is_not_called_incomplete(tap: Tap, sandbox: Sandbox) -> None:
    def in_full(entry: dict[str, Any]) -> None:
        entry["replication_method"] = "FULL_TABLE"

    sandbox.faults.append(replace(SPENT_SEEN, object="leads", skip=0))
    run = tap.run(config=WHOLE, catalog=edited(tap.discover(), "activities", in_full))
    assert type(run.error) is errors.DailyQuotaExceededError
    assert "activities" not in str(run.error)
