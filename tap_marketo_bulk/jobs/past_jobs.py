"""list and cancel: the export jobs of the past seven days.

Marketo shows each API user their own jobs only.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import ApiError
from tap_marketo_bulk.instants import format_instant, parse_instant
from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.marketo.export_job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tap_marketo_bulk.marketo.export_job import ExportJob
    from tap_marketo_bulk.marketo.exports import Exports

# The objects that the tap exports.
OBJECT_PATHS = ("leads", "activities")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_HEADER = ("id", "object", "status", "created (UTC)", "duration", "records", "bytes")
_NUMERIC_COLUMNS = frozenset(("duration", "records", "bytes"))


@dataclass(frozen=True)
class PastJob:
    """An export job of the past seven days, with the path of the object that it exports."""

    object_path: str
    job: ExportJob

    @property
    def created(self) -> datetime | None:
        """When it was created."""
        return _instant(self.job.created_at)

    @property
    def finished(self) -> datetime | None:
        """When it ended, None while it has not."""
        return _instant(self.job.finished_at)

    @property
    def charged_bytes(self) -> int:
        """The bytes that it took of the daily quota: the size of its file."""
        return (self.job.size or 0) if self.job.status is JobStatus.COMPLETED else 0

    def duration_seconds(self, now: datetime) -> float | None:
        """Return how long it has been, or was, in the queue and processed."""
        queued = _instant(self.job.queued_at)
        end = now if self.job.status.is_in_queue else self.finished
        return (end - queued).total_seconds() if queued and end else None


def read_past_jobs(exports: Exports) -> list[PastJob]:
    """Return all jobs, the latest first. Raises as ``Client.get``."""
    jobs = [PastJob(path, job) for path in OBJECT_PATHS for job in exports.list_jobs(path)]
    return sorted(jobs, key=lambda each: each.created or _LONG_AGO, reverse=True)


# list


def format_table(jobs: Sequence[PastJob], now: datetime) -> str:
    """Return a table of the jobs, and a line with their totals."""
    if not jobs:
        return "No export jobs in the past 7 days."
    table = formatting.table(_HEADER, [_table_row(each, now) for each in jobs], _NUMERIC_COLUMNS)
    statuses = Counter(str(each.job.status) for each in jobs)
    counts = ", ".join(f"{number} {status}" for status, number in statuses.most_common())
    total = formatting.size(sum(each.charged_bytes for each in jobs))
    count = formatting.count(len(jobs), "job")
    return f"{table}\n\n{count} in the past 7 days: {counts}; {total}."


def format_json(jobs: Sequence[PastJob], now: datetime) -> str:
    """Return the jobs as a JSON array of objects."""
    return json.dumps([_json_entry(each, now) for each in jobs], indent=2)


def _table_row(each: PastJob, now: datetime) -> tuple[str, ...]:
    job, seconds = each.job, each.duration_seconds(now)
    return (
        job.export_id,
        each.object_path,
        str(job.status),
        formatting.instant(each.created),
        "" if seconds is None else formatting.duration(seconds),
        "" if job.records is None else f"{job.records:,}",
        "" if job.size is None else f"{job.size:,}",
    )


def _json_entry(each: PastJob, now: datetime) -> dict[str, Any]:
    created = each.created
    return {
        "id": each.job.export_id,
        "object": each.object_path,
        "status": str(each.job.status),
        "created": format_instant(created) if created else None,
        "duration_seconds": each.duration_seconds(now),
        "records": each.job.records,
        "bytes": each.job.size,
        "error": each.job.error,
    }


# cancel


def iter_cancellations(
    exports: Exports, jobs: Sequence[PastJob], ids: Collection[str] | None
) -> Iterator[str]:
    """Cancel jobs that have not ended; yield a line about each.

    Args:
        exports: Marketo's export jobs.
        jobs: Those of the past seven days.
        ids: Which of them to cancel, None for all.
    """
    if ids is None:
        selected = [each for each in jobs if not each.job.status.is_terminal]
    else:
        selected = [each for each in jobs if each.job.export_id in ids]
    if ids is None and not selected:
        yield "Nothing to cancel: every job of the past 7 days has ended."
    cancelled = 0
    for each in selected:
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


def missing_ids(jobs: Sequence[PastJob], ids: Iterable[str]) -> list[str]:
    """Return the ids that belong to none of the jobs."""
    known = {each.job.export_id for each in jobs}
    return [each for each in ids if each not in known]


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


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text or "")
    except ValueError:
        return None
