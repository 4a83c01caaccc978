"""watch: what is in Marketo's queue at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.jobs.past_jobs import LONG_AGO
from tap_marketo_bulk.jobs.quota_usage import QuotaUsage, usage_of_day
from tap_marketo_bulk.jobs.table_data import ID_COLUMN, TableData
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.marketo.limits import PROCESSING_SLOTS, QUEUE_PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_marketo_bulk.jobs.past_jobs import PastJob

# How many of the jobs that have ended are shown.
_ENDED_JOBS = 5


@dataclass(frozen=True)
class QueueSnapshot:
    """The jobs of this API user at an instant.

    Attributes:
        now: The instant.
        slots: The jobs that are processed, from the one that began first; None is a free slot.
        queued: The jobs that wait for a slot, from the one that was enqueued first.
        created: The number of jobs that are not enqueued.
        ended: The jobs that ended last, the latest first.
        usage: The bytes of today.
    """

    now: datetime
    slots: tuple[PastJob | None, ...]
    queued: tuple[PastJob, ...]
    created: int
    ended: tuple[PastJob, ...]
    usage: QuotaUsage


def take_snapshot(jobs: Sequence[PastJob], now: datetime, megabytes: int | None) -> QueueSnapshot:
    """Return what is in the queue.

    Args:
        jobs: The jobs of the past seven days.
        now: The present.
        megabytes: The subscription's daily allocation, None for Marketo's default.
    """
    processing = sorted(_with_status(jobs, JobStatus.PROCESSING), key=_started)
    free = (None,) * (PROCESSING_SLOTS - len(processing))
    ended = [each for each in jobs if each.job.status.is_terminal]
    return QueueSnapshot(
        now=now,
        slots=(*processing, *free),
        queued=tuple(sorted(_with_status(jobs, JobStatus.QUEUED), key=_queued)),
        created=len(_with_status(jobs, JobStatus.CREATED)),
        ended=tuple(sorted(ended, key=_finished, reverse=True)[:_ENDED_JOBS]),
        usage=usage_of_day(jobs, now, megabytes),
    )


def queue_table(snapshot: QueueSnapshot) -> TableData:
    """Return the table of slots and of the jobs that wait for one."""
    rows = [
        *(
            _queue_row(f"slot {number}", job, job.started_at if job else None, snapshot.now)
            for number, job in enumerate(snapshot.slots, start=1)
        ),
        *(
            _queue_row(f"queue {number}", job, job.queued_at, snapshot.now)
            for number, job in enumerate(snapshot.queued, start=1)
        ),
    ]
    return TableData(
        ("place", "object", "status", "for", ID_COLUMN), tuple(rows), frozenset(("for",))
    )


def ended_table(snapshot: QueueSnapshot) -> TableData:
    """Return the table of the jobs that ended last."""
    rows = tuple(
        (
            formatting.instant(each.finished_at or each.created_at),
            each.object_path,
            str(each.job.status),
            formatting.optional_number(each.job.records),
            "" if each.job.size is None else formatting.size(each.job.size),
            each.job.export_id,
            each.job.error or "",
        )
        for each in snapshot.ended
    )
    columns = ("ended (UTC)", "object", "status", "records", "size", ID_COLUMN, "error")
    return TableData(columns, rows, frozenset(("records", "size")))


def queue_counts_text(snapshot: QueueSnapshot) -> str:
    """Return the numbers of jobs as text."""
    processing = sum(1 for job in snapshot.slots if job)
    in_queue = processing + len(snapshot.queued)
    oldest = snapshot.queued[0].queued_at if snapshot.queued else None
    waiting = (snapshot.now - oldest).total_seconds() if oldest else None
    parts = [
        f"{processing} processing",
        f"{len(snapshot.queued)} queued",
        *([f"oldest {formatting.duration(waiting)}"] if waiting is not None else []),
        *([f"{snapshot.created} created and not enqueued"] if snapshot.created else []),
    ]
    return f"{', '.join(parts)}; {in_queue} of {QUEUE_PLACES} places are used by this API user."


def _queue_row(
    place: str, job: PastJob | None, since: datetime | None, now: datetime
) -> tuple[str, ...]:
    if job is None:
        return (place, "", "free", "", "")
    seconds = (now - since).total_seconds() if since else None
    duration = formatting.optional_duration(seconds)
    return (place, job.object_path, str(job.job.status), duration, job.job.export_id)


def _with_status(jobs: Sequence[PastJob], status: JobStatus) -> list[PastJob]:
    return [each for each in jobs if each.job.status is status]


def _started(each: PastJob) -> datetime:
    return each.started_at or LONG_AGO


def _queued(each: PastJob) -> datetime:
    return each.queued_at or LONG_AGO


def _finished(each: PastJob) -> datetime:
    # Marketo need not report when a job was cancelled.
    return each.finished_at or each.created_at or LONG_AGO
