"""cancel: cancels export jobs, and reports the result for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import ApiError
from tap_marketo_bulk.jobs import formatting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_marketo_bulk.jobs.past_jobs import PastJob
    from tap_marketo_bulk.marketo.exports import Exports, JobStatus


def iter_cancellations(exports: Exports, jobs: Sequence[PastJob]) -> Iterator[str]:
    """Cancel those of the jobs that have not ended; yield a line about each."""
    cancelled = 0
    for each in jobs:
        name = f"{each.job.export_id} ({each.object_path})"
        ended = each.job.status if each.job.status.is_terminal else _cancel(exports, each)
        if ended:
            yield f"Not cancelled: {name} is {ended}."
        else:
            cancelled += 1
            yield f"Cancelled {name}, which was {each.job.status}."
    if cancelled:
        count = formatting.count(cancelled, "job")
        yield f"{count} cancelled. The next run of the tap creates the jobs again that it needs."


def unfinished_jobs(jobs: Sequence[PastJob]) -> list[PastJob]:
    """Return the jobs that have not ended."""
    return [each for each in jobs if not each.job.status.is_terminal]


def find_jobs(jobs: Sequence[PastJob], ids: Sequence[str]) -> tuple[list[PastJob], list[str]]:
    """Return the jobs of these ids, and a message about each id that is not that of one job.

    Args:
        jobs: The jobs of the past seven days.
        ids: Ids, or the beginnings of ids, as the log and a narrow table show them.
    """
    found: list[PastJob] = []
    problems: list[str] = []
    for text in ids:
        matches = _jobs_of_id(jobs, text)
        if len(matches) == 1:
            found += matches
        elif matches:
            count = formatting.count(len(matches), "job")
            problems.append(f"The ids of {count} begin with {text}: pass more of the id.")
        else:
            problems.append(f"This API user has no job {text} in the past 7 days.")
    return [each for each in jobs if each in found], problems


def _jobs_of_id(jobs: Sequence[PastJob], text: str) -> list[PastJob]:
    same = [each for each in jobs if each.job.export_id == text]
    return same or [each for each in jobs if text and each.job.export_id.startswith(text)]


def _cancel(exports: Exports, each: PastJob) -> JobStatus | None:
    """Cancel a job; return its status where it had ended before."""
    try:
        exports.cancel(each.object_path, each.job.export_id)
    except ApiError:
        status = exports.status(each.object_path, each.job.export_id).status
        if not status.is_terminal:
            raise
        return status
    return None
