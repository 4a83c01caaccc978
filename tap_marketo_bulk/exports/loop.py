"""The jobs of a run: those that wait for their turn, and those that have begun.

What the reader and the worker of a pipeline share.

The worker thread: takes the steps of all jobs, one after the other, until the run ends.

Export tasks in, verified files out, in order, while jobs for the next files run in Marketo.

Two threads::

    the reader (main thread)                  the worker thread, see worker.py
    ------------------------                  -----------------
    read()          yields events and files   takes one step after another: resume, create,
    iter_new_jobs()  yields new job ids           enqueue, poll, download
    close()         ends the worker           and at the end cancels jobs that nobody knows

The worker alone calls Marketo about jobs; the reader alone touches Singer state. Job states are
values; they are replaced in the job table, under the lock of ``PipelineData``.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import ExportQuotaError, MarketoBulkError
from tap_marketo_bulk.exports import job as job_state
from tap_marketo_bulk.exports.job import Event, JobCreated, JobStage, JobUseless, makes_job_useless
from tap_marketo_bulk.exports.progress import LoggedProgress, ProgressMonitor
from tap_marketo_bulk.exports.quota import PastExports, retry_after_quota
from tap_marketo_bulk.exports.schedule import (
    REMINDER_SECONDS,
    SchedulerSnapshot,
    Step,
    next_step,
    seconds_until_due,
)
from tap_marketo_bulk.exports.steps import JobSteps
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from tap_marketo_bulk.exports.job import JobState, VerifiedFile
    from tap_marketo_bulk.exports.progress import ProgressReporter
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.plan.planner import ExportTask, JobPolicy
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.exports")


_STAGES_BEFORE_QUEUE = (JobStage.PLANNED, JobStage.CREATED)


class JobTable:
    """Job states by number; whoever uses it from two threads holds a lock.

    Looking for the next step costs no more with a thousand planned jobs than with ten.

    Attributes:
        error_for_planned_jobs: The reason why no planned job will be created any more.
    """

    def __init__(self) -> None:
        """Begin without jobs."""
        self.error_for_planned_jobs: BaseException | None = None
        self._count = 0
        self._numbers: defaultdict[str, deque[int]] = defaultdict(deque)
        self._planned: defaultdict[str, deque[JobState]] = defaultdict(deque)
        self._begun: dict[int, JobState] = {}
        self._windows_done = 0

    def add(self, tasks: Iterable[ExportTask], now: float) -> None:
        """Add a job for each task, after those that there are."""
        for task in tasks:
            state = job_state.first_state(self._count, task, now)
            self._count += 1
            self._numbers[task.stream].append(state.number)
            if state.stage is JobStage.PLANNED:
                self._planned[task.stream].append(state)
            else:
                self._begun[state.number] = state

    def job_numbers(self, stream: str) -> list[int]:
        """Return the numbers of a stream's jobs in the order of reading."""
        return list(self._numbers[stream])

    def find(self, number: int) -> JobState | None:
        """Return the state of a job that has begun, None for one that is planned or removed."""
        return self._begun.get(number)

    def begun(self) -> list[JobState]:
        """Return the jobs that have begun in the order of reading."""
        return [self._begun[number] for number in sorted(self._begun)]

    def in_queue(self) -> list[JobState]:
        """Return the jobs in Marketo's queue; needs no lock, since a signal must not wait."""
        return [each for each in tuple(self._begun.values()) if each.stage is JobStage.IN_QUEUE]

    def count_windows(self) -> tuple[int, int]:
        """Return how many windows are done, and how many there are with those to be read."""
        unread = chain(self._begun.values(), *self._planned.values())
        remaining = sum(1 for each in unread if each.task.is_last_of_window)
        return self._windows_done, self._windows_done + remaining

    def schedulable(self) -> list[JobState]:
        """Return the jobs that have begun and the next planned one of each stream."""
        first = (
            []
            if self.error_for_planned_jobs
            else [each[0] for each in self._planned.values() if each]
        )
        return sorted([*self._begun.values(), *first], key=lambda state: state.number)

    def replace(self, state: JobState) -> bool:
        """Put a new state in place of the job's last one; returns False if it was removed."""
        planned = self._planned[state.task.stream]
        if state.number in self._begun:
            self._begun[state.number] = state
        elif planned and planned[0].number == state.number:
            planned.popleft()
            self._begun[state.number] = state
        else:
            return False
        return True

    def mark_as_reading(self, number: int) -> None:
        """Put a job whose file is verified into the stage of reading."""
        for state in [each for each in self.begun() if each.number == number and each.file]:
            self.replace(job_state.reading(state))

    def fail_jobs_before_queue(self, error: BaseException) -> None:
        """Fail every job that is not in the queue yet."""
        self.error_for_planned_jobs = error
        unqueued = [each for each in self.begun() if each.stage in _STAGES_BEFORE_QUEUE]
        for state in unqueued:
            self.replace(job_state.failed(state, error))

    def fail_jobs_without_file(self, error: BaseException) -> None:
        """Fail every job whose file is not on local disk."""
        self.error_for_planned_jobs = error
        for state in [each for each in self.begun() if each.file is None]:
            self.replace(job_state.failed(state, error))

    def remove_read_job(self, number: int) -> list[JobState]:
        """Remove a job whose file was read to its end; returns its last state."""
        removed = self.remove_jobs(number)
        self._windows_done += sum(1 for each in removed if each.task.is_last_of_window)
        return removed

    def remove_jobs(self, *numbers: int) -> list[JobState]:
        """Remove jobs; return the last states of those that had begun."""
        removed = [self._begun.pop(number) for number in numbers if number in self._begun]
        for state in removed:
            self._numbers[state.task.stream].remove(state.number)
        return removed

    def remove_jobs_of_stream(self, stream: str) -> list[JobState]:
        """Remove all jobs of a stream; returns the last states of those that had begun."""
        self._planned[stream].clear()
        removed = self.remove_jobs(*self._numbers[stream])
        self._numbers[stream].clear()
        return removed

    def remove_all(self) -> list[JobState]:
        """Remove all jobs; returns the last states of those that had begun."""
        return [
            state for stream in tuple(self._numbers) for state in self.remove_jobs_of_stream(stream)
        ]


# Without its id in STATE, the job of one of these would be paid for again by the next run.
_STAGES_WITH_JOB = frozenset(
    (JobStage.CREATED, JobStage.IN_QUEUE, JobStage.COMPLETED, JobStage.DOWNLOADED, JobStage.READING)
)


@dataclass
class PipelineData:
    """Everything here is read and changed under the lock ``changed`` only.

    Attributes:
        changed: The lock, and the condition that something changed.
        jobs: The jobs of the run.
        past_exports: The completed jobs that the run knows of.
        abandoned: Removed jobs that the worker has to look at: some must be cancelled.
        persisted_ids: The job ids that are in a STATE message.
        awaited: The number of the job that the reader waits for.
        enqueues_without_state: The target has stopped reading, so jobs are enqueued without STATE.
        reader_waits_for_marketo: The reader itself calls Marketo.
        is_closing: The run ends.
    """

    changed: threading.Condition = field(default_factory=threading.Condition)
    jobs: JobTable = field(default_factory=JobTable)
    past_exports: PastExports = field(default_factory=PastExports)
    abandoned: list[JobState] = field(default_factory=list)
    persisted_ids: set[str] = field(default_factory=set)
    awaited: int | None = None
    enqueues_without_state: bool = False
    reader_waits_for_marketo: bool = False
    is_closing: bool = False

    def outcome(self, number: int) -> VerifiedFile | BaseException | None:
        """Return the verified file of a job, or the reason why there will be no file.

        None while neither is certain.
        """
        state = self.jobs.find(number)
        if state is None:
            return self.jobs.error_for_planned_jobs
        return state.file or state.error

    def unpersisted_jobs(self) -> list[JobState]:
        """Return the jobs that cost quota, or will, and are in no STATE yet."""
        return [
            state
            for state in self.jobs.begun()
            if state.stage in _STAGES_WITH_JOB and state.export_id not in self.persisted_ids
        ]

    def mark_persisted(self, export_id: str) -> None:
        """Record that a job's id is in STATE."""
        self.persisted_ids.add(export_id)
        self.enqueues_without_state = False
        self.changed.notify_all()

    def release_removed(self, states: Iterable[JobState]) -> None:
        """Close the files of removed jobs, and have the worker look after what still runs."""
        for state in states:
            self.abandoned.append(state)
            if state.file:
                state.file.content.close()
        self.changed.notify_all()


class Worker:
    """Takes the steps; it alone calls Marketo about export jobs."""

    def __init__(
        self,
        shared: PipelineData,
        steps: JobSteps,
        clock: Clock,
        monitor: ProgressMonitor,
        stall_seconds: float,
    ) -> None:
        """Take no step yet.

        Args:
            shared: What the worker shares with the reader.
            steps: The calls about jobs.
            clock: The time in which Marketo is waited for.
            monitor: Shows the progress while there is nothing to do.
            stall_seconds: When the reader does not look for new job ids for this long, the target
                has stopped reading, and Marketo is kept busy without STATE. Real time.
        """
        self._shared = shared
        self._steps = steps
        self._policy = steps.policy
        self._clock = clock
        self._monitor = monitor
        self._stall_seconds = stall_seconds
        self._unknown_fields: defaultdict[str, set[str]] = defaultdict(set)
        self._quota_retry_at = self._next_reminder = clock.monotonic()

    def run(self) -> None:
        """Take steps until the run is closed, then cancel jobs that nobody will read."""
        try:
            while not self._shared.is_closing:
                self._run_once()
            with self._shared.changed:
                self._shared.release_removed(self._shared.jobs.remove_all())
            self._cancel_abandoned()
        except BaseException as error:  # noqa: BLE001 - the reader raises it
            with self._shared.changed:
                self._shared.jobs.fail_jobs_without_file(error)
                self._shared.changed.notify_all()

    def _run_once(self) -> None:
        """Take one step, or wait until there is one to take."""
        self._cancel_abandoned()
        with self._shared.changed:
            snapshot = self._snapshot()
            chosen = next_step(snapshot)
            if chosen is None and not self._shared.is_closing and not self._shared.abandoned:
                self._log_quota_wait(snapshot)
                self._monitor.report_if_due(self._shared)
                self._clock.wait(self._shared.changed, self._seconds_to_wait(snapshot))
        if chosen:
            self._take(*chosen)

    def _seconds_to_wait(self, snapshot: SchedulerSnapshot) -> float | None:
        """Return the time until the next step or report; None while only the reader has work."""
        seconds = seconds_until_due(snapshot)
        return None if seconds is None else min(seconds, self._monitor.seconds_until_report())

    def _snapshot(self) -> SchedulerSnapshot:
        return SchedulerSnapshot(
            jobs=self._shared.jobs.schedulable(),
            awaited=self._shared.awaited,
            persisted_ids=self._shared.persisted_ids,
            max_in_flight=self._policy.max_jobs_in_flight,
            now=self._clock.monotonic(),
            quota_retry_at=self._quota_retry_at,
            enqueues_without_state=self._shared.enqueues_without_state,
        )

    def _take(self, state: JobState, step: Step) -> None:
        """Take a step; what goes wrong becomes the job's error, which the reader raises."""
        try:
            state = self._next_state(state, step)
        except ExportQuotaError as error:
            state = self._after_quota_error(state, error)
        except BaseException as error:  # noqa: BLE001 - the reader raises it
            state = job_state.failed(state, error)
        if state.stage is JobStage.COMPLETED and state.job:
            finished = state.job.finished or self._clock.now()
            self._shared.past_exports.add(state.request.object_path, state.job, finished)
        with self._shared.changed:
            if not self._shared.jobs.replace(state):
                # The reader gave the stream up while the step was taken.
                self._shared.release_removed([state])
            self._unknown_fields[state.task.stream].update(state.unknown_fields)
            self._shared.changed.notify_all()
            if state.stage is JobStage.CREATED and not self._shared.enqueues_without_state:
                # A created job costs nothing, an enqueued one does: first into STATE.
                self._shared.enqueues_without_state = not self._await_persisted(state)

    def _next_state(self, state: JobState, step: Step) -> JobState:
        if step is Step.CREATE:
            return self._steps.create(state, self._unknown_fields[state.task.stream])
        steps = {
            Step.CHECK_EARLIER_JOB: self._steps.check_earlier_job,
            Step.ENQUEUE: self._steps.enqueue,
            Step.POLL: self._steps.poll,
            Step.DOWNLOAD: self._steps.download,
        }
        return steps[step](state)

    def _await_persisted(self, state: JobState) -> bool:
        """Wait until a job's id is in STATE; returns False where the target stopped reading."""

        def is_settled() -> bool:
            is_persisted = state.export_id in self._shared.persisted_ids
            is_removed = self._shared.jobs.find(state.number) is None
            return is_persisted or is_removed or self._shared.is_closing

        while not self._shared.changed.wait_for(is_settled, self._stall_seconds):
            if not self._shared.reader_waits_for_marketo:
                return False
        return True

    def _after_quota_error(self, state: JobState, error: ExportQuotaError) -> JobState:
        """Wait for the quota's reset, or fail what is not in the queue by now."""
        with self._shared.changed:
            if not self._policy.waits_for_quota:
                self._shared.jobs.fail_jobs_before_queue(error)
                return job_state.failed(state, error)
            now = self._clock.now()
            retry_at = retry_after_quota(now)
            logger.warning("%s Waiting until %s.", error, format_instant(retry_at))
            seconds = (retry_at - now).total_seconds() + 1
            self._quota_retry_at = self._clock.monotonic() + seconds
            for each in self._shared.jobs.begun():
                if each.stage is JobStage.CREATED:
                    self._shared.jobs.replace(job_state.paused(each, self._quota_retry_at))
            return job_state.paused(state, self._quota_retry_at)

    def _log_quota_wait(self, snapshot: SchedulerSnapshot) -> None:
        seconds = snapshot.quota_retry_at - snapshot.now
        if seconds > 0 and snapshot.now >= self._next_reminder:
            self._next_reminder = snapshot.now + REMINDER_SECONDS
            minutes = seconds / 60
            logger.info("Waiting %.0f more minutes for Marketo's export quota.", minutes)

    def _cancel_abandoned(self) -> None:
        while self._shared.abandoned:
            state = self._shared.abandoned.pop()
            if self._is_wasted(state):
                with suppress(MarketoBulkError):
                    self._steps.cancel(state)

    def _is_wasted(self, state: JobState) -> bool:
        """Return whether Marketo would finish a job that no run reads.

        Either no STATE has it and it has no tag, or it is overdue.
        An overdue job would end the next run in the same way.
        """
        if state.job is None or state.job.status.is_terminal:
            return False
        waited = self._clock.monotonic() - state.since + self._policy.poll_seconds
        is_overdue = waited > self._policy.job_timeout_seconds
        is_in_queue = state.stage is JobStage.IN_QUEUE
        # The next run finds a job by its tag once its file is complete.
        is_findable = is_in_queue and state.is_tagged
        is_known = state.export_id in self._shared.persisted_ids or is_findable
        return not is_known or (is_in_queue and is_overdue)


class Pipeline:
    """Turns export tasks into verified files, a few jobs ahead of the reader."""

    # See Worker.
    STALL_SECONDS = 10.0
    # How long the end of a run waits for a call in progress.
    SHUTDOWN_TIMEOUT_SECONDS = 5.0

    def __init__(
        self,
        exports: Exports,
        clock: Clock,
        policy: JobPolicy,
        reporter: ProgressReporter | None = None,
    ) -> None:
        """Make no call yet.

        Args:
            exports: Marketo's export jobs.
            clock: The time in which Marketo is waited for.
            policy: How jobs are treated.
            reporter: Shows the progress; by default it is logged.
        """
        self._clock = clock
        self._shared = PipelineData()
        steps = JobSteps(exports, policy, clock)
        monitor = ProgressMonitor(reporter or LoggedProgress(), clock)
        self._worker = Worker(self._shared, steps, clock, monitor, self.STALL_SECONDS)
        self._thread: threading.Thread | None = None

    @property
    def past_exports(self) -> PastExports:
        """The completed jobs that the run knows of."""
        return self._shared.past_exports

    def submit(self, tasks: Sequence[ExportTask]) -> None:
        """Add tasks after those that there are; work on them begins at once."""
        with self._shared.changed:
            self._shared.persisted_ids.update(task.export_id for task in tasks if task.export_id)
            self._shared.jobs.add(tasks, self._clock.monotonic())
            if tasks and self._thread is None:
                run = self._worker.run
                self._thread = threading.Thread(target=run, name="exports", daemon=True)
                self._thread.start()
            self._shared.changed.notify_all()

    def read(self, stream: str) -> Generator[Event, None, None]:
        """Yield a stream's verified files in the order of its tasks, and events between them.

        An event counts as handled when the next one is asked for; then a file is closed, too.

        Raises:
            MarketoBulkError: The reason why there is no file, in the place of the file.
        """
        try:
            with self._shared.changed:
                numbers = self._shared.jobs.job_numbers(stream)
            for number in numbers:
                yield from self._events_until_file(number)
                self._release(number)
        finally:
            with self._shared.changed:
                self._shared.release_removed(self._shared.jobs.remove_jobs_of_stream(stream))

    def iter_new_jobs(self) -> Iterator[JobCreated]:
        """Yield the jobs whose ids are not in STATE yet, of all streams.

        A job counts as persisted when the next one is asked for.
        """
        with self._shared.changed:
            new = self._shared.unpersisted_jobs()
        for state in new:
            created = state.job.created if state.job else None
            yield JobCreated(state.task, state.export_id, created, state.unknown_fields)
            with self._shared.changed:
                self._shared.mark_persisted(state.export_id)

    def count_jobs_that_run_on(self) -> int:
        """Return how many jobs in Marketo's queue the next run finds; needs no lock."""
        return sum(
            1
            for each in self._shared.jobs.in_queue()
            if each.is_tagged or each.export_id in self._shared.persisted_ids
        )

    @contextmanager
    def reader_is_waiting_for_marketo(self) -> Generator[None]:
        """While this lasts, the reader itself calls Marketo: the target has not stopped reading."""
        self._shared.reader_waits_for_marketo = True
        try:
            yield
        finally:
            self._shared.reader_waits_for_marketo = False

    def close(self) -> None:
        """End the worker. It cancels jobs that are in no STATE or overdue; the others run on."""
        with self._shared.changed:
            self._shared.is_closing = True
            self._shared.changed.notify_all()
        if self._thread:
            # Not longer: somebody waits for the end of the process.
            self._thread.join(self.SHUTDOWN_TIMEOUT_SECONDS)
        with self._shared.changed:
            self._shared.release_removed(self._shared.jobs.remove_all())

    def _events_until_file(self, number: int) -> Iterator[Event]:
        shared = self._shared
        with shared.changed:
            shared.awaited = number
            shared.changed.notify_all()
        while (outcome := shared.outcome(number)) is None:
            yield from self.iter_new_jobs()
            with shared.changed:
                shared.changed.wait_for(lambda: shared.outcome(number) or shared.unpersisted_jobs())
        yield from self.iter_new_jobs()
        with shared.changed:
            shared.awaited = None
            shared.jobs.mark_as_reading(number)
            shared.changed.notify_all()
        if isinstance(outcome, BaseException):
            yield from self._useless_job(number, outcome)
            raise outcome
        yield outcome

    def _useless_job(self, number: int, error: BaseException) -> Iterator[JobUseless]:
        state = self._shared.jobs.find(number)
        if state and makes_job_useless(error):
            yield JobUseless(state.task)

    def _release(self, number: int) -> None:
        with self._shared.changed:
            self._shared.release_removed(self._shared.jobs.remove_read_job(number))
