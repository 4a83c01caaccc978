"""Export jobs: their life in the queue, the slots and the quota."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock

from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Json
from tap_marketo_bulk.sandbox.export_file import Written
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.quota import central_midnight
from tap_marketo_bulk.sandbox.refusal import Code, Refusal

WriteFile = Callable[["Job", datetime, Path], Written]
_WAITING = ("Queued", "Processing")


@dataclass(frozen=True)
class Job:
    """One export job. ``request`` is the body it was created with."""

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


class Jobs:
    """All jobs of the subscription. Time passes for them whenever somebody looks."""

    def __init__(
        self, options: Options, clock: Clock, directory: Path, write_file: WriteFile
    ) -> None:
        self._options = options
        self._clock = clock
        self._directory = directory
        self._write_file = write_file
        self._lock = RLock()
        self._jobs: dict[str, Job] = {}
        self._slot_freed_at = datetime.min.replace(tzinfo=clock.now().tzinfo)
        self.peak_in_queue = 0

    def all(self) -> list[Job]:
        """Every job ever made, as it is now, in order of creation."""
        with self._lock:
            self._settle()
            return list(self._jobs.values())

    def find(self, export_id: str, kind: str, user: str) -> Job:
        """The job, as it is now.

        Raises:
            Refusal: This user has no such job.
        """
        with self._lock:
            self._settle()
            job = self._jobs.get(export_id)
            if job is None or (job.object, job.user) != (kind, user):
                raise Refusal(Code.INVALID_VALUE, f"Export job '{export_id}' not found")
            return job

    def create(self, kind: str, user: str, request: dict[str, object]) -> Job:
        """Make a job.

        Raises:
            Refusal: The quota is spent.
        """
        with self._lock:
            self._check_quota()
            job = Job(str(uuid.uuid4()), kind, user, request, self._clock.now())
            self._jobs[job.export_id] = job
            return job

    def enqueue(self, job: Job) -> Job:
        """Put a created job into the queue.

        Raises:
            Refusal: It is past that, the queue is full, or the quota is spent.
        """
        with self._lock:
            job = self.find(job.export_id, job.object, job.user)
            if job.status != "Created":
                raise Refusal(Code.EXPORT, "Job already queued")
            self._check_quota()
            waiting = sum(one.status in _WAITING for one in self._jobs.values())
            if waiting >= self._options.queue_limit:
                raise Refusal(Code.EXPORT, "Too many jobs in queue")
            self.peak_in_queue = max(self.peak_in_queue, waiting + 1)
            queued = self._change(job, status="Queued", queued_at=self._clock.now())
            self._settle()
            return queued

    def cancel(self, job: Job) -> Job:
        """Stop a job that has not ended.

        Raises:
            Refusal: It has ended.
        """
        with self._lock:
            job = self.find(job.export_id, job.object, job.user)
            if job.status not in ("Created", *_WAITING):
                raise Refusal(Code.EXPORT, f"Job is already {job.status.lower()}")
            if job.status == "Processing":
                self._slot_freed_at = self._clock.now()
            return self._change(job, status=self._options.cancel_spelling)

    def sent(self, export_id: str, count: int) -> None:
        """Note that ``count`` bytes of the job's file went out."""
        with self._lock:
            job = self._jobs[export_id]
            self._change(job, downloads=job.downloads + 1, bytes_sent=job.bytes_sent + count)

    def quota_used(self) -> int:
        """Bytes of the files completed since the last midnight of US Central time."""
        midnight = central_midnight(self._clock.now())
        return sum(
            job.file_size or 0
            for job in self.all()
            if job.finished_at is not None and job.finished_at >= midnight
        )

    def _check_quota(self) -> None:
        if self.quota_used() >= self._options.quota_bytes:
            raise Refusal(Code.EXPORT, "Export daily quota exceeded")

    def _change(self, job: Job, **changes: object) -> Job:
        changed = replace(job, **changes)  # type: ignore[arg-type]  # the keys are those of Job
        self._jobs[job.export_id] = changed
        return changed

    def _settle(self) -> None:
        """Let everything happen that is due: jobs start, in order, and finish."""
        while True:
            running = [job for job in self._jobs.values() if job.status == "Processing"]
            queued = [job for job in self._jobs.values() if job.status == "Queued"]
            if queued and len(running) < self._options.slots:
                first = min(queued, key=_queued_at)
                started_at = max(_queued_at(first), self._slot_freed_at)
                self._change(first, status="Processing", started_at=started_at)
                continue
            due = [job for job in running if self._ends_at(job) <= self._clock.now()]
            if not due:
                return
            self._finish(min(due, key=self._ends_at))

    def _finish(self, job: Job) -> None:
        finished_at = self._ends_at(job)
        path = self._directory / job.export_id
        assert job.started_at is not None  # noqa: S101 - it was processing
        written = self._write_file(job, job.started_at, path)
        self._slot_freed_at = finished_at
        self._change(
            job,
            status="Completed",
            finished_at=finished_at,
            number_of_records=written.records,
            file_size=written.size,
            file_checksum=written.checksum,
            path=path,
        )

    def _ends_at(self, job: Job) -> datetime:
        assert job.started_at is not None  # noqa: S101 - it was processing
        return job.started_at + timedelta(seconds=self._options.job_seconds)


def _queued_at(job: Job) -> datetime:
    assert job.queued_at is not None  # noqa: S101 - it was queued
    return job.queued_at
