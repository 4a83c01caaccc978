"""What a run logs about its export jobs: pure functions that make the text from values."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.quantities import count, duration, megabytes, short_id
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.extract.size_estimate import SizeEstimate
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.marketo.export_job import ExportJob


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
