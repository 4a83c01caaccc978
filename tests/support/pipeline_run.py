"""A pipeline with fake export jobs, and a reader of it; jobs take no real time."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.exports.job import JobCreated, JobUseless, VerifiedFile
from tap_marketo_bulk.exports.loop import Pipeline
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import POLICY, FakeExports, task

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from tap_marketo_bulk import errors
    from tap_marketo_bulk.exports.job import Event
    from tap_marketo_bulk.plan.planner import JobPolicy

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
        assert list(self.handle(self.pipeline.iter_new_jobs())) == []

    def read(self, stream: str = "leads") -> list[int]:
        """Read all files of a stream; return their days."""
        days = []
        for file in self.files(stream):
            days.append(day_of(file))
            assert file.content.read() == file.job.export_id.encode()
        return days


def day_of(file: VerifiedFile) -> int:
    """Return the number of the day of a file's task."""
    day: int = file.request.filter["createdAt"]
    return day


@contextmanager
def started(policy: JobPolicy = POLICY) -> Iterator[PipelineRun]:
    """Create a pipeline whose threads wait for each other, and close it in the end."""
    run = PipelineRun(policy, LongTimeoutPipeline)
    yield run
    run.pipeline.close()


def policy_with_limit(jobs: int) -> JobPolicy:
    """Return the policy of these tests, with another number of jobs in flight."""
    return replace(POLICY, max_jobs_in_flight=jobs)


def api_error(error: type[errors.ApiError], *arguments: object) -> errors.ApiError:
    """Return an error of this type, as a call raises it."""
    return error("POST /x", "1", "Sorry", *arguments)


def await_calls(run: PipelineRun, call: str, count: int) -> None:
    """Wait until a call was made ``count`` times, without persisting any id."""
    is_reached = threading.Event()

    def check(_call: str) -> None:
        if len(run.exports.ids(call)) >= count:
            is_reached.set()

    run.exports.during = check
    check("")
    assert is_reached.wait(TIMEOUT_SECONDS)
