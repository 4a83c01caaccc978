"""How far the export jobs of a run are, while Marketo is waited for.

What a run logs about its export jobs: pure functions that make the text from values.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tap_marketo_bulk.exports.job import JobStage
from tap_marketo_bulk.exports.quota import usage_text
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES
from tap_marketo_bulk.texts import count, duration, megabytes, short_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_marketo_bulk.exports.job import JobState
    from tap_marketo_bulk.exports.loop import PipelineData
    from tap_marketo_bulk.exports.quota import SizeEstimate
    from tap_marketo_bulk.marketo.exports import ExportJob
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.times import Clock

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


def plan_message(tasks: Sequence[ExportTask], estimate: SizeEstimate | None) -> str:
    """Return the number of jobs that a run needs, and the estimate of their bytes."""
    if not tasks:
        return "0 jobs planned"
    by_stream = Counter(task.stream for task in tasks)
    parts = [", ".join(f"{number} {stream}" for stream, number in by_stream.items())]
    if resumed := sum(1 for task in tasks if task.export_id):
        parts.append(f"{resumed} of them from an earlier run")
    if estimate and not estimate.unknown_objects:
        parts.append(_estimate_text(estimate.average_bytes))
    return f"{count(len(tasks), 'job')} planned: {'; '.join(parts)}"


def _estimate_text(size: float) -> str:
    quota = f"{DAILY_EXPORT_MEGABYTES} MB a day"
    if size <= DAILY_EXPORT_MEGABYTES * 1e6:
        return f"about {megabytes(size)} of the {quota}"
    return f"about {megabytes(size)}; Marketo's default quota is {quota}"


def submitted_message(task: ExportTask, export_id: str, event: str) -> str:
    """Return that a job is in Marketo's queue, or was found there."""
    return f"{task.title}: job {short_id(export_id)} {event}"


def window_message(task: ExportTask, job: ExportJob) -> str:
    """Return that the file of a job was read to its end."""
    parts = [
        count(job.records or 0, "record"),
        megabytes(job.size or 0),
        f"job {short_id(job.export_id)}",
    ]
    if job.queued and job.finished:
        seconds = max(0.0, (job.finished - job.queued).total_seconds())
        parts.append(f"{duration(seconds)} in Marketo")
    return f"{task.title}: {', '.join(parts)}"


def interrupted_message(signal_name: str, jobs: int) -> str:
    """Return what becomes of the jobs of a run that a signal ends.

    Args:
        signal_name: ``SIGINT``, for example.
        jobs: The jobs that run on in Marketo.
    """
    if not jobs:
        return f"Interrupted by {signal_name}. No export job of this run is in Marketo's queue."
    verb, them = ("is", "it") if jobs == 1 else ("are", "them")
    return (
        f"Interrupted by {signal_name}. {count(jobs, 'export job')} {verb} still running in "
        f"Marketo; the next run resumes {them}. To cancel {them} instead, run "
        "tap-marketo-bulk-jobs cancel --all, or with Meltano: "
        "meltano invoke tap-marketo-bulk:cancel --all"
    )
