"""The stored export jobs, saved after each change, and the quota that their files use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock, central_midnight
from tap_marketo_bulk.sandbox.exports.job import Job
from tap_marketo_bulk.sandbox.options import Options

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
        message = "Export daily quota exceeded"
        if self._options.quota_style == "seen":
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
