"""The state of one export job in a run, as a value, and the transitions between states.

::

    PLANNED -> CREATED -> IN_QUEUE -> COMPLETED -> DOWNLOADED -> READING
       ^          |          |            |
       '----------'----------'------------'   the job is useless: another one is created
    UNFINISHED -> CREATED, IN_QUEUE, COMPLETED or PLANNED   the job of an earlier run

    any -> FAILED                                           there will be no file
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import (
    DataError,
    ExportFailedError,
    ExportTimeoutError,
    FileNotReadyError,
)
from tap_marketo_bulk.extract.events import VerifiedFile

if TYPE_CHECKING:
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.marketo.export_job import ExportJob
    from tap_marketo_bulk.marketo.exports import ExportRequest

# With the same job the next run would end in the same way; with another one it may not.
_USELESS_JOB_ERRORS = (DataError, ExportFailedError, ExportTimeoutError, FileNotReadyError)


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
    READING = auto()
    """The file is being read."""
    FAILED = auto()
    """There will be no file; ``error`` is the reason."""


@dataclass(frozen=True)
class JobState:
    """The state of the job for one task.

    Attributes:
        number: The task's place in the order of reading; no two tasks of a run share it.
        task: What is exported.
        request: The task's request without the fields that Marketo does not know.
        stage: How far the job has come.
        job: Marketo's last description of the job, None where there is no job.
        attempts: Jobs that this run created for the task.
        invalid_responses: Responses about the job that made no sense.
        due: Monotonic second before which the next step is too early.
        since: Monotonic second at which the job entered its present part of life: created, or
            in the queue.
        queue_full_since: Monotonic second since which the queue has been full.
        file: The verified file, None before it is downloaded.
        error: The reason why there will be no file.
    """

    number: int
    task: ExportTask
    request: ExportRequest
    stage: JobStage
    job: ExportJob | None = None
    attempts: int = 0
    invalid_responses: int = 0
    due: float = 0.0
    since: float = 0.0
    queue_full_since: float | None = None
    file: VerifiedFile | None = None
    error: BaseException | None = None

    @property
    def export_id(self) -> str:
        """Marketo's id of the job, empty where there is no job."""
        if self.job is None:
            return (self.task.export_id or "") if self.stage is JobStage.UNFINISHED else ""
        return self.job.export_id

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run created the job."""
        return bool(self.export_id) and self.export_id == self.task.export_id

    @property
    def is_tagged(self) -> bool:
        """Whether a run without its id in STATE finds the job by its tag."""
        return bool(self.request.column_header_names)

    @property
    def unknown_fields(self) -> tuple[str, ...]:
        """The fields of the task's request that the job lacks."""
        kept = self.request.fields
        return tuple(name for name in self.task.request.fields if name not in kept)


def first_state(number: int, task: ExportTask, now: float) -> JobState:
    """Return the first state of a task."""
    stage = JobStage.UNFINISHED if task.export_id else JobStage.PLANNED
    request = task.request.without(task.unknown_fields)
    return JobState(number, task, request, stage, since=now)


def created(state: JobState, job: ExportJob, request: ExportRequest, now: float) -> JobState:
    """Return the state after a job was created."""
    return replace(
        state,
        stage=JobStage.CREATED,
        job=job,
        request=request,
        attempts=state.attempts + 1,
        due=now,
        since=now,
        queue_full_since=None,
    )


def found_created(state: JobState, job: ExportJob, now: float) -> JobState:
    """Return the state after the job of an earlier run was found to be created."""
    return replace(state, stage=JobStage.CREATED, job=job, due=now, since=now)


def in_queue(state: JobState, job: ExportJob, now: float, pause: float) -> JobState:
    """Return the state after a job was enqueued, or found in the queue."""
    return replace(
        state, stage=JobStage.IN_QUEUE, job=job, due=now + pause, since=now, queue_full_since=None
    )


def queue_full(state: JobState, now: float, pause: float) -> JobState:
    """Return the state after the queue had no place for the job."""
    since = now if state.queue_full_since is None else state.queue_full_since
    return replace(state, due=now + pause, queue_full_since=since)


def paused(state: JobState, until: float) -> JobState:
    """Return the state while the daily quota is waited for; a full queue is forgotten."""
    return replace(state, due=until, queue_full_since=None)


def polled(state: JobState, job: ExportJob, due: float) -> JobState:
    """Return the state after a status check that changed nothing."""
    return replace(state, job=job, due=due)


def responded_invalidly(state: JobState, due: float) -> JobState:
    """Return the state after a response about the job that made no sense."""
    return replace(state, invalid_responses=state.invalid_responses + 1, due=due)


def completed(state: JobState, job: ExportJob, now: float) -> JobState:
    """Return the state after Marketo finished the file."""
    return replace(state, stage=JobStage.COMPLETED, job=job, due=now)


def planned_again(state: JobState, now: float) -> JobState:
    """Return the state after a job turned out to be useless: another one is created."""
    return replace(state, stage=JobStage.PLANNED, job=None, due=now, since=now)


def downloaded(state: JobState, job: ExportJob, content: BinaryIO) -> JobState:
    """Return the state after the job's file was downloaded and verified."""
    file = VerifiedFile(state.task, state.request, job, content)
    return replace(state, stage=JobStage.DOWNLOADED, file=file)


def reading(state: JobState) -> JobState:
    """Return the state while the file is being read."""
    return replace(state, stage=JobStage.READING)


def failed(state: JobState, error: BaseException) -> JobState:
    """Return the state after an error that ends the task."""
    return replace(state, stage=JobStage.FAILED, error=error)


def makes_job_useless(error: BaseException) -> bool:
    """Return whether the job that led to an error must not be used by the next run."""
    return isinstance(error, _USELESS_JOB_ERRORS)
