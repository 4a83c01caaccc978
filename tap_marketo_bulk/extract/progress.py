"""How far the export jobs of a run are, while Marketo is waited for."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tap_marketo_bulk.extract.job_state import JobStage
from tap_marketo_bulk.extract.quantities import duration
from tap_marketo_bulk.extract.quota import usage_text
from tap_marketo_bulk.marketo.export_job import JobStatus

if TYPE_CHECKING:
    from datetime import datetime

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.job_state import JobState
    from tap_marketo_bulk.extract.pipeline_data import PipelineData

logger = logging.getLogger("tap-marketo-bulk.exports")


@dataclass(frozen=True)
class Progress:
    """The jobs and windows of a run at one moment.

    Attributes:
        processing: Jobs that Marketo processes, as of their last status check.
        queued: Jobs in Marketo's queue that it does not process yet.
        without_place: Created jobs for which the queue had no place.
        oldest_seconds: How long the oldest job has been in the queue; None without one.
        windows_done: Windows whose records are written.
        windows: All windows.
        bytes_today: The bytes exported since 00:00 US Central, None where they are not known.
        is_awaited: Whether the run waits for the file of one of these jobs.
    """

    processing: int = 0
    queued: int = 0
    without_place: int = 0
    oldest_seconds: float | None = None
    windows_done: int = 0
    windows: int = 0
    bytes_today: int | None = None
    is_awaited: bool = False

    @property
    def jobs_text(self) -> str:
        """The jobs by state: ``2 processing, 2 queued``."""
        text = f"{self.processing} processing, {self.queued} queued"
        if self.without_place:
            return f"{text}, {self.without_place} waiting for a place in the queue"
        return text


class ProgressReporter(Protocol):
    """Shows the progress of a run to people.

    Attributes:
        interval_seconds: How often ``report`` is called.
    """

    interval_seconds: float

    def report(self, progress: Progress) -> None:
        """Show the progress; called from the worker thread."""
        ...

    def close(self) -> None:
        """Show nothing any more."""
        ...


class LoggedProgress:
    """Logs a line once a minute while the run waits for Marketo."""

    interval_seconds = 60.0

    def report(self, progress: Progress) -> None:
        """Log the progress if a job is waited for."""
        if progress.is_awaited and progress.processing + progress.queued + progress.without_place:
            logger.info("%s", waiting_message(progress))

    def close(self) -> None:
        """Do nothing: what is logged is complete."""


class ProgressMonitor:
    """Calls a reporter at its interval; the lock of the jobs must be held."""

    def __init__(self, reporter: ProgressReporter, clock: Clock) -> None:
        """Call the reporter for the first time after one interval."""
        self._reporter = reporter
        self._clock = clock
        self._next_report = clock.monotonic() + reporter.interval_seconds

    def seconds_until_report(self) -> float:
        """Return the time until the next report."""
        return max(0.0, self._next_report - self._clock.monotonic())

    def report_if_due(self, shared: PipelineData) -> None:
        """Call the reporter, unless it was called a short while ago."""
        if self._clock.monotonic() < self._next_report:
            return
        self._next_report = self._clock.monotonic() + self._reporter.interval_seconds
        self._reporter.report(progress_of(shared, self._clock))


def progress_of(shared: PipelineData, clock: Clock) -> Progress:
    """Return how far the jobs are; their lock must be held."""
    now, monotonic = clock.now(), clock.monotonic()
    jobs = shared.jobs.begun()
    in_queue = [each for each in jobs if each.stage is JobStage.IN_QUEUE]
    processing = [each for each in in_queue if _status(each) is JobStatus.PROCESSING]
    created = [each for each in jobs if each.stage is JobStage.CREATED]
    windows_done, windows = shared.jobs.count_windows()
    return Progress(
        processing=len(processing),
        queued=len(in_queue) - len(processing),
        without_place=sum(1 for each in created if each.queue_full_since is not None),
        oldest_seconds=max(
            (_seconds_in_queue(each, now, monotonic) for each in in_queue), default=None
        ),
        windows_done=windows_done,
        windows=windows,
        bytes_today=shared.past_exports.bytes_today(now),
        is_awaited=shared.awaited is not None,
    )


def waiting_message(progress: Progress) -> str:
    """Return what Marketo is waited for, and what is done."""
    jobs = progress.jobs_text
    if progress.oldest_seconds is not None:
        jobs += f", oldest {duration(progress.oldest_seconds)}"
    parts = [jobs, f"{progress.windows_done} of {progress.windows} windows done"]
    if progress.bytes_today is not None:
        parts.append(usage_text(progress.bytes_today))
    return f"Waiting for Marketo: {'; '.join(parts)}"


def _status(state: JobState) -> JobStatus | None:
    return state.job.status if state.job else None


def _seconds_in_queue(state: JobState, now: datetime, monotonic: float) -> float:
    """Return how long a job has been in the queue: by Marketo, or since this run knows it."""
    if state.job and state.job.queued:
        return max(0.0, (now - state.job.queued).total_seconds())
    return monotonic - state.since
