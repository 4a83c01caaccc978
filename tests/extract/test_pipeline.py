"""A pipeline returns verified files in the order of its tasks; jobs take no real time."""

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

TIMEOUT_SECONDS = 5.0


class ShortTimeoutPipeline(Pipeline):
    """A pipeline whose threads wait for each other for a short time only."""

    STALL_SECONDS = 0.05
    SHUTDOWN_TIMEOUT_SECONDS = 0.05


class LongTimeoutPipeline(Pipeline):
    """A pipeline whose threads wait for each other long enough on a busy machine."""

    STALL_SECONDS = SHUTDOWN_TIMEOUT_SECONDS = TIMEOUT_SECONDS


class PipelineRun:
    """A pipeline with fake export jobs, and a reader that logs events."""

    def __init__(
        self, policy: JobPolicy = POLICY, pipeline: type[Pipeline] = ShortTimeoutPipeline
    ) -> None:
        """Create the pipeline; it makes no call yet."""
        self.clock = TapClock(SandboxClock(NOW, speed=0))
        self.exports = FakeExports(self.clock)
        self.pipeline = pipeline(self.exports.real, self.clock, policy)

    def submit(self, days: int, stream: str = "leads") -> None:
        """Submit a task for each day."""
        self.pipeline.submit([task(day, stream) for day in range(days)])

    def files(self, stream: str = "leads") -> Generator[VerifiedFile, None, None]:
        """Yield the files of a stream; log the events between them as calls are logged."""
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
        """Persist the ids of new jobs, as a run does between records."""
        assert list(self.handle(self.pipeline.unpersisted_jobs())) == []

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
def started(policy: JobPolicy = POLICY) -> Iterator[PipelineRun]:
    run = PipelineRun(policy, LongTimeoutPipeline)
    yield run
    run.pipeline.close()


def policy_with_limit(jobs: int) -> JobPolicy:
    return replace(POLICY, max_jobs_in_flight=jobs)


def api_error(error: type[errors.ApiError], *arguments: object) -> errors.ApiError:
    return error("POST /x", "1", "Sorry", *arguments)


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


# A target that does not read, and the end of the pipeline.


def await_calls(run: PipelineRun, call: str, count: int) -> None:
    """Wait until a call was made ``count`` times, without persisting any id."""
    is_reached = threading.Event()

    def check(_call: str) -> None:
        if len(run.exports.ids(call)) >= count:
            is_reached.set()

    run.exports.during = check
    check("")
    assert is_reached.wait(TIMEOUT_SECONDS)


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


def test_closing_cancels_jobs_that_are_not_in_state() -> None:
    with started() as run:
        run.submit(3)
        await_calls(run, "create", 1)
        # The id of the first job is not persisted yet, so no job is enqueued.
        run.pipeline.close()
        assert run.exports.ids("cancel") == list(run.exports.created)
        assert not run.exports.queued


def test_closing_does_not_cancel_jobs_that_are_in_state() -> None:
    with started() as run:
        run.exports.seconds = {1: 9000, 2: 9000}
        run.submit(3)
        files = run.files("leads")
        next(files)
        run.pipeline.close()
        assert not run.exports.ids("cancel")
        # A second call has no effect.
        run.pipeline.close()
        assert not run.exports.ids("cancel")


def test_a_job_that_is_being_created_while_closing_is_cancelled() -> None:
    with started() as run:
        has_begun, may_continue = threading.Event(), threading.Event()

        def hold(call: str) -> None:
            if call == "create":
                has_begun.set()
                may_continue.wait(TIMEOUT_SECONDS)

        run.exports.during = hold
        run.submit(1)
        assert has_begun.wait(TIMEOUT_SECONDS)
        closer = threading.Thread(target=run.pipeline.close)
        closer.start()
        may_continue.set()
        closer.join(TIMEOUT_SECONDS)
        assert run.exports.ids("cancel") == ["job 1"]


def test_closing_does_not_wait_for_a_call_that_takes_too_long() -> None:
    run = PipelineRun()
    has_begun, may_continue = threading.Event(), threading.Event()

    def hold(_call: str) -> None:
        has_begun.set()
        may_continue.wait(TIMEOUT_SECONDS)

    run.exports.during = hold
    run.submit(1)
    assert has_begun.wait(TIMEOUT_SECONDS)
    run.pipeline.close()
    assert not run.exports.created
    may_continue.set()


def test_a_file_that_arrives_after_closing_is_closed() -> None:
    before = set(threading.enumerate())
    run = PipelineRun(policy_with_limit(1))
    has_begun, may_continue = threading.Event(), threading.Event()

    def hold(call: str) -> None:
        if call == "file":
            has_begun.set()
            may_continue.wait(TIMEOUT_SECONDS)

    run.exports.during = hold
    run.submit(1)
    run.exports.seconds = {0: 0}
    reader = threading.Thread(target=next, args=(run.files(), None), daemon=True)
    reader.start()
    assert has_begun.wait(TIMEOUT_SECONDS)
    (worker,) = set(threading.enumerate()) - before - {reader}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run.pipeline.close()
        may_continue.set()
        worker.join(TIMEOUT_SECONDS)
        gc.collect()
    assert not worker.is_alive()
    assert not [each for each in caught if each.category is ResourceWarning]


def test_a_cancel_call_that_fails_is_not_repeated() -> None:
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


# The quota.


def quota_error() -> errors.ApiError:
    return api_error(errors.ExportQuotaError, 500)


def test_a_used_up_quota_fails_the_jobs_that_are_not_in_the_queue() -> None:
    with started(policy_with_limit(2)) as run:
        run.submit(3)
        files = run.files("leads")
        run.exports.errors["create"] = []

        def use_up(call: str) -> None:
            if call == "create" and len(run.exports.created) == 2:
                run.exports.errors["create"] = [quota_error()]

        run.exports.during = use_up
        assert day_of(next(files)) == 0
        assert day_of(next(files)) == 1
        with pytest.raises(errors.ExportQuotaError):
            next(files)


def test_a_used_up_quota_can_be_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with started(replace(POLICY, waits_for_quota=True)) as run:
        run.exports.errors["create"] = [quota_error()]
        run.submit(2)
        assert run.read() == [0, 1]
        # From 00:00 UTC to 00:00 US Central.
        reset = timedelta(hours=6).total_seconds()
        assert reset <= run.clock.monotonic() < reset + 2 * 600
    reminders = [it for it in caplog.messages if "more minutes for Marketo's export quota" in it]
    assert 35 <= len(reminders) <= 37


def test_after_a_pause_for_the_quota_a_full_queue_has_the_whole_job_timeout() -> None:
    with started(replace(POLICY, waits_for_quota=True, max_jobs_in_flight=1)) as run:
        full = api_error(errors.QueueFullError)
        run.exports.errors["enqueue"] = [full, quota_error(), full, full]
        run.submit(1)
        assert run.read() == [0]
        assert len(run.exports.ids("enqueue")) == 5


def test_while_the_reader_waits_for_marketo_no_job_is_enqueued_before_it_is_in_state() -> None:
    run = PipelineRun(policy_with_limit(2))
    enqueued = threading.Event()
    with run.pipeline.while_reader_calls_marketo():
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
