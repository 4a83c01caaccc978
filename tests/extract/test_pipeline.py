"""Tasks in, verified files out, in order: with jobs that take no real time."""

from __future__ import annotations

import gc
import threading
import warnings
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk import errors
from tap_marketo_bulk.extract.events import JobCreated, JobUseless, VerifiedFile
from tap_marketo_bulk.extract.job_table import JobTable
from tap_marketo_bulk.extract.pipeline import Pipeline
from tap_marketo_bulk.marketo.export_job import JobStatus
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import POLICY, FakeExports, task

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from tap_marketo_bulk.extract.events import Event
    from tap_marketo_bulk.extract.tasks import JobPolicy

MOMENT = 5.0


class ImpatientPipeline(Pipeline):
    """A pipeline whose threads wait for each other only briefly."""

    STALL_SECONDS = 0.05
    SHUTDOWN_TIMEOUT_SECONDS = 0.05


class PatientPipeline(Pipeline):
    """A pipeline whose threads wait for each other as long as a busy machine needs."""

    STALL_SECONDS = SHUTDOWN_TIMEOUT_SECONDS = MOMENT


class Run:
    """A pipeline, the jobs behind it, the clock of both, and a reader that logs events."""

    def __init__(
        self, policy: JobPolicy = POLICY, pipeline: type[Pipeline] = ImpatientPipeline
    ) -> None:
        """Start nothing yet."""
        self.clock = TapClock(SandboxClock(NOW, speed=0))
        self.exports = FakeExports(self.clock)
        self.pipeline = pipeline(self.exports.real, self.clock, policy)

    def submit(self, days: int, stream: str = "leads") -> None:
        """Submit a task for each of so many days."""
        self.pipeline.submit([task(day, stream) for day in range(days)])

    def files(self, stream: str = "leads") -> Generator[VerifiedFile, None, None]:
        """Yield a stream's files; log the events between them among the calls to Marketo."""
        with closing(self.pipeline.read(stream)) as events:
            yield from self.handle(events)

    def handle(self, events: Iterable[Event]) -> Iterator[VerifiedFile]:
        """Log events, and yield files."""
        for event in events:
            if isinstance(event, VerifiedFile):
                yield event
            elif isinstance(event, JobCreated):
                self.exports.log.append(("persist", event.export_id))
            elif isinstance(event, JobUseless):
                self.exports.log.append(("useless", str(event.task.window.start.day)))

    def persist_job_ids(self) -> None:
        """Persist the ids of new jobs, as a run does between rows."""
        assert list(self.handle(self.pipeline.created_jobs())) == []

    def read(self, stream: str = "leads") -> list[int]:
        """Read all files of a stream; return their days."""
        days = []
        for file in self.files(stream):
            days.append(day_of(file))
            assert file.content.read() == file.job.export_id.encode()
        return days


def day_of(file: VerifiedFile) -> int:
    day: int = file.request.filter["createdAt"]
    return day


@contextmanager
def started(policy: JobPolicy = POLICY) -> Iterator[Run]:
    run = Run(policy, PatientPipeline)
    yield run
    run.pipeline.close()


def limited(jobs: int) -> JobPolicy:
    return replace(POLICY, max_jobs_in_flight=jobs)


def api_error(error: type[errors.ApiError], *arguments: object) -> errors.ApiError:
    return error("POST /x", "1", "Sorry", *arguments)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 3000), max_size=12), st.integers(1, 6))
def test_files_come_in_order_whatever_order_jobs_finish_in(
    seconds: list[float], limit: int
) -> None:
    with started(limited(limit)) as run:
        run.exports.seconds = dict(enumerate(seconds))
        run.submit(len(seconds))
        assert run.read() == list(range(len(seconds)))
        assert run.exports.peak <= limit


def test_jobs_run_side_by_side() -> None:
    with started() as run:
        run.submit(8)
        run.read()
        # Two rounds of four, each of ten minutes, looked at once a minute.
        assert run.clock.monotonic() <= 2 * 600 + 4 * 60
        assert run.exports.peak == 4


def test_a_job_is_in_state_before_it_is_queued() -> None:
    with started() as run:
        run.submit(6)
        run.read()
        log = run.exports.log
        for export_id in run.exports.queued:
            assert log.index(("persist", export_id)) < log.index(("enqueue", export_id))


def test_no_more_than_two_files_wait_for_the_reader() -> None:
    with started(limited(6)) as run:
        run.submit(8)
        for taken, file in enumerate(run.files("leads"), start=1):
            # The one that is read, and two.
            downloaded = len(run.exports.ids("file"))
            assert downloaded <= taken + 2
            assert file.content.read()


def test_a_file_is_closed_when_the_next_is_asked_for() -> None:
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
    with started(limited(1)) as run:
        run.exports.errors["status"] = [errors.UnreachableError("broken")]
        run.submit(1)
        with pytest.raises(errors.UnreachableError):
            run.read()
        run.pipeline.close()
        assert not run.exports.ids("useless")
        assert not run.exports.ids("cancel")


def test_streams_can_be_read_in_either_order() -> None:
    for first, second in (("leads", "activities"), ("activities", "leads")):
        with started(limited(1)) as run:
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
    with started(limited(2)) as run:
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


# A target that stops reading, and the end.


def await_calls(run: Run, call: str, count: int) -> None:
    """Wait until a call was made so often, without persisting anything."""
    done = threading.Event()

    def look(_call: str) -> None:
        if len(run.exports.ids(call)) >= count:
            done.set()

    run.exports.during = look
    look("")
    assert done.wait(MOMENT)


def test_while_the_target_does_not_read_jobs_are_enqueued_without_state() -> None:
    run = Run(limited(2))
    run.submit(4)
    await_calls(run, "status", 1)
    assert run.exports.queued
    assert not run.exports.ids("persist")
    run.persist_job_ids()
    assert set(run.exports.ids("persist")) >= set(run.exports.queued)
    assert run.read() == [0, 1, 2, 3]
    assert set(run.exports.ids("persist")) == set(run.exports.created)
    run.pipeline.close()


def test_closing_cancels_jobs_that_are_in_no_state() -> None:
    with started() as run:
        run.submit(3)
        await_calls(run, "create", 1)
        # The first is created and waits to be persisted; nothing is enqueued meanwhile.
        run.pipeline.close()
        assert run.exports.ids("cancel") == list(run.exports.created)
        assert not run.exports.queued


def test_closing_leaves_jobs_running_that_are_in_state() -> None:
    with started() as run:
        run.exports.seconds = {1: 9000, 2: 9000}
        run.submit(3)
        files = run.files("leads")
        next(files)
        run.pipeline.close()
        assert not run.exports.ids("cancel")
        # Closing twice does no more.
        run.pipeline.close()


def test_a_job_that_is_being_created_while_closing_is_cancelled() -> None:
    with started() as run:
        begun, go_on = threading.Event(), threading.Event()

        def hold(call: str) -> None:
            if call == "create":
                begun.set()
                go_on.wait(MOMENT)

        run.exports.during = hold
        run.submit(1)
        assert begun.wait(MOMENT)
        end = threading.Thread(target=run.pipeline.close)
        end.start()
        go_on.set()
        end.join(MOMENT)
        assert run.exports.ids("cancel") == ["job 1"]


def test_closing_does_not_wait_long_for_a_call_that_hangs() -> None:
    run = Run()
    begun, go_on = threading.Event(), threading.Event()

    def hold(_call: str) -> None:
        begun.set()
        go_on.wait(MOMENT)

    run.exports.during = hold
    run.submit(1)
    assert begun.wait(MOMENT)
    run.pipeline.close()
    assert not run.exports.created
    go_on.set()


def test_a_file_that_arrives_after_closing_is_closed() -> None:
    before = set(threading.enumerate())
    run = Run(limited(1))
    begun, go_on = threading.Event(), threading.Event()

    def hold(call: str) -> None:
        if call == "file":
            begun.set()
            go_on.wait(MOMENT)

    run.exports.during = hold
    run.submit(1)
    run.exports.seconds = {0: 0}
    reader = threading.Thread(target=next, args=(run.files(), None), daemon=True)
    reader.start()
    assert begun.wait(MOMENT)
    (worker,) = set(threading.enumerate()) - before - {reader}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run.pipeline.close()
        go_on.set()
        worker.join(MOMENT)
        gc.collect()
    assert not worker.is_alive()
    assert not [each for each in caught if each.category is ResourceWarning]


def test_a_cancel_that_fails_is_not_tried_again() -> None:
    with started() as run:
        run.exports.errors["cancel"] = [errors.UnreachableError("broken")]
        run.submit(1)
        await_calls(run, "create", 1)
        run.pipeline.close()
        assert run.exports.ids("cancel") == ["job 1"]


def test_a_pipeline_without_tasks_yields_no_files() -> None:
    with started() as run:
        run.submit(0)
        assert run.read() == []


class BrokenClock(TapClock):
    """A clock that cannot wait."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Fail."""
        del condition, seconds
        raise ArithmeticError


def test_an_error_of_the_worker_itself_is_raised_by_the_reader() -> None:
    clock = BrokenClock(SandboxClock(NOW, speed=0))
    pipeline = Pipeline(FakeExports(clock).real, clock, POLICY)
    pipeline.submit([task(0), task(1)])
    with pytest.raises(ArithmeticError):
        list(pipeline.read("leads"))
    pipeline.close()


# The quota.


def used_up() -> errors.ApiError:
    return api_error(errors.ExportQuotaError, 500)


def test_a_used_up_quota_fails_the_jobs_that_are_not_in_the_queue() -> None:
    with started(limited(2)) as run:
        run.submit(3)
        files = run.files("leads")
        run.exports.errors["create"] = []

        def use_up(call: str) -> None:
            if call == "create" and len(run.exports.created) == 2:
                run.exports.errors["create"] = [used_up()]

        run.exports.during = use_up
        assert day_of(next(files)) == 0
        assert day_of(next(files)) == 1
        with pytest.raises(errors.ExportQuotaError):
            next(files)


def test_a_used_up_quota_can_be_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with started(replace(POLICY, waits_for_quota=True)) as run:
        run.exports.errors["create"] = [used_up()]
        run.submit(2)
        assert run.read() == [0, 1]
        # From 00:00 UTC to 00:00 US Central.
        reset = timedelta(hours=6).total_seconds()
        assert reset <= run.clock.monotonic() < reset + 2 * 600
    reminders = [it for it in caplog.messages if "more minutes for Marketo's export quota" in it]
    assert 35 <= len(reminders) <= 37


def test_after_a_pause_for_the_quota_a_full_queue_is_waited_for_anew() -> None:
    with started(replace(POLICY, waits_for_quota=True, max_jobs_in_flight=1)) as run:
        full = api_error(errors.QueueFullError)
        run.exports.errors["enqueue"] = [full, used_up(), full, full]
        run.submit(1)
        assert run.read() == [0]
        assert len(run.exports.ids("enqueue")) == 5


def test_while_the_reader_waits_for_marketo_no_job_is_enqueued_without_state() -> None:
    run = Run(limited(2))
    enqueued = threading.Event()
    with run.pipeline.waiting_for_marketo():
        run.exports.during = lambda call: enqueued.set() if call == "enqueue" else None
        run.submit(2)
        assert not enqueued.wait(3 * run.pipeline.STALL_SECONDS)
    assert run.read() == [0, 1]
    run.pipeline.close()


def test_a_thousand_tasks_are_scheduled_as_quickly_as_ten() -> None:
    """Counts what the scheduler looks at; see ``JobTable.schedulable``."""
    table = JobTable()
    table.add([task(day) for day in range(1000)], 0.0)
    assert [state.number for state in table.schedulable()] == [0]
