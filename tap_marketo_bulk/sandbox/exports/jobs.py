"""An export job: as it is stored, and as the API reports it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

STATUSES = ("Created", "Queued", "Processing", "Completed", "Failed", "Cancelled")
CANCELLED_SPELLINGS = ("cancelled", "canceled")
QUEUE_STATUSES = ("Queued", "Processing")
"""The statuses of jobs that use a place in the queue."""


JsonObject = dict[str, object]


@dataclass(frozen=True)
class JobFaults:
    """The effects of faults on one job."""

    final_status: str = ""
    """The status in which the job ends instead of Completed."""
    error: str | None = None
    additional_seconds: float = 0.0
    """Added to the time of processing."""
    never_ends: bool = False
    is_deleted: bool = False
    """No user can see the job."""
    record_count_error: int = 0
    """Added to the reported ``numberOfRecords``."""
    file_size_error: int = 0
    """Added to the reported ``fileSize``."""
    omits_checksum: bool = False
    undecodable_cell: tuple[str, object] | None = None
    """The column of a cell that is not UTF-8, and the key of its record, None for the first."""


@dataclass(frozen=True)
class Job:
    """An export job as it is stored; the API can report it differently, see ``reported_job``.

    ``object`` is the export object, ``user`` the client id, ``request`` the create body, ``path``
    the export file. ``downloads`` is the number of responses that sent bytes of the file,
    ``bytes_sent`` the number of these bytes.
    """

    export_id: str
    object: str
    user: str
    request: JsonObject
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
    job_faults: JobFaults = field(default=JobFaults(), repr=False)


def processing_end(job: Job, job_seconds: float) -> datetime:
    """The instant at which a job in status Processing ends; ``job_seconds`` is the option."""
    if job.started_at is None or job.job_faults.never_ends:
        return datetime.max.replace(tzinfo=job.created_at.tzinfo)
    return job.started_at + timedelta(seconds=job_seconds + job.job_faults.additional_seconds)


def reported_job(job: Job, now: datetime, status_seconds: float) -> Job:
    """The job as the API reports it: with its faults, and with a status that can be out of date.

    The reported status changes at most once in ``status_seconds`` after the job was queued.
    """
    if job.queued_at is None or job.status.casefold() in CANCELLED_SPELLINGS:
        return job
    updated_at = now
    if status_seconds:
        updates = (now - job.queued_at) // timedelta(seconds=status_seconds)
        updated_at = job.queued_at + updates * timedelta(seconds=status_seconds)
    if job.finished_at is not None and job.finished_at <= updated_at:
        return _with_description_errors(job)
    is_started = job.started_at is not None and job.started_at <= updated_at
    return replace(
        job,
        status="Processing" if is_started else "Queued",
        started_at=job.started_at if is_started else None,
        finished_at=None,
        number_of_records=None,
        file_size=None,
        file_checksum=None,
        error=None,
    )


def _with_description_errors(job: Job) -> Job:
    if job.number_of_records is None or job.file_size is None:
        return job
    return replace(
        job,
        number_of_records=job.number_of_records + job.job_faults.record_count_error,
        file_size=job.file_size + job.job_faults.file_size_error,
        file_checksum=None if job.job_faults.omits_checksum else job.file_checksum,
    )


JOB_RETENTION = timedelta(days=7)
"""The age at which a job and its file cannot be read any more."""


@dataclass(frozen=True)
class DownloadCharge:
    """Bytes of a file that were sent more than once; they count against the quota too."""

    at: datetime
    bytes: int


@dataclass(frozen=True)
class JobHistory:
    """All jobs in order of creation, and all charges for downloads, as a state contains them."""

    jobs: tuple[Job, ...] = ()
    charges: tuple[DownloadCharge, ...] = ()


SaveHistory = Callable[[JobHistory], object]
