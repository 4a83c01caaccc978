"""One export job in a run: its state as a value, and what descriptions and errors of it mean.

::

    PLANNED -> CREATED -> IN_QUEUE -> COMPLETED -> DOWNLOADED
       ^          |          |            |
       '----------'----------'------------'   the job is useless: another one is created
    UNFINISHED -> CREATED, IN_QUEUE, COMPLETED or PLANNED   the job of an earlier run

    any -> FAILED                                           there will be no file
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import (
    ApiError,
    CorruptFileError,
    DataError,
    ExportFailedError,
    ExportTimeoutError,
    FileNotReadyError,
    MarketoSystemError,
    UnknownFieldsError,
)
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tap_marketo_bulk.marketo.limits import FILE_LIFE

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from tap_marketo_bulk.marketo.exports import ExportRequest
    from tap_marketo_bulk.plan.planner import ExportTask

logger = logging.getLogger("tap-marketo-bulk.exports")
# With the same job the next run would end in the same way; with another one it may not.
_USELESS_JOB_ERRORS = (DataError, ExportFailedError, ExportTimeoutError, FileNotReadyError)


@dataclass(frozen=True)
class JobPolicy:
    """How often jobs are polled, how long they are waited for, and how many there are at once.

    Attributes:
        poll_seconds: The pause between two status checks of a job.
        job_timeout_seconds: After so long in the queue a job is cancelled.
        max_jobs_in_flight: The most jobs that are queued or processed at once.
        tags_jobs: Whether jobs get a tag by which a run without state finds them.
        waits_for_quota: Whether a used up daily quota is waited for; otherwise it is an error.
        extra_lead_fields: The lead fields that a setting names; discovery does not list them.
    """

    poll_seconds: float
    job_timeout_seconds: float
    max_jobs_in_flight: int
    tags_jobs: bool = False
    waits_for_quota: bool = False
    extra_lead_fields: frozenset[str] = frozenset()


@dataclass(frozen=True)
class VerifiedFile:
    """A file with the size and checksum that its job reported, at its beginning.

    Attributes:
        task: What was exported.
        request: The task's request without fields that Marketo does not know.
        job: The job.
        content: The file.
    """

    task: ExportTask
    request: ExportRequest
    job: ExportJob
    content: BinaryIO


class JobStage(Enum):
    """How far a job has come."""

    PLANNED = auto()
    """No job exists."""
    UNFINISHED = auto()
    """An earlier run created the job; its status is not known yet."""
    CREATED = auto()
    """The job exists. It costs nothing before it is enqueued."""
    IN_QUEUE = auto()
    """The job is queued or processed."""
    COMPLETED = auto()
    """Marketo has the file."""
    DOWNLOADED = auto()
    """The file is on local disk and verified."""
    FAILED = auto()
    """There will be no file; ``error`` is the reason."""


JobNumber = tuple[int, ...]


@dataclass(frozen=True)
class JobState:
    """The state of the job for one task.

    Attributes:
        number: The task's place in the order of reading; no two tasks of a run share it. The
            parts of a task have its number and one more.
        task: What is exported.
        request: The task's request without the fields that Marketo does not know.
        stage: How far the job has come.
        job: Marketo's last description of the job, None if there is no job.
        attempts: Jobs that this run created for the task.
        invalid_responses: Responses about the job that made no sense.
        failed_calls: Calls about the job that failed, since the last one that did not.
        due: Monotonic second before which the next step is too early.
        since: Monotonic second at which the job was created or entered the queue.
        queue_full_since: Monotonic second since which the queue has been full.
        file: The verified file, None before it is downloaded.
        error: The reason why there will be no file.
    """

    number: JobNumber
    task: ExportTask
    request: ExportRequest
    stage: JobStage
    job: ExportJob | None = None
    attempts: int = 0
    invalid_responses: int = 0
    failed_calls: int = 0
    due: float = 0.0
    since: float = 0.0
    queue_full_since: float | None = None
    file: VerifiedFile | None = None
    error: BaseException | None = None

    @property
    def export_id(self) -> str:
        """Marketo's id of the job, empty if there is no job."""
        if self.job is None:
            is_of_earlier_run = self.stage in (JobStage.UNFINISHED, JobStage.FAILED)
            return (self.task.export_id or "") if is_of_earlier_run else ""
        return self.job.export_id

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run created the job."""
        return bool(self.export_id) and self.export_id == self.task.export_id

    @property
    def unknown_fields(self) -> tuple[str, ...]:
        """The fields of the task's request that the job lacks."""
        kept = self.request.fields
        return tuple(name for name in self.task.request.fields if name not in kept)

    def with_stage(
        self, stage: JobStage, job: ExportJob | None, now: float, pause: float = 0.0
    ) -> JobState:
        """Return the state at a later stage, of which the next step is due after a pause."""
        return replace(
            self,
            stage=stage,
            job=job,
            due=now + pause,
            since=now,
            failed_calls=0,
            queue_full_since=None,
        )

    def with_new_job(self, job: ExportJob, request: ExportRequest, now: float) -> JobState:
        """Return the state after a job was created for a request."""
        created = self.with_stage(JobStage.CREATED, job, now)
        return replace(created, request=request, attempts=self.attempts + 1)

    def with_file(self, job: ExportJob, content: BinaryIO) -> JobState:
        """Return the state after the job's file was downloaded and verified."""
        file = VerifiedFile(self.task, self.request, job, content)
        return replace(self, stage=JobStage.DOWNLOADED, file=file)

    def with_error(self, error: BaseException) -> JobState:
        """Return the state after an error that ends the task."""
        return replace(self, stage=JobStage.FAILED, error=error)


def first_state(number: JobNumber, task: ExportTask, now: float) -> JobState:
    """Return the first state of a task."""
    stage = JobStage.UNFINISHED if task.export_id else JobStage.PLANNED
    request = task.request.without(task.unknown_fields)
    return JobState(number, task, request, stage, due=now, since=now)


def makes_job_useless(error: BaseException) -> bool:
    """Return whether the job that led to an error must not be used by the next run."""
    return isinstance(error, _USELESS_JOB_ERRORS)


def is_refused(state: JobState, error: BaseException) -> bool:
    """Return whether Marketo refused to create the job of a task, for a reason of the request."""
    return state.job is None and type(error) is ApiError


def has_too_long_window(state: JobState, error: BaseException) -> bool:
    """Return whether a job for a shorter window may end where this one did not.

    A job that waits in the queue for too long waits for others: more jobs would wait as well. A
    completed job is paid, and its file can be downloaded later.
    """
    status = state.job.status if state.job else None
    if isinstance(error, ExportTimeoutError):
        return status is JobStatus.PROCESSING
    is_without_file = bool(state.export_id) and status is not JobStatus.COMPLETED
    return is_without_file and isinstance(error, MarketoSystemError)


# A job that Marketo fails, or that somebody cancels, is created again until there were this many.
MAX_ATTEMPTS = 3
# This many responses about a job may make no sense: an unknown status, or a completed job without
# the checksum that its file is verified with.
MAX_INVALID_RESPONSES = 3
# How Marketo may answer that it does not know a job; nobody has established which it is.
NOT_FOUND_CODES = frozenset(("404", "610", "702", "1003", "1013"))


def ended_without_file(job: ExportJob | None) -> bool:
    """Return whether there will be no file; None is a job that Marketo does not know."""
    return job is None or job.status in (JobStatus.FAILED, JobStatus.CANCELLED)


def is_expired(job: ExportJob | None, now: datetime) -> bool:
    """Return whether Marketo has deleted the job's file by now."""
    created = job.created if job else None
    return created is not None and now - created >= FILE_LIFE


def can_be_verified(job: ExportJob) -> bool:
    """Return whether a completed job's description is enough to verify its file with."""
    return job.is_verifiable or (job.records == 0 and not job.size)


def outcome_text(job: ExportJob | None) -> str:
    """Return the end of a job without a file as text."""
    if job is None:
        return "unknown to Marketo"
    return f"{job.status} ({job.error})" if job.error else str(job.status)


def request_without_unknown_fields(
    state: JobState,
    request: ExportRequest,
    error: UnknownFieldsError,
    extra_lead_fields: Collection[str],
) -> ExportRequest:
    """Return the request without fields that Marketo does not know, and warn of it.

    Args:
        state: The planned job.
        request: Its request, without fields that are known to be unknown.
        error: Names the fields.
        extra_lead_fields: The lead fields that a setting names; discovery does not list them.

    Raises:
        UnknownFieldsError: The file needs one of them, or the request has none of them.
    """
    narrower = request.without(error.fields)
    if state.task.required_fields & set(error.fields) or narrower == request:
        raise error
    extra = set(extra_lead_fields if request.object_path == "leads" else ()) & set(error.fields)
    if extra:
        logger.warning(
            "Marketo does not know the field %s, which the setting extra_lead_fields names. Its "
            "column is null; correct the setting, and run discovery again to remove the column.",
            ", ".join(sorted(extra)),
        )
    if removed := [name for name in error.fields if name not in extra]:
        logger.warning(
            "Marketo does not know the field %s of %s. It is null from now on; run discovery again "
            "to remove the column.",
            ", ".join(removed),
            state.task.stream,
        )
    return narrower


def export_failed_error(state: JobState, job: ExportJob | None) -> ExportFailedError:
    """Return the error for a task whose jobs ended without a file, one after the other."""
    return ExportFailedError(
        f"Export {state.export_id} of {state.task} is {outcome_text(job)}, as were the "
        f"{state.attempts - 1} before it. The windows before it are complete; run again, and ask "
        "Marketo Support if it happens again."
    )


def unverifiable_file_error(state: JobState, job: ExportJob) -> CorruptFileError:
    """Return the error for a completed job that lacks what its file is verified with."""
    return CorruptFileError(
        f"Marketo completed export {job.export_id} of {state.task} without its size, checksum and "
        "number of records, so its file cannot be verified. No row of it was used; run again."
    )


def export_timeout_error(state: JobState, job: ExportJob, seconds: float) -> ExportTimeoutError:
    """Return the error for a job that took too long."""
    return ExportTimeoutError(
        f"Export {job.export_id} of {state.task} was still {job.status} after {seconds / 60:.0f} "
        "minutes and was cancelled. The windows before it are complete; run again, with a longer "
        "job_timeout_minutes."
    )
