"""Export jobs: their life in the queue, the slots and the quota."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock

from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Json
from tap_marketo_bulk.sandbox.export_file import Written
from tap_marketo_bulk.sandbox.faults import Fault
from tap_marketo_bulk.sandbox.job import WAITING, Job, as_seen, ends_at
from tap_marketo_bulk.sandbox.ledger import Charge, Ledger
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.quota import central_midnight
from tap_marketo_bulk.sandbox.refusal import Code, Refusal

RETENTION = timedelta(days=7)
WriteFile = Callable[[Job, Path], Written]
Keep = Callable[[Ledger], object]


class Jobs:
    """All jobs of the subscription. Time passes for them whenever somebody looks.

    ``write_file`` makes the file of a job that has been processed; it may raise ``Refusal``.
    """

    def __init__(
        self, options: Options, clock: Clock, write_file: WriteFile, ledger: Ledger
    ) -> None:
        self._options = options
        self._clock = clock
        self._write_file = write_file
        self._lock = RLock()
        self._jobs = {job.export_id: job for job in ledger.jobs}
        self._charges = list(ledger.charges)
        self._slot_freed_at = max(
            (job.finished_at for job in ledger.jobs if job.finished_at),
            default=datetime.min.replace(tzinfo=clock.now().tzinfo),
        )
        self.peak_in_queue = 0
        self._keep: Keep = _keep_nothing
        # Where files are written. None while nobody serves them: then nothing happens either.
        self._folder: Path | None = None

    def open(self, folder: Path, keep: Keep | None = None) -> None:
        """Let time pass, write files to ``folder`` and give every change to ``keep``."""
        with self._lock:
            self._folder = folder
            self._keep = keep or _keep_nothing
            self._forget_old()
            self._keep(self._ledger())

    def close(self) -> None:
        """Let everything stay as it is from now on."""
        with self._lock:
            self._folder = None
            self._keep = _keep_nothing

    def all(self) -> list[Job]:
        """Every job ever made, as it is now, in order of creation."""
        with self._lock:
            self._settle()
            return list(self._jobs.values())

    def of(self, kind: str, user: str) -> list[Job]:
        """The jobs that this user can see, as they are now, in order of creation."""
        return [job for job in self.all() if self._visible(job, kind, user)]

    def find(self, export_id: str, kind: str, user: str) -> Job:
        """The job, as it is now.

        Raises:
            Refusal: This user has no such job.
        """
        with self._lock:
            self._settle()
            job = self._jobs.get(export_id)
            if job is None or not self._visible(job, kind, user):
                code = Code(self._options.unknown_job_code)
                raise Refusal(code, f"Export job '{export_id}' not found")
            return job

    def seen(self, job: Job) -> Job:
        """The job as its user sees it at present."""
        return as_seen(job, self._clock.now(), self._options.status_seconds)

    def file_of(self, job: Job) -> Path | None:
        """The file of the job, once it can be had."""
        seen = self.seen(job)
        if seen.path is None or seen.finished_at is None:
            return None
        delay = timedelta(seconds=self._options.file_delay_seconds)
        return seen.path if seen.finished_at + delay <= self._clock.now() else None

    def create(self, kind: str, user: str, request: dict[str, Json]) -> Job:
        """Make a job.

        Raises:
            Refusal: The quota is spent.
        """
        with self._lock:
            self._check_quota()
            job = Job(str(uuid.uuid4()), kind, user, request, self._clock.now())
            return self._change(job)

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
            waiting = 1 + sum(one.status in WAITING for one in self._jobs.values())
            limit = self._options.queue_limit
            if waiting > limit:
                full = {"seen": f"Too many jobs ({limit}) in queue"}
                style = self._options.queue_full_style
                raise Refusal(Code.EXPORT, full.get(style, "Too many jobs in queue"))
            self.peak_in_queue = max(self.peak_in_queue, waiting)
            return self._change(job, status="Queued", queued_at=self._clock.now())

    def cancel(self, job: Job) -> Job:
        """Stop a job that has not ended.

        Raises:
            Refusal: It has ended.
        """
        with self._lock:
            job = self.find(job.export_id, job.object, job.user)
            if job.status not in ("Created", *WAITING):
                raise Refusal(Code.EXPORT, f"Job is already {job.status.lower()}")
            if job.status == "Processing":
                self._slot_freed_at = self._clock.now()
            return self._change(job, status=self._options.cancel_spelling)

    def befall(self, export_id: str, fault: Fault) -> None:
        """Let a fault of the kinds in ``OF_JOB`` befall the job, if there is such a one."""
        with self._lock:
            self._settle()
            job = self._jobs.get(export_id)
            if job is None:
                return
            fate = job.fate.after(fault, self._options.cancel_spelling)
            job = self._change(job, fate=fate)
            if job.status in WAITING and job.fate.outcome:
                self._finish(job, self._clock.now(), Path())

    def sent(self, export_id: str, count: int) -> None:
        """Note that ``count`` bytes of the job's file went out."""
        with self._lock:
            job = self._jobs[export_id]
            before = max(job.bytes_sent, job.file_size or 0)
            job = self._change(
                job, downloads=job.downloads + bool(count), bytes_sent=job.bytes_sent + count
            )
            if self._options.charge_downloads and job.bytes_sent > before:
                self._charges.append(Charge(self._clock.now(), job.bytes_sent - before))

    def quota_used(self) -> int:
        """Bytes charged since the last midnight of US Central time."""
        midnight = central_midnight(self._clock.now())
        files = sum(
            job.file_size or 0
            for job in self.all()
            if job.finished_at is not None and job.finished_at >= midnight
        )
        return files + sum(charge.bytes for charge in self._charges if charge.at >= midnight)

    def _visible(self, job: Job, kind: str, user: str) -> bool:
        mine = (job.object, job.user) == (kind, user)
        return mine and self._kept(job) and not job.fate.vanished

    def _kept(self, job: Job) -> bool:
        return self._clock.now() - job.created_at < RETENTION

    def _check_quota(self) -> None:
        if self.quota_used() >= self._options.quota_bytes:
            seen = {"seen": f"Export daily quota {self._options.quota_bytes / 1e6:g}MB exceeded."}
            style = self._options.quota_style
            raise Refusal(Code.EXPORT, seen.get(style, "Export daily quota exceeded"))

    def _forget_old(self) -> None:
        """Drop the jobs that nobody can ask for any more, and their files."""
        for job in tuple(self._jobs.values()):
            if not self._kept(job):
                del self._jobs[job.export_id]
                if job.path:
                    job.path.unlink(missing_ok=True)

    def _ledger(self) -> Ledger:
        return Ledger(tuple(self._jobs.values()), tuple(self._charges))

    def _change(self, job: Job, **changes: object) -> Job:
        changed = replace(job, **changes)  # type: ignore[arg-type]  # the keys are those of Job
        self._jobs[job.export_id] = changed
        self._keep(self._ledger())
        return changed

    def _settle(self) -> None:
        """Let everything happen that is due: jobs start, in order, and finish."""
        while self._folder is not None:
            running = [job for job in self._jobs.values() if job.status == "Processing"]
            queued = [job for job in self._jobs.values() if job.status == "Queued"]
            if queued and len(running) < self._options.slots:
                self._start(min(queued, key=_queued_at))
                continue
            ends = [(ends_at(job, self._options.job_seconds), job.export_id) for job in running]
            due = [end for end in ends if end[0] <= self._clock.now()]
            if not due:
                return
            finished_at, export_id = min(due)
            self._finish(self._jobs[export_id], finished_at, self._folder)

    def _start(self, job: Job) -> None:
        started_at = max(_queued_at(job), self._slot_freed_at)
        self._change(job, status="Processing", started_at=started_at)

    def _finish(self, job: Job, finished_at: datetime, folder: Path) -> None:
        self._slot_freed_at = finished_at
        outcome, error = job.fate.outcome, job.fate.error
        path = folder / job.export_id
        if not outcome:
            try:
                written = self._write_file(job, path)
            except Refusal as refusal:
                # The subscription has changed since the job was created.
                outcome, error = "Failed", refusal.message
        if outcome:
            self._change(job, status=outcome, finished_at=finished_at, error=error)
            return
        self._change(
            job,
            status="Completed",
            finished_at=finished_at,
            number_of_records=written.records,
            file_size=written.size,
            file_checksum=written.checksum,
            path=path,
        )


def _keep_nothing(_ledger: Ledger) -> None:
    """Most sandboxes are forgotten when they close."""


def _queued_at(job: Job) -> datetime:
    return job.queued_at or job.created_at
