"""The export loop: verified files in the order of tasks, and one step after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk import errors
from tap_marketo_bulk.exports.job_table import JobTable
from tap_marketo_bulk.marketo.exports import JobStatus
from tests.support.fake_exports import POLICY, task
from tests.support.loop_run import LoopRun, api_error, day_of, policy_with_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB_SECONDS = 600


@pytest.fixture
def run() -> Iterator[LoopRun]:
    """A loop with four jobs at once."""
    run = LoopRun()
    yield run
    run.loop.close()


@settings(max_examples=50)
@given(st.lists(st.floats(0, 3000), max_size=12), st.integers(1, 6))
def test_files_are_in_the_order_of_the_tasks_whichever_job_ends_first(
    seconds: list[float], limit: int
) -> None:
    run = LoopRun(policy_with_limit(limit))
    run.exports.seconds = dict(enumerate(seconds))
    run.submit(len(seconds))
    assert run.read() == list(range(len(seconds)))
    assert run.exports.peak <= limit


def test_a_job_is_created_written_to_state_and_enqueued_at_once(run: LoopRun) -> None:
    run.submit(6)
    run.read()
    expected = [
        (call, "" if call == "create" else f"job {number}")
        for number in range(1, 7)
        for call in ("create", "STATE", "enqueue")
    ]
    assert run.calls("create", "STATE", "enqueue") == expected


def test_an_error_of_writing_state_is_raised_at_once(run: LoopRun) -> None:
    run.exports.errors["STATE"] = [BrokenPipeError()]
    run.submit(2)
    with pytest.raises(BrokenPipeError):
        next(run.files())
    assert run.calls("create", "enqueue") == [("create", "")]


@pytest.mark.parametrize("limit", [2, 4])
def test_both_slots_stay_busy(limit: int) -> None:
    run = LoopRun(policy_with_limit(limit))
    run.submit(8)
    run.read()
    # Jobs are polled once a minute.
    assert run.clock.monotonic() <= 8 / limit * (JOB_SECONDS + 60)
    assert run.exports.peak == limit


def test_no_more_than_two_files_are_downloaded_ahead_of_the_reader() -> None:
    run = LoopRun(policy_with_limit(6))
    run.submit(8)
    for files_read, file in enumerate(run.files("leads"), start=1):
        assert len(run.exports.ids("file")) <= files_read + 2
        assert file.content.read()


def test_a_file_is_closed_when_the_next_one_is_requested_and_all_at_the_end(run: LoopRun) -> None:
    run.submit(4)
    files = run.files("leads")
    first = next(files)
    assert not first.content.closed
    second = next(files)
    assert (first.content.closed, second.content.closed) == (True, False)
    run.loop.close()
    assert second.content.closed
    # The jobs run on: STATE has them.
    assert run.exports.ids("cancel") == []
    run.loop.close()


def test_an_error_is_raised_at_its_window_after_the_files_before_it(run: LoopRun) -> None:
    run.exports.seconds = {0: 3000}
    run.exports.ends = {2: JobStatus.FAILED}
    run.submit(5)
    files = run.files("leads")
    assert [day_of(next(files)) for _ in range(2)] == [0, 1]
    with pytest.raises(errors.ExportFailedError):
        next(files)
    # The next run creates another job.
    assert run.calls("discard") == [("discard", "2")]


def test_tasks_can_be_submitted_again_after_an_error(run: LoopRun) -> None:
    run.exports.errors["create"] = [api_error(errors.UnsupportedFilterError)]
    run.submit(3)
    with pytest.raises(errors.UnsupportedFilterError):
        run.read()
    assert len(run.exports.ids("create")) == 1
    run.submit(3)
    assert run.read() == [0, 1, 2]


def test_streams_can_be_read_in_either_order() -> None:
    for first, second in (("leads", "activities"), ("activities", "leads")):
        run = LoopRun(policy_with_limit(1))
        run.submit(4, "leads")
        run.submit(4, "activities")
        assert run.read(first) == [0, 1, 2, 3]
        assert run.read(second) == [0, 1, 2, 3]


def test_jobs_of_the_next_stream_run_while_the_last_windows_of_one_are_read(run: LoopRun) -> None:
    run.submit(2, "activities")
    run.submit(2, "leads")
    next(run.files("activities"))
    assert len(run.exports.queued) == 4


def test_without_tasks_there_are_no_files(run: LoopRun) -> None:
    run.submit(0)
    assert run.read() == []
    run.loop.take_due_step()
    run.loop.sleep(5)
    assert (run.exports.log, run.clock.monotonic()) == ([], 5)


# When steps are taken.


def test_steps_are_taken_between_two_blocks_of_records(run: LoopRun) -> None:
    run.submit(6)
    files = run.files()
    next(files)
    assert len(run.exports.queued) == 4
    run.clock.sleep(60)
    for _ in range(9):
        run.loop.take_due_step()
    # Three files wait for the reader, who does not take time to download them.
    assert len(run.exports.queued) == 5
    assert run.exports.ids("file") == ["job 1"]


def test_steps_are_taken_between_two_chunks_of_a_download(run: LoopRun) -> None:
    run.exports.seconds = {1: 900, 2: 900, 3: 900}
    run.submit(4)

    def wait_long(call: str) -> None:
        if call == "file":
            run.clock.sleep(900)

    run.exports.during = wait_long
    next(run.files())
    names = [call for call, _ in run.exports.log]
    # Jobs are polled, and no other file is opened while one is received.
    assert names[names.index("file") + 1 :] == ["status"] * 3


def test_steps_are_taken_during_the_waits_of_other_calls(run: LoopRun) -> None:
    run.submit(6)
    run.loop.sleep(JOB_SECONDS + 120)
    assert run.clock.monotonic() == pytest.approx(JOB_SECONDS + 120, abs=0.01)
    assert len(run.exports.queued) == 4
    assert run.exports.ids("file") == []
    assert run.read() == [0, 1, 2, 3, 4, 5]


def test_a_step_is_never_taken_inside_another_one(run: LoopRun) -> None:
    depth: list[int] = [0]

    def wait_in_call(call: str) -> None:
        if call not in ("file", "STATE"):
            assert depth[0] == 0
            depth[0] += 1
            run.loop.sleep(90)
            run.loop.take_due_step()
            depth[0] -= 1

    run.exports.during = wait_in_call
    run.submit(4)
    assert run.read() == [0, 1, 2, 3]


def test_scheduling_does_not_examine_all_tasks_that_are_not_started() -> None:
    table = JobTable()
    table.add([task(day) for day in range(1000)], 0.0)
    assert [state.number for state in table.schedulable()] == [(0,)]


# Calls that fail.


@pytest.mark.parametrize("call", ["create", "enqueue", "status"])
def test_a_call_that_fails_is_taken_again_after_a_pause(run: LoopRun, call: str) -> None:
    run.exports.errors[call] = [errors.UnreachableError("broken") for _ in range(9)]
    run.submit(2)
    assert run.read() == [0, 1]
    # Other jobs are not held up by it.
    assert len(run.exports.ids("create")) == 2 + 9 * (call == "create")


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (errors.UnreachableError, 11),
        (errors.InternalServerError, 5),
        (errors.TokenRejectedError, 3),
    ],
)
@pytest.mark.parametrize("call", ["create", "enqueue", "status"])
def test_after_too_many_attempts_the_error_is_raised_in_the_place_of_the_file(
    run: LoopRun, call: str, error: type[errors.TransientError], attempts: int
) -> None:
    raised = [error("broken") for _ in range(99)]
    run.exports.seconds = {0: 0}
    run.submit(1)

    def fail_all(name: str) -> None:
        run.exports.errors[name] = list(raised) if name == call else []

    run.exports.during = fail_all
    with pytest.raises(error, match=f"Gave up after {attempts} attempts"):
        run.read()
    assert len(run.exports.ids(call)) == attempts
    # The job may be well: the next run resumes it.
    assert run.calls("discard", "cancel") == []


def test_the_pause_that_an_error_demands_is_kept(run: LoopRun) -> None:
    run.exports.errors["create"] = [errors.RateLimitError("606", "Too many", 20)]
    run.submit(1)
    times: list[float] = []

    def note_time(call: str) -> None:
        if call == "create":
            times.append(run.clock.monotonic())

    run.exports.during = note_time
    assert run.read() == [0]
    first, second = times
    assert 20 <= second - first <= 21.1


# The quota.


def quota_error() -> errors.ApiError:
    return api_error(errors.ExportQuotaError, 500)


def test_a_used_up_quota_fails_the_jobs_that_are_not_in_the_queue() -> None:
    run = LoopRun(policy_with_limit(2))
    run.submit(4)

    def use_up(call: str) -> None:
        if call == "create" and len(run.exports.created) == 2:
            run.exports.errors["create"] = [quota_error()]

    run.exports.during = use_up
    files = run.files("leads")
    assert [day_of(next(files)), day_of(next(files))] == [0, 1]
    with pytest.raises(errors.ExportQuotaError):
        next(files)
    assert len(run.exports.ids("create")) == 3


@pytest.mark.parametrize("call", ["create", "enqueue"])
def test_a_used_up_quota_can_be_waited_for(caplog: pytest.LogCaptureFixture, call: str) -> None:
    caplog.set_level("INFO")
    run = LoopRun(replace(POLICY, waits_for_quota=True))
    run.exports.errors[call] = [quota_error()]
    run.submit(2)
    assert run.read() == [0, 1]
    # From 00:00 UTC to 00:00 US Central.
    reset = timedelta(hours=6).total_seconds()
    assert reset <= run.clock.monotonic() < reset + 2 * JOB_SECONDS
    reminders = [it for it in caplog.messages if "more minutes for Marketo's export quota" in it]
    assert 35 <= len(reminders) <= 37


def test_after_a_pause_for_the_quota_a_full_queue_has_the_whole_job_timeout() -> None:
    run = LoopRun(replace(POLICY, waits_for_quota=True, max_jobs_in_flight=1))
    full = api_error(errors.QueueFullError)
    run.exports.errors["enqueue"] = [full, quota_error(), full, full]
    run.submit(1)
    assert run.read() == [0]
    assert len(run.exports.ids("enqueue")) == 5


def test_a_file_that_no_step_can_bring_is_an_error_and_no_endless_wait(run: LoopRun) -> None:
    with pytest.raises(RuntimeError, match="no step is due"):
        run.loop._wait_for_outcome((99,))  # noqa: SLF001 - no task has this number
