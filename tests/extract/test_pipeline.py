"""A pipeline returns verified files in the order of its tasks, and reports the jobs it creates."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk import errors
from tap_marketo_bulk.exports.loop import JobTable, Pipeline
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import POLICY, FakeExports, task
from tests.support.pipeline_run import (
    PipelineRun,
    api_error,
    await_calls,
    day_of,
    policy_with_limit,
    started,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 3000), max_size=12), st.integers(1, 6))
def test_files_are_in_the_order_of_the_tasks_whichever_job_ends_first(
    seconds: list[float], limit: int
) -> None:
    with started(policy_with_limit(limit)) as run:
        run.exports.seconds = dict(enumerate(seconds))
        run.submit(len(seconds))
        assert run.read() == list(range(len(seconds)))
        assert run.exports.peak <= limit


def test_jobs_run_at_the_same_time() -> None:
    with started() as run:
        run.submit(8)
        run.read()
        # Two times four jobs of ten minutes, polled once a minute.
        assert run.clock.monotonic() <= 2 * 600 + 4 * 60
        assert run.exports.peak == 4


def test_the_id_of_a_job_is_persisted_before_it_is_enqueued() -> None:
    with started() as run:
        run.submit(6)
        run.read()
        log = run.exports.log
        for export_id in run.exports.queued:
            assert log.index(("persist", export_id)) < log.index(("enqueue", export_id))


def test_no_more_than_two_files_are_downloaded_ahead_of_the_reader() -> None:
    with started(policy_with_limit(6)) as run:
        run.submit(8)
        for files_read, file in enumerate(run.files("leads"), start=1):
            # The one that is being read, and two more.
            downloaded = len(run.exports.ids("file"))
            assert downloaded <= files_read + 2
            assert file.content.read()


def test_a_file_is_closed_when_the_next_one_is_requested() -> None:
    with started() as run:
        run.submit(2)
        files = run.files("leads")
        first = next(files)
        assert not first.content.closed
        next(files)
        assert first.content.closed


def test_an_error_is_raised_at_its_window_after_the_files_before_it() -> None:
    with started() as run:
        run.exports.seconds = {0: 3000}
        run.exports.ends = {2: JobStatus.FAILED}
        run.submit(5)
        files = run.files("leads")
        assert [day_of(next(files)) for _ in range(2)] == [0, 1]
        with pytest.raises(errors.ExportFailedError):
            next(files)
        assert ("useless", "3") in run.exports.log


def test_a_transient_error_leaves_the_job_for_the_next_run() -> None:
    with started(policy_with_limit(1)) as run:
        run.exports.errors["status"] = [errors.UnreachableError("broken")]
        run.submit(1)
        with pytest.raises(errors.UnreachableError):
            run.read()
        run.pipeline.close()
        assert not run.exports.ids("useless")
        assert not run.exports.ids("cancel")


def test_streams_can_be_read_in_either_order() -> None:
    for first, second in (("leads", "activities"), ("activities", "leads")):
        with started(policy_with_limit(1)) as run:
            run.submit(4, "leads")
            run.submit(4, "activities")
            assert run.read(first) == [0, 1, 2, 3]
            assert run.read(second) == [0, 1, 2, 3]


def test_jobs_of_the_next_stream_run_while_the_last_windows_of_one_are_read() -> None:
    with started() as run:
        run.submit(2, "activities")
        run.submit(2, "leads")
        files = run.files("activities")
        next(files)
        assert len(run.exports.queued) == 4


def test_jobs_of_an_abandoned_stream_are_cancelled_unless_they_are_in_state() -> None:
    with started(policy_with_limit(2)) as run:
        run.submit(3, "leads")
        run.submit(1, "activities")
        with closing(run.files("leads")) as files:
            next(files)
        assert run.read("activities") == [0]
        run.pipeline.close()
        known = set(run.exports.ids("persist"))
        assert set(run.exports.ids("cancel")) == set(run.exports.created) - known


def test_tasks_can_be_submitted_again_after_an_error() -> None:
    with started() as run:
        run.exports.errors["create"] = [api_error(errors.UnsupportedFilterError)]
        run.submit(3)
        with pytest.raises(errors.UnsupportedFilterError):
            run.read()
        assert len(run.exports.ids("create")) == 1
        run.submit(3)
        assert run.read() == [0, 1, 2]


def test_while_the_target_does_not_read_jobs_are_enqueued_before_they_are_in_state() -> None:
    run = PipelineRun(policy_with_limit(2))
    run.submit(4)
    await_calls(run, "status", 1)
    assert run.exports.queued
    assert not run.exports.ids("persist")
    run.persist_job_ids()
    assert set(run.exports.ids("persist")) >= set(run.exports.queued)
    assert run.read() == [0, 1, 2, 3]
    assert set(run.exports.ids("persist")) == set(run.exports.created)
    run.pipeline.close()


def test_a_pipeline_without_tasks_yields_no_files() -> None:
    with started() as run:
        run.submit(0)
        assert run.read() == []


class BrokenClock(TapClock):
    """A clock that raises an error when it waits."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Raise an error."""
        del condition, seconds
        raise ArithmeticError


def test_an_error_of_the_worker_itself_is_raised_by_the_reader() -> None:
    clock = BrokenClock(SandboxClock(NOW, speed=0))
    pipeline = Pipeline(FakeExports(clock).real, clock, POLICY)
    pipeline.submit([task(0), task(1)])
    with pytest.raises(ArithmeticError):
        list(pipeline.read("leads"))
    pipeline.close()


def test_while_the_reader_waits_for_marketo_no_job_is_enqueued_before_it_is_in_state() -> None:
    run = PipelineRun(policy_with_limit(2))
    enqueued = threading.Event()
    with run.pipeline.reader_is_waiting_for_marketo():
        run.exports.during = lambda call: enqueued.set() if call == "enqueue" else None
        run.submit(2)
        assert not enqueued.wait(3 * run.pipeline.STALL_SECONDS)
    assert run.read() == [0, 1]
    run.pipeline.close()


def test_the_scheduler_does_not_examine_all_tasks_that_are_not_started() -> None:
    """The time to schedule does not depend on their number; see ``JobTable.schedulable``."""
    table = JobTable()
    table.add([task(day) for day in range(1000)], 0.0)
    assert [state.number for state in table.schedulable()] == [0]
