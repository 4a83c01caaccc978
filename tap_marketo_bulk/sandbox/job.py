"""One export job, and how it looks from outside."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tap_marketo_bulk.sandbox.exchange import Json
from tap_marketo_bulk.sandbox.fate import Fate

STATUSES = ("Created", "Queued", "Processing", "Completed", "Failed", "Cancelled")
CANCELLED = ("cancelled", "canceled")
WAITING = ("Queued", "Processing")


@dataclass(frozen=True)
class Job:
    """One export job as it truly is. ``request`` is the body it was created with.

    ``downloads`` counts the answers that sent bytes of its file, ``bytes_sent`` those bytes.
    """

    export_id: str
    object: str
    user: str
    request: dict[str, Json]
    created_at: datetime
    status: str = "Created"
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    number_of_records: int | None = None
    file_size: int | None = None
    file_checksum: str | None = None
    error: str | None = None
    downloads: int = 0
    bytes_sent: int = 0
    path: Path | None = field(default=None, repr=False)
    fate: Fate = field(default=Fate(), repr=False)


def ends_at(job: Job, job_seconds: float) -> datetime:
    """When a job that is processing will end."""
    if job.started_at is None or job.fate.for_ever:
        return datetime.max.replace(tzinfo=job.created_at.tzinfo)
    return job.started_at + timedelta(seconds=job_seconds + job.fate.more_seconds)


def as_seen(job: Job, now: datetime, status_seconds: float) -> Job:
    """The job as a client sees it, whose status changes once in ``status_seconds`` at most."""
    if job.queued_at is None or job.status.casefold() in CANCELLED:
        return job
    looked_at = now
    if status_seconds:
        changes = (now - job.queued_at) // timedelta(seconds=status_seconds)
        looked_at = job.queued_at + changes * timedelta(seconds=status_seconds)
    if job.finished_at is not None and job.finished_at <= looked_at:
        return _flawed(job)
    running = job.started_at is not None and job.started_at <= looked_at
    return replace(
        job,
        status="Processing" if running else "Queued",
        started_at=job.started_at if running else None,
        finished_at=None,
        number_of_records=None,
        file_size=None,
        file_checksum=None,
        error=None,
    )


def _flawed(job: Job) -> Job:
    """The ended job with the mistakes that faults have put into its description."""
    if job.number_of_records is None or job.file_size is None:
        return job
    return replace(
        job,
        number_of_records=job.number_of_records + job.fate.count_off,
        file_size=job.file_size + job.fate.size_off,
        file_checksum=None if job.fate.no_checksum else job.file_checksum,
    )
