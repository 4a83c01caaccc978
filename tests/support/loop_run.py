"""An export loop with fake export jobs, and a reader of it; waits take no real time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.exports.loop import ExportLoop
from tap_marketo_bulk.exports.progress import LoggedProgress
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import POLICY, FakeExports, task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_marketo_bulk import errors
    from tap_marketo_bulk.exports.job import JobPolicy, JobState, VerifiedFile
    from tap_marketo_bulk.plan.planner import ExportTask


def no_parts(_state: JobState, error: BaseException) -> list[ExportTask]:
    """Raise the error of a task: these tasks have no parts."""
    raise error


class LoopRun:
    """An export loop, whose writes of STATE are logged as calls are.

    Attributes:
        exports: The fake export jobs, with the log.
        loop: The loop.
    """

    def __init__(self, policy: JobPolicy = POLICY, now: datetime = NOW) -> None:
        self.clock = TapClock(SandboxClock(now, speed=0))
        self.exports = FakeExports(self.clock)
        self.loop = ExportLoop(
            self.exports.real,
            self.clock,
            policy,
            LoggedProgress(),
            write_job=self._write_job,
            discard_job=self._discard_job,
            parts_of=no_parts,
        )

    def submit(self, days: int, stream: str = "leads") -> None:
        """Submit a task for each day."""
        self.loop.submit([task(day, stream) for day in range(days)])

    def files(self, stream: str = "leads") -> Iterator[VerifiedFile]:
        """Yield the files of a stream."""
        return self.loop.files(stream)

    def read(self, stream: str = "leads") -> list[int]:
        """Read all files of a stream; return their days."""
        days = []
        for file in self.files(stream):
            days.append(day_of(file))
            assert file.content.read() == file.job.export_id.encode()
        return days

    def calls(self, *names: str) -> list[tuple[str, str]]:
        """Return the logged calls of some names, in order."""
        return [each for each in self.exports.log if each[0] in names]

    def _write_job(self, state: JobState) -> None:
        self.exports.enter("STATE", state.export_id)

    def _discard_job(self, of: ExportTask) -> None:
        self.exports.log.append(("discard", str(of.window.start.day - 1)))


def day_of(file: VerifiedFile) -> int:
    """Return the number of the day of a file's task."""
    day: int = file.request.filter["createdAt"]
    return day


def policy_with_limit(jobs: int) -> JobPolicy:
    """Return the policy of these tests, with another number of jobs in flight."""
    return replace(POLICY, max_jobs_in_flight=jobs)


def api_error(error: type[errors.ApiError], *arguments: object, code: str = "1") -> errors.ApiError:
    """Return an error of this type, as a call raises it."""
    return error("POST /x", code, "Sorry", *arguments)
