"""The export jobs, and their queue: creation, processing, cancellation, and the daily quota."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from threading import RLock

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError, invalid_value
from tap_marketo_bulk.sandbox.clock import SandboxClock, central_midnight
from tap_marketo_bulk.sandbox.exports.file_writer import WrittenFile
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


WriteFile = Callable[[Job, Path], WrittenFile]


class JobQueue:
    """All export jobs of the subscription; threads can share it.

    Jobs start and end when a method is called: every method first makes the changes that are due at
    the current time. A call that Marketo refuses raises ``SandboxApiError``. ``write_file`` writes
    the file of a processed job; if it raises ``SandboxApiError``, the job fails.
    """

    def __init__(
        self, options: Options, clock: SandboxClock, write_file: WriteFile, history: JobHistory
    ) -> None:
        self._options = options
        self._clock = clock
        self._write_file = write_file
        self._lock = RLock()
        self._jobs = {job.export_id: job for job in history.jobs}
        self._charges = list(history.charges)
        self._slot_free_since = max(
            (job.finished_at for job in history.jobs if job.finished_at),
            default=datetime.min.replace(tzinfo=UTC),
        )
        self.peak_in_queue = 0
        # The folder of the export files. While it is None, jobs neither start nor end.
        self._folder: Path | None = None
        self._save: SaveHistory | None = None

    def start(self, folder: Path, save: SaveHistory | None = None) -> None:
        """Process jobs from now on: write files to ``folder``, call ``save`` after each change.

        Jobs that are too old are deleted, and their files.
        """
        with self._lock:
            self._folder = folder
            self._save = save
            for job in tuple(self._jobs.values()):
                if self._is_expired(job):
                    del self._jobs[job.export_id]
                    if job.path:
                        job.path.unlink(missing_ok=True)
            self._save_history()

    def stop_processing(self) -> None:
        """Do not start, end or save jobs from now on."""
        with self._lock:
            self._folder = self._save = None

    def current_instant(self) -> int:
        """The current time in epoch seconds."""
        return int(self._clock.now().timestamp())

    def all_jobs(self) -> list[Job]:
        """All jobs as they are now, in order of creation."""
        with self._lock:
            self._process_due_jobs()
            return list(self._jobs.values())

    def visible_jobs(self, object_name: str, client_id: str) -> list[Job]:
        """The jobs for an export object that this API user can see, in order of creation."""
        return [job for job in self.all_jobs() if self._is_visible(job, object_name, client_id)]

    def find_job(self, export_id: str, object_name: str, client_id: str) -> Job:
        """The job as it is now, if this API user can see it."""
        with self._lock:
            self._process_due_jobs()
            job = self._jobs.get(export_id)
            if job is None or not self._is_visible(job, object_name, client_id):
                raise invalid_value(f"Export job '{export_id}' not found")
            return job

    def request_of(self, export_id: str) -> JsonObject:
        """The create body of a job; empty without a job."""
        with self._lock:
            job = self._jobs.get(export_id)
            return job.request if job else {}

    def reported_job(self, job: Job) -> Job:
        """The job as the API reports it now."""
        return reported_job(job, self._clock.now(), self._options.status_seconds)

    def available_file(self, job: Job) -> Path | None:
        """The export file, or None if it cannot be downloaded yet."""
        reported = self.reported_job(job)
        if reported.path is None or reported.finished_at is None:
            return None
        delay = timedelta(seconds=self._options.file_delay_seconds)
        return reported.path if reported.finished_at + delay <= self._clock.now() else None

    def create(self, object_name: str, client_id: str, request: JsonObject) -> Job:
        """Create a job, unless the quota is used up; ``request`` is a valid create body."""
        with self._lock:
            self._check_quota()
            export_id = str(uuid.uuid4())
            return self._update(Job(export_id, object_name, client_id, request, self._clock.now()))

    def enqueue(self, job: Job) -> Job:
        """Enqueue a created job, unless the queue is full or the quota is used up."""
        with self._lock:
            job = self.find_job(job.export_id, job.object, job.user)
            if job.status != "Created":
                raise _not_allowed("Job already queued")
            self._check_quota()
            in_queue = 1 + len(self._jobs_with_status(*QUEUE_STATUSES))
            if in_queue > self._options.queue_limit:
                raise _not_allowed(f"Too many jobs ({self._options.queue_limit}) in queue")
            self.peak_in_queue = max(self.peak_in_queue, in_queue)
            return self._update(job, status="Queued", queued_at=self._clock.now())

    def cancel(self, job: Job) -> Job:
        """Cancel a job that has not ended."""
        with self._lock:
            job = self.find_job(job.export_id, job.object, job.user)
            if job.status not in ("Created", *QUEUE_STATUSES):
                raise _not_allowed(f"Job is already {job.status.lower()}")
            if job.status == "Processing":
                self._slot_free_since = self._clock.now()
            return self._update(job, status=self._options.cancel_spelling)

    def change_faults(self, export_id: str, changes: Mapping[str, object]) -> None:
        """Set members of the faults of a job; do nothing without a job."""
        with self._lock:
            self._process_due_jobs()
            job = self._jobs.get(export_id)
            if job is None:
                return
            job_faults = replace(job.job_faults, **changes)  # type: ignore[arg-type]  # by name
            job = self._update(job, job_faults=job_faults)
            if job.status in QUEUE_STATUSES and job_faults.final_status:
                self._end(job, self._clock.now(), job_faults.final_status, job_faults.error)

    def count_sent_bytes(self, export_id: str, byte_count: int) -> None:
        """Count one response that sent ``byte_count`` bytes of the job's file.

        Bytes that are sent again are charged. The first download is free: the size of the file is
        charged when the job is completed.
        """
        with self._lock:
            job = self._jobs[export_id]
            free_bytes = max(0, (job.file_size or 0) - job.bytes_sent)
            if self._options.charge_downloads and byte_count > free_bytes:
                self._charges.append(DownloadCharge(self._clock.now(), byte_count - free_bytes))
            self._update(
                job,
                downloads=job.downloads + bool(byte_count),
                bytes_sent=job.bytes_sent + byte_count,
            )

    def quota_used(self) -> int:
        """The bytes that count against the quota of today, in US Central time."""
        jobs = self.all_jobs()
        midnight = central_midnight(self._clock.now())
        file_bytes = sum(
            job.file_size or 0 for job in jobs if job.finished_at and job.finished_at >= midnight
        )
        return file_bytes + sum(charge.bytes for charge in self._charges if charge.at >= midnight)

    def _check_quota(self) -> None:
        if self.quota_used() >= self._options.quota_bytes:
            megabytes = f"{self._options.quota_bytes / 1e6:g}MB"
            raise _not_allowed(f"Export daily quota {megabytes} exceeded.")

    def _jobs_with_status(self, *statuses: str) -> list[Job]:
        return [job for job in self._jobs.values() if job.status in statuses]

    def _is_visible(self, job: Job, object_name: str, client_id: str) -> bool:
        is_own = (job.object, job.user) == (object_name, client_id)
        return is_own and not self._is_expired(job) and not job.job_faults.is_deleted

    def _is_expired(self, job: Job) -> bool:
        return self._clock.now() - job.created_at >= JOB_RETENTION

    def _update(self, job: Job, **changes: object) -> Job:
        """Store the job, new or changed, with ``changes`` of its fields; return it."""
        updated = replace(job, **changes)  # type: ignore[arg-type]  # the keys are fields of Job
        self._jobs[job.export_id] = updated
        self._save_history()
        return updated

    def _save_history(self) -> None:
        if self._save:
            self._save(JobHistory(tuple(self._jobs.values()), tuple(self._charges)))

    def _process_due_jobs(self) -> None:
        """Start and end jobs up to the current time, in the order of their instants."""
        while self._folder is not None:
            processing = self._jobs_with_status("Processing")
            queued = self._jobs_with_status("Queued")
            if queued and len(processing) < self._options.slots:
                self._start(min(queued, key=_queued_at))
                continue
            ends = [
                (processing_end(job, self._options.job_seconds), job.export_id)
                for job in processing
            ]
            due = [end for end in ends if end[0] <= self._clock.now()]
            if not due:
                return
            # Of jobs that end at the same time the first one that was created: ids are random.
            finished_at, export_id = min(due, key=itemgetter(0))
            self._complete(self._jobs[export_id], finished_at, self._folder / export_id)

    def _start(self, job: Job) -> None:
        started_at = max(_queued_at(job), self._slot_free_since)
        self._update(job, status="Processing", started_at=started_at)

    def _complete(self, job: Job, finished_at: datetime, path: Path) -> None:
        job_faults = job.job_faults
        if job_faults.final_status:
            self._end(job, finished_at, job_faults.final_status, job_faults.error)
            return
        try:
            written = self._write_file(job, path)
        except SandboxApiError as error:
            # A field was removed after the job was created.
            self._end(job, finished_at, "Failed", error.message)
            return
        self._slot_free_since = finished_at
        self._update(
            job,
            status="Completed",
            finished_at=finished_at,
            number_of_records=written.row_count,
            file_size=written.size,
            file_checksum=written.checksum,
            path=path,
        )

    def _end(self, job: Job, finished_at: datetime, status: str, error: str | None) -> None:
        self._slot_free_since = finished_at
        if status == "Cancelled":
            status = self._options.cancel_spelling
        self._update(job, status=status, finished_at=finished_at, error=error)


def _queued_at(job: Job) -> datetime:
    return job.queued_at or job.created_at


def _not_allowed(message: str) -> SandboxApiError:
    return SandboxApiError(ApiErrorCode.EXPORT_NOT_ALLOWED, message)
