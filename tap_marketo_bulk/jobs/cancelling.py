"""cancel: stop jobs that have not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import ApiError
from tap_marketo_bulk.jobs import words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tap_marketo_bulk.jobs.history import PastJob
    from tap_marketo_bulk.marketo.export_job import JobStatus
    from tap_marketo_bulk.marketo.exports import Exports

_ADVICE = "The tap asks again for what it still needs of them when it next runs."


def cancel(exports: Exports, jobs: Sequence[PastJob], ids: Collection[str] | None) -> Iterator[str]:
    """Cancel jobs by id, None for whatever has not ended; yields what became of each.

    Those that have ended are left as they are.
    """
    wanted = [
        each
        for each in jobs
        if (not each.job.status.is_terminal if ids is None else each.job.export_id in ids)
    ]
    if ids is None and not wanted:
        yield "Nothing to cancel: every job of the past 7 days has ended."
    cancelled = 0
    for each in wanted:
        name = f"{each.job.export_id} ({each.object})"
        ended = each.job.status if each.job.status.is_terminal else _stop(exports, each)
        if ended:
            yield f"Left {name} as it is: already {ended}."
        else:
            cancelled += 1
            yield f"Cancelled {name}, which was {each.job.status}."
    if cancelled:
        yield f"{words.count(cancelled, 'job')} cancelled. {_ADVICE}"


def unknown(jobs: Sequence[PastJob], ids: Iterable[str]) -> list[str]:
    """Return the ids of which no job is known."""
    known = {each.job.export_id for each in jobs}
    return [each for each in ids if each not in known]


def _stop(exports: Exports, each: PastJob) -> JobStatus | None:
    """Cancel a job; returns how it had ended where that was before."""
    try:
        exports.cancel(each.object, each.job.export_id)
    except ApiError:
        status = exports.status(each.object, each.job.export_id).status
        if not status.is_terminal:
            raise
        return status
    return None
