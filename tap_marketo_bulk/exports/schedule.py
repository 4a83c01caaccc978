"""Which step comes next: a pure decision over the states of the jobs.

Quick steps that keep Marketo busy come before slow ones that fill the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from tap_marketo_bulk.exports.job import JobStage
from tap_marketo_bulk.marketo.limits import PROCESSING_SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_marketo_bulk.exports.job import JobNumber, JobState


# Verified files on disk that wait to be read.
MAX_FILES_AHEAD = 2
# While the daily quota is waited for, it is logged this often.
REMINDER_SECONDS = 600.0
# A job that waits behind those is polled each tenth time.
_POLLS_SKIPPED_IN_QUEUE = 9
_STAGES_WITH_DUE_TIME = (
    JobStage.PLANNED,
    JobStage.UNFINISHED,
    JobStage.CREATED,
    JobStage.COMPLETED,
)


class Step(Enum):
    """A step of ``JobSteps``."""

    CHECK_EARLIER_JOB = auto()
    ENQUEUE = auto()
    CREATE = auto()
    POLL = auto()
    DOWNLOAD = auto()


@dataclass(frozen=True)
class SchedulerSnapshot:
    """What the decision is made from; all seconds are monotonic.

    Attributes:
        jobs: The jobs in the order of reading. Of the planned ones, the first of each stream is
            enough.
        awaited: The number of the job whose file is waited for; None if none is.
        max_in_flight: Jobs that may be queued or processed at once.
        poll_seconds: The pause between two status checks of a job that is processed.
        now: The present.
        quota_retry_at: Until then nothing is created or enqueued.
    """

    jobs: Sequence[JobState]
    awaited: JobNumber | None
    max_in_flight: int
    poll_seconds: float
    now: float
    quota_retry_at: float


def next_step(
    snapshot: SchedulerSnapshot, *, with_downloads: bool = True
) -> tuple[JobState, Step] | None:
    """Return the job that has something to do now, and what; None if all must wait."""
    return next(_steps(snapshot, with_downloads=with_downloads), None)


def seconds_until_due(snapshot: SchedulerSnapshot) -> float | None:
    """Return the time until a step becomes due; None if none does."""
    moments = [job.due for job in _in_stage(snapshot.jobs, *_STAGES_WITH_DUE_TIME)]
    moments += [due for _, due in _polls(snapshot)]
    if snapshot.now < snapshot.quota_retry_at:
        moments += [snapshot.quota_retry_at, snapshot.now + REMINDER_SECONDS]
    return min((moment - snapshot.now for moment in moments if moment > snapshot.now), default=None)


def _steps(snapshot: SchedulerSnapshot, *, with_downloads: bool) -> Iterator[tuple[JobState, Step]]:
    needed = _needed(snapshot.jobs)
    for job in _due(snapshot, needed, JobStage.UNFINISHED):
        yield job, Step.CHECK_EARLIER_JOB
    if snapshot.now >= snapshot.quota_retry_at:
        yield from _jobs_to_enqueue(snapshot, needed)
        yield from _jobs_to_create(snapshot, needed)
    # Also jobs whose file is not needed: when one is done, its place in the queue is free.
    for job, due in _polls(snapshot):
        if due <= snapshot.now:
            yield job, Step.POLL
    if with_downloads:
        yield from _jobs_to_download(snapshot, needed)


def _polls(snapshot: SchedulerSnapshot) -> Iterator[tuple[JobState, float]]:
    """Yield the jobs in the queue, and when each is polled.

    Marketo processes two jobs at once, the oldest first: those behind them are polled less often.
    """
    in_queue = sorted(_in_stage(snapshot.jobs, JobStage.IN_QUEUE), key=lambda job: job.since)
    for place, job in enumerate(in_queue):
        is_behind = place >= PROCESSING_SLOTS
        yield job, job.due + is_behind * (_POLLS_SKIPPED_IN_QUEUE * snapshot.poll_seconds)


def _needed(jobs: Iterable[JobState]) -> list[JobState]:
    """Leave out jobs after a failure of their own stream: this run will not read their files."""
    failed: set[str] = set()
    needed = []
    for job in jobs:
        if job.stage is JobStage.FAILED:
            failed.add(job.task.stream)
        if job.task.stream not in failed:
            needed.append(job)
    return needed


def _jobs_to_enqueue(
    snapshot: SchedulerSnapshot, needed: list[JobState]
) -> Iterator[tuple[JobState, Step]]:
    in_queue = _count(snapshot.jobs, JobStage.IN_QUEUE)
    for job in _due(snapshot, needed, JobStage.CREATED):
        if in_queue < snapshot.max_in_flight:
            yield job, Step.ENQUEUE


def _jobs_to_create(
    snapshot: SchedulerSnapshot, needed: list[JobState]
) -> Iterator[tuple[JobState, Step]]:
    in_flight = _count(snapshot.jobs, JobStage.IN_QUEUE) + _count(needed, JobStage.CREATED)
    # Completed jobs count: a run with a slow target would pay for files that expire unread.
    started = in_flight + _count(needed, JobStage.UNFINISHED, JobStage.COMPLETED)
    for job in _due(snapshot, needed, JobStage.PLANNED):
        # Completed jobs of another stream must not keep the reader waiting for ever.
        ahead = in_flight if job.number == snapshot.awaited else started
        if ahead < snapshot.max_in_flight:
            yield job, Step.CREATE


def _jobs_to_download(
    snapshot: SchedulerSnapshot, needed: list[JobState]
) -> Iterator[tuple[JobState, Step]]:
    """Yield completed jobs while there is room; one place is kept for the awaited file."""
    room = MAX_FILES_AHEAD - _count(snapshot.jobs, JobStage.DOWNLOADED)
    downloaded = [job.number for job in _in_stage(snapshot.jobs, JobStage.DOWNLOADED)]
    if snapshot.awaited is not None and snapshot.awaited not in downloaded:
        room -= 1
    for job in _due(snapshot, needed, JobStage.COMPLETED):
        if job.number == snapshot.awaited or room > 0:
            yield job, Step.DOWNLOAD


def _in_stage(jobs: Iterable[JobState], *stages: JobStage) -> Iterator[JobState]:
    return (job for job in jobs if job.stage in stages)


def _count(jobs: Iterable[JobState], *stages: JobStage) -> int:
    return sum(1 for _ in _in_stage(jobs, *stages))


def _due(
    snapshot: SchedulerSnapshot, jobs: Iterable[JobState], stage: JobStage
) -> Iterator[JobState]:
    return (job for job in _in_stage(jobs, stage) if job.due <= snapshot.now)
