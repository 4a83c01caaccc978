"""Export jobs: as they are stored, as the API reports them, and the quota that their files use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock, central_midnight
from tap_marketo_bulk.sandbox.options import Options

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


class ExportQuota:
    """The bytes exported since the latest midnight in US Central time."""

    def __init__(
        self, options: Options, clock: SandboxClock, charges: Iterable[DownloadCharge]
    ) -> None:
        self._options = options
        self._clock = clock
        self._charges = list(charges)

    @property
    def charges(self) -> tuple[DownloadCharge, ...]:
        """All charges for downloads, in time order."""
        return tuple(self._charges)

    def charge_repeated_bytes(self, job: Job, byte_count: int) -> None:
        """Charge the bytes that are sent again when ``byte_count`` more bytes of a file are sent.

        ``job`` is the job before they are counted. The first download is free: the size of the
        file is charged when the job is completed.
        """
        free_bytes = max(0, (job.file_size or 0) - job.bytes_sent)
        if self._options.charge_downloads and byte_count > free_bytes:
            self._charges.append(DownloadCharge(self._clock.now(), byte_count - free_bytes))

    def used_bytes(self, jobs: Iterable[Job]) -> int:
        """The bytes of the files that these jobs completed today, and today's charges."""
        midnight = central_midnight(self._clock.now())
        file_bytes = sum(
            job.file_size or 0
            for job in jobs
            if job.finished_at is not None and job.finished_at >= midnight
        )
        return file_bytes + sum(charge.bytes for charge in self._charges if charge.at >= midnight)

    def check(self, jobs: Iterable[Job]) -> None:
        """Check that there are unused bytes; ``jobs`` are all jobs.

        Raises:
            SandboxApiError: The quota is used up.
        """
        if self.used_bytes(jobs) < self._options.quota_bytes:
            return
        message = f"Export daily quota {self._options.quota_bytes / 1e6:g}MB exceeded."
        raise SandboxApiError(ApiErrorCode.EXPORT_NOT_ALLOWED, message)


@dataclass(frozen=True)
class JobHistory:
    """All jobs in order of creation, and all charges for downloads, as a state contains them."""

    jobs: tuple[Job, ...] = ()
    charges: tuple[DownloadCharge, ...] = ()


SaveHistory = Callable[[JobHistory], object]


class StoredJobs:
    """Stores the jobs of all API users. Its caller must not call it from two threads at once.

    ``quota`` is the quota that the files of the jobs use.
    """

    def __init__(self, options: Options, clock: SandboxClock, history: JobHistory) -> None:
        self._clock = clock
        self._jobs = {job.export_id: job for job in history.jobs}
        self._save: SaveHistory | None = None
        self.quota = ExportQuota(options, clock, history.charges)

    def save_changes(self, save: SaveHistory | None) -> None:
        """Call ``save`` now and after each change; None: do not save."""
        self._save = save
        self._save_history()

    def all_jobs(self) -> list[Job]:
        """All jobs in order of creation."""
        return list(self._jobs.values())

    def jobs_with_status(self, *statuses: str) -> list[Job]:
        """The jobs that have one of these statuses, in order of creation."""
        return [job for job in self._jobs.values() if job.status in statuses]

    def find_job(self, export_id: str) -> Job | None:
        """The job with this id, of any API user, or None."""
        return self._jobs.get(export_id)

    def job(self, export_id: str) -> Job:
        """The job with this id, which must exist."""
        return self._jobs[export_id]

    def is_visible(self, job: Job, object_name: str, client_id: str) -> bool:
        """Whether this API user can see the job among those for this export object."""
        is_own = (job.object, job.user) == (object_name, client_id)
        return is_own and not self._is_expired(job) and not job.job_faults.is_deleted

    def update(self, job: Job, **changes: object) -> Job:
        """Store the job, new or changed, with ``changes`` of its fields; return it."""
        updated = replace(job, **changes)  # type: ignore[arg-type]  # the keys are fields of Job
        self._jobs[job.export_id] = updated
        self._save_history()
        return updated

    def delete_expired_jobs(self) -> None:
        """Delete the jobs that are older than ``JOB_RETENTION``, and their files."""
        for job in self.all_jobs():
            if self._is_expired(job):
                del self._jobs[job.export_id]
                if job.path:
                    job.path.unlink(missing_ok=True)

    def _is_expired(self, job: Job) -> bool:
        return self._clock.now() - job.created_at >= JOB_RETENTION

    def _save_history(self) -> None:
        if self._save:
            self._save(JobHistory(tuple(self._jobs.values()), self.quota.charges))
