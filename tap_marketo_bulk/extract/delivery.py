"""One order on its way: create, enqueue, poll, download, each a step of its own.

Only the pipeline's worker thread takes these steps; see ``pipeline.py``.
"""

from __future__ import annotations

import logging
import random
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    ApiError,
    CallQuotaError,
    CorruptFileError,
    CredentialsError,
    ExportFailedError,
    ExportQuotaError,
    ExportTimeoutError,
    FileNotReadyError,
    InvalidResponseError,
    MarketoBulkError,
    QueueFullError,
    SpoolError,
    UnknownFieldsError,
)
from tap_marketo_bulk.instants import parse_instant
from tap_marketo_bulk.marketo.download import download_verified
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus
from tap_marketo_bulk.marketo.limits import FILE_LIFE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.order import JobPolicy, Order
    from tap_marketo_bulk.marketo.exports import ExportRequest, Exports

logger = logging.getLogger("tap-marketo-bulk.exports")

# A job that Marketo fails, or that somebody cancels, is asked for this often.
JOB_TRIES = 3
# So often an answer about a job may make no sense: a status nobody has heard of, a completed job
# without the checksum that proves its file.
ODD_ANSWERS = 3
# How Marketo may say that it does not know a job; nobody has established which it is.
NOT_FOUND_CODES = frozenset({"404", "610", "702", "1003", "1013"})
_NO_JOB = ExportJob("", JobStatus.CREATED)


class Stage(Enum):
    """How far a delivery has come."""

    WAITING = auto()
    """No job exists."""
    LEFT = auto()
    """An earlier run made the job; what became of it is not known yet."""
    CREATED = auto()
    """The job exists and costs nothing yet."""
    IN_QUEUE = auto()
    """Marketo works on the job, or will."""
    COMPLETED = auto()
    """Marketo has the file."""
    READY = auto()
    """The file is here, and proven."""
    TAKEN = auto()
    """The file is being read."""
    FAILED = auto()
    """There will be no file; ``error`` says why."""


@dataclass(eq=False)
class Delivery:
    """An order, how far it has come, and the steps that bring it further.

    Each step raises what the calls in ``marketo/`` raise, and leaves the stage as it was then.

    Attributes:
        gone: Fields of the stream that Marketo no longer knows; its deliveries share them.
        request: The order's, less those fields.
        job: What Marketo last said of the job.
        is_running: Marketo works on the job, or will.
        recorded: The job's id is in a STATE message.
        content: The proven file, at its beginning.
        error: Why there will be no file.
        due: Monotonic second before which the next step would be too early.
    """

    order: Order
    exports: Exports
    terms: JobPolicy
    clock: Clock
    gone: set[str] = field(default_factory=set)
    stage: Stage = Stage.WAITING
    request: ExportRequest = field(init=False)
    job: ExportJob = _NO_JOB
    is_running: bool = False
    recorded: bool = False
    content: BinaryIO | None = None
    error: BaseException | None = None
    due: float = 0.0
    _since: float = 0.0
    _full_since: float | None = None
    _tries: int = 0
    _odd_answers: int = 0

    def __post_init__(self) -> None:
        """Begin with the job of an earlier run where there is one."""
        self.request = self.order.request.without(self.order.without)
        self._since = self.clock.monotonic()
        if self.order.export_id:
            self.job = replace(_NO_JOB, export_id=self.order.export_id)
            self.stage, self.recorded = Stage.LEFT, True

    @property
    def made_order(self) -> Order:
        """The order with the fields that its job had to do without."""
        kept = self.request.fields
        lacking = tuple(name for name in self.order.request.fields if name not in kept)
        return replace(self.order, without=lacking)

    @property
    def is_lost(self) -> bool:
        """The job serves nobody: no STATE knows it, or it takes for ever."""
        overdue = self._waited + self.terms.poll_seconds > self.terms.job_timeout_seconds
        return (self.is_running and not self.recorded) or (self.stage is Stage.IN_QUEUE and overdue)

    # The steps.

    def create(self) -> None:
        """Define the job, without the fields that Marketo no longer knows."""
        self._since, self._full_since = self.clock.monotonic(), None
        self.request = self.order.request.without(tuple(self.gone))
        while True:
            try:
                self.job = self.exports.create(self.request)
            except UnknownFieldsError as error:
                self._drop(error)
            else:
                break
        self._tries += 1
        self.is_running, self.recorded = True, False
        self._reach(Stage.CREATED, "created")

    def enqueue(self) -> None:
        """Have Marketo work on the job; a full queue is waited for."""
        try:
            self.exports.enqueue(self.request.object_path, self.job.export_id)
        except QueueFullError as error:
            self._await_place(error)
            return
        except ExportQuotaError:
            self._full_since = None
            # The answer to an earlier try may have been lost.
            if self._is_still_created():
                raise
        except ApiError:
            if self._look() is not None:
                raise
            self._ended_badly(None)
            return
        self._reach(Stage.IN_QUEUE, "queued", self.terms.poll_seconds)
        self._since = self.clock.monotonic()

    def poll(self) -> None:
        """Ask how the job is doing, and whether it takes too long."""
        self.due = self.clock.monotonic() + self.terms.poll_seconds
        with self._tolerance():
            job = self._look()
            if job is None or job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
                self._ended_badly(job)
            elif job.status is JobStatus.COMPLETED:
                self._complete(job)
            elif self._waited > self.terms.job_timeout_seconds:
                self._give_up(job)

    def take_up(self) -> None:
        """Find out what became of the job that an earlier run made, and go on from there."""
        self.due = self.clock.monotonic() + self.terms.poll_seconds
        with self._tolerance():
            job = self._look()
            if (
                job is None
                or job.status in (JobStatus.FAILED, JobStatus.CANCELLED)
                or self._expired(job)
            ):
                self._ask_again(f"of an earlier run is {_outcome(job)}")
            elif job.status is JobStatus.COMPLETED:
                self._complete(job)
            elif job.status is JobStatus.CREATED:
                self._reach(Stage.CREATED, "of an earlier run taken up: created")
            else:
                event = f"of an earlier run taken up: {job.status}"
                self._reach(Stage.IN_QUEUE, event, self.terms.poll_seconds)

    def fetch(self) -> None:
        """Bring the file to this machine and prove it."""
        content = _temporary_file()
        try:
            if self.job.records:
                self._download(content)
            content.seek(0)
        except BaseException as error:
            with suppress(OSError):
                # What a full disk did not take, closing would write once more.
                content.close()
            if not isinstance(error, CorruptFileError | FileNotReadyError) or not self._is_left:
                raise
            # What an earlier run could not use either must not be tried for seven days.
            self._ask_again("of an earlier run has no file that can be proven")
        else:
            self._reach(Stage.READY, f"proven: {self.job.records} records")
            self.content = content

    def cancel(self) -> None:
        """Stop the job at Marketo."""
        self.is_running = False
        self.exports.cancel(self.request.object_path, self.job.export_id)
        self._log("cancelled")

    def fail(self, error: BaseException) -> None:
        """Give up; the error surfaces where the file was to be."""
        self.stage, self.error = Stage.FAILED, error

    # What steps are made of.

    @property
    def _waited(self) -> float:
        return self.clock.monotonic() - self._since

    @property
    def _is_left(self) -> bool:
        return self.job.export_id == self.order.export_id

    def _reach(self, stage: Stage, event: str, pause: float = 0.0) -> None:
        self.stage, self.due = stage, self.clock.monotonic() + pause
        self._log(event)

    def _log(self, event: str) -> None:
        logger.info(
            "%s: export %s %s (%.0f s).", self.order, self.job.export_id, event, self._waited
        )

    @contextmanager
    def _tolerance(self) -> Iterator[None]:
        """Let a few answers pass that make no sense; the next one may."""
        try:
            yield
        except InvalidResponseError as error:
            self._odd_answers += 1
            if self._odd_answers >= ODD_ANSWERS:
                error.attempts = self._odd_answers
                raise
            logger.warning("%s Asking again in %.0f s.", error, self.terms.poll_seconds)

    def _look(self) -> ExportJob | None:
        """Return the job, or None where Marketo does not know it."""
        try:
            return self.exports.status(self.request.object_path, self.job.export_id)
        except (AccessDeniedError, CallQuotaError, CredentialsError):
            raise
        except ApiError as error:
            if error.code not in NOT_FOUND_CODES:
                # Not a word about the job, which may run: another one would be paid for too.
                raise InvalidResponseError(str(error)) from error
            logger.warning("%s", error)
            return None

    def _is_still_created(self) -> bool:
        job = self._look()
        return job is None or job.status is JobStatus.CREATED

    def _await_place(self, error: QueueFullError) -> None:
        now = self.clock.monotonic()
        if self._full_since is None:
            self._full_since = now
        if now - self._full_since > self.terms.job_timeout_seconds:
            raise error
        # Not all who wait for a place should come back together.
        pause = self.terms.poll_seconds * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        self.due = now + pause
        self._log(f"waits {pause:.0f} s for a place in the queue ({error.reason})")

    def _download(self, content: BinaryIO) -> None:
        open_at = partial(self.exports.open_file, self.request.object_path, self.job.export_id)
        size, sha256 = self.job.size or 0, self.job.sha256 or ""
        try:
            download_verified(open_at, content, self.clock, size=size, sha256=sha256)
        except (AccessDeniedError, CallQuotaError, CredentialsError, ExportQuotaError):
            raise
        except ApiError as error:
            if error.http_status != HTTPStatus.OK:
                raise
            # A completed job without a file is of no use to the next run either.
            raise FileNotReadyError(str(error)) from error

    def _drop(self, error: UnknownFieldsError) -> None:
        """Leave out fields that Marketo no longer knows, unless the file needs them."""
        narrower = self.request.without(error.fields)
        if self.order.required & set(error.fields) or narrower == self.request:
            raise error
        logger.warning(
            "Marketo no longer has the field %s of %s. It is null from now on; run discovery "
            "again to drop the column.",
            ", ".join(error.fields),
            self.order.stream,
        )
        self.gone.update(error.fields)
        self.request = narrower

    def _ask_again(self, event: str) -> None:
        """Forget the job, so that another is made."""
        self._reach(Stage.WAITING, f"{event}, asking again")
        self.job, self.is_running, self.recorded = _NO_JOB, False, False

    def _ended_badly(self, job: ExportJob | None) -> None:
        """Ask for another job in place of one that brings nothing, a few times."""
        self.is_running = False
        if self._tries >= JOB_TRIES:
            message = (
                f"Export {self.job.export_id} of {self.order} is {_outcome(job)}, as were those "
                "before it. What was delivered is safe; run again, and ask Marketo Support if it "
                "stays so."
            )
            raise ExportFailedError(message)
        self._ask_again(f"ended {_outcome(job)}")

    def _complete(self, job: ExportJob) -> None:
        """Accept a finished job, if it promises enough to prove its file."""
        if job.records == 0 or job.is_verifiable:
            self.job, self.is_running = job, False
            self._reach(
                Stage.COMPLETED, f"completed with {job.records} records in {job.size} bytes"
            )
            return
        self._odd_answers += 1
        if self._odd_answers < ODD_ANSWERS:
            event = "completed, its size, checksum or number of records still missing"
            self._reach(Stage.IN_QUEUE, event, self.terms.poll_seconds)
        elif self._is_left:
            self._ask_again("of an earlier run cannot be proven")
        else:
            message = (
                f"Marketo completed export {job.export_id} of {self.order} without saying its "
                "size, checksum and number of records, so its file cannot be proven. No row of it "
                "was used; run again."
            )
            raise CorruptFileError(message)

    def _give_up(self, job: ExportJob) -> None:
        message = (
            f"Export {job.export_id} of {self.order} is still {job.status} after "
            f"{self._waited / 60:.0f} minutes and was cancelled. What was delivered is safe; run "
            "again, with a longer job_timeout_minutes or a shorter window_days."
        )
        with suppress(MarketoBulkError):
            self.cancel()
        raise ExportTimeoutError(message)

    def _expired(self, job: ExportJob) -> bool:
        try:
            created = parse_instant(job.created_at or "")
        except ValueError:
            return False
        return self.clock.now() - created >= FILE_LIFE


def _outcome(job: ExportJob | None) -> str:
    """Say what a job that brought nothing came to."""
    if job is None:
        return "unknown to Marketo"
    return f"{job.status} ({job.error})" if job.error else str(job.status)


def _temporary_file() -> BinaryIO:
    """Return a file without a name, which no kind of death leaves behind."""
    try:
        return tempfile.TemporaryFile(prefix="tap-marketo-bulk-")
    except OSError as error:
        message = f"No temporary file can be made ({error.strerror}). Nothing was lost; run again."
        raise SpoolError(message) from error
