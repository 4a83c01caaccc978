"""What a run shows and logs of its export jobs: texts that are made from values."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tap_marketo_bulk.exports.quota import usage_text
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES
from tap_marketo_bulk.plan.ledger import UNDATED
from tap_marketo_bulk.texts import count, duration, megabytes, short_id, short_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.exports.quota import SizeEstimate
    from tap_marketo_bulk.marketo.exports import ExportJob
    from tap_marketo_bulk.plan.planner import ExportTask

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
        """Show the progress."""
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


def waiting_message(progress: Progress) -> str:
    """Return what Marketo is waited for, and what is done."""
    jobs = progress.jobs_text
    if progress.oldest_seconds is not None:
        jobs += f", oldest {duration(progress.oldest_seconds)}"
    parts = [jobs, f"{progress.windows_done} of {progress.windows} windows done"]
    if progress.bytes_today is not None:
        parts.append(usage_text(progress.bytes_today))
    return f"Waiting for Marketo: {'; '.join(parts)}"


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


def task_title(task: ExportTask, tasks: Sequence[ExportTask]) -> str:
    """Return the stream, the place and the window: ``activities 3/12 2026-01-25 to 2026-02-25``.

    Args:
        task: A task.
        tasks: The tasks of its stream in this run, in the order of reading.
    """
    windows = list(dict.fromkeys(each.window for each in tasks))
    place = f"{windows.index(task.window) + 1}/{len(windows)}"
    files = [each for each in tasks if each.window == task.window]
    if len(files) > 1:
        place += f" file {files.index(task) + 1}/{len(files)}"
    if task.window == UNDATED:
        return f"{task.stream} {place}"
    dates = f"{short_instant(task.window.start)} to {short_instant(task.window.end)}"
    return f"{task.stream} {place} {dates}"


def submitted_message(title: str, export_id: str, event: str) -> str:
    """Return that a job is in Marketo's queue, or was found there."""
    return f"{title}: job {short_id(export_id)} {event}"


def window_message(title: str, job: ExportJob) -> str:
    """Return that the file of a job was read to its end."""
    parts = [
        count(job.records or 0, "record"),
        megabytes(job.size or 0),
        f"job {short_id(job.export_id)}",
    ]
    if job.queued and job.finished:
        seconds = max(0.0, (job.finished - job.queued).total_seconds())
        parts.append(f"{duration(seconds)} in Marketo")
    return f"{title}: {', '.join(parts)}"


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
