"""The export jobs of a run: one step is taken after the other, in the one thread of the tap.

Jobs for the next files run in Marketo while a file is read. A step is a call or two about one job:
create and enqueue, poll, download. The next due step is taken between two blocks of records, two
chunks of a download and two pages of a REST read, and in every wait; never inside another step.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import (
    ApiError,
    ExportQuotaError,
    ExportTimeoutError,
    MarketoBulkError,
    MarketoSystemError,
    TransientError,
)
from tap_marketo_bulk.exports.job import JobStage, has_too_long_window, makes_job_useless
from tap_marketo_bulk.exports.job_table import JobTable
from tap_marketo_bulk.exports.progress import Progress, task_title
from tap_marketo_bulk.exports.quota import PastExports, retry_after_quota
from tap_marketo_bulk.exports.schedule import (
    REMINDER_SECONDS,
    SchedulerSnapshot,
    Step,
    next_step,
    seconds_until_due,
)
from tap_marketo_bulk.exports.steps import JobSteps
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.marketo.transport import max_attempts, retry_wait_seconds
from tap_marketo_bulk.times import StepTakingClock, format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tap_marketo_bulk.exports.job import JobNumber, JobPolicy, JobState, VerifiedFile
    from tap_marketo_bulk.exports.progress import ProgressReporter
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.exports")
# While there is other work, a due step is looked for this often.
_LOOK_SECONDS = 0.5


class ExportLoop:
    """Turns export tasks into verified files, a few jobs ahead of the one that is read.

    Attributes:
        past_exports: The completed jobs that the run knows of.
    """

    def __init__(  # noqa: PLR0913 - each of the last three is a function of the state's owner
        self,
        exports: Exports,
        clock: Clock,
        policy: JobPolicy,
        reporter: ProgressReporter,
        *,
        write_job: Callable[[JobState], None],
        discard_job: Callable[[ExportTask], None],
        parts_of: Callable[[JobState, BaseException], Sequence[ExportTask]],
    ) -> None:
        """Take what the steps need; ``exports`` makes each call once.

        ``write_job`` writes a created job to STATE: only then it is enqueued, and costs quota.
        ``discard_job`` removes the job of a task from STATE: the next run creates another one.
        ``parts_of`` returns the tasks in place of one that failed, or raises its error.
        """
        self.past_exports = PastExports()
        self._jobs = JobTable()
        self._clock = clock
        self._policy = policy
        self._reporter = reporter
        self._write_job, self._discard_job = write_job, discard_job
        self._parts_of = parts_of
        self._steps = JobSteps(exports, policy, StepTakingClock(clock, self.sleep), self.title)
        self._unknown_fields: defaultdict[str, set[str]] = defaultdict(set)
        self._quota_retry_at = self._next_reminder = clock.monotonic()
        self._next_report = clock.monotonic() + reporter.interval_seconds
        self._awaited: JobNumber | None = None
        self._next_look = clock.monotonic()
        self._is_in_step = self._is_downloading = False

    def submit(self, tasks: Sequence[ExportTask]) -> None:
        """Add tasks after those that there are."""
        self._jobs.add(tasks, self._clock.monotonic())

    def files(self, stream: str) -> Iterator[VerifiedFile]:
        """Yield a stream's verified files in the order of its tasks.

        A file counts as read when the next one is asked for; then it is closed, too.

        Raises:
            MarketoBulkError: The reason why there is no file, in the place of the file.
        """
        try:
            while (number := self._jobs.next_number(stream)) is not None:
                outcome = self._wait_for_outcome(number)
                if isinstance(outcome, BaseException):
                    self._divide_or_raise(number, outcome)
                else:
                    yield outcome
                    self._jobs.remove_read_job(number)
        finally:
            self._jobs.remove_jobs_of_stream(stream)

    def take_due_step(self) -> None:
        """Take the next due step, if there is one, but no download: the caller has work to do."""
        now = self._clock.monotonic()
        if self._is_in_step or now < self._next_look:
            return
        due = self._take_next_step(with_downloads=False)
        # There are many blocks in a second, and looking for a step takes as long as a small one.
        self._next_look = now + min(_LOOK_SECONDS, _LOOK_SECONDS if due is None else due)

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds, and take the steps that become due meanwhile."""
        if self._is_in_step:
            self._clock.sleep(seconds)
            return
        deadline = self._clock.monotonic() + seconds
        while (remaining := deadline - self._clock.monotonic()) > 0:
            due = self._take_next_step(with_downloads=False)
            if due is None or due > 0:
                self._pause(min(remaining, remaining if due is None else due))

    def title(self, task: ExportTask) -> str:
        """Return the stream, the place and the window of a task as text."""
        return task_title(task, self._jobs.tasks[task.stream])

    def count_jobs_that_run_on(self) -> int:
        """Return how many jobs in Marketo's queue the next run finds."""
        return len(self._jobs.in_queue())

    def close(self) -> None:
        """Close all files. Jobs in Marketo's queue run on: STATE has them."""
        self._jobs.remove_all()
        self._reporter.close()

    def has_created_job(self, stream: str) -> bool:
        """Return whether the run has created a job of a stream."""
        return self._jobs.has_created_job(stream)

    def _wait_for_outcome(self, number: JobNumber) -> VerifiedFile | BaseException:
        self._awaited = number
        while (outcome := self._outcome(number)) is None:
            seconds = self._take_next_step(with_downloads=True)
            if seconds is None:
                message = "no step is due, and no file is there"
                raise RuntimeError(message)
            if seconds:
                self._pause(seconds)
        self._awaited = None
        return outcome

    def _divide_or_raise(self, number: JobNumber, error: BaseException) -> None:
        """Go on with parts of a task whose job cannot be made or finished.

        Raises:
            BaseException: The error, if there are no parts.
        """
        state = self._jobs.find(number)
        if state is None:
            raise error
        if isinstance(error, ExportTimeoutError):
            self._cancel_overdue_jobs()
        if has_too_long_window(state, error) and isinstance(error, MarketoSystemError):
            try:
                # A job that has ended meanwhile cannot be cancelled.
                with suppress(ApiError):
                    self._steps.cancel(state)
            except TransientError:
                # Marketo fails for all calls, and the job may run: the next run resumes it.
                raise error from None
            self._discard_job(state.task)
        elif makes_job_useless(error):
            self._discard_job(state.task)
        self._jobs.divide(number, self._parts_of(state, error), self._clock.monotonic())

    def _cancel_overdue_jobs(self) -> None:
        """Cancel the jobs that are in the queue for too long: they would block the next run."""
        timeout = self._policy.job_timeout_seconds - self._policy.poll_seconds
        now = self._clock.monotonic()
        for state in [each for each in self._jobs.in_queue() if now - each.since > timeout]:
            with suppress(MarketoBulkError):
                self._steps.cancel(state)

    def _outcome(self, number: JobNumber) -> VerifiedFile | BaseException | None:
        """Return the file of a job, or the reason why there is none; None if neither is known."""
        state = self._jobs.find(number)
        if state is None:
            return self._jobs.error_for_planned_jobs
        return state.file or state.error

    def _take_next_step(self, *, with_downloads: bool) -> float | None:
        """Take the next due step and return 0, or return how many seconds nothing is due.

        None if nothing becomes due any more.
        """
        snapshot = self._snapshot()
        with_downloads = with_downloads and not self._is_downloading
        chosen = next_step(snapshot, with_downloads=with_downloads)
        if chosen is None:
            self._log_quota_wait(snapshot)
            return seconds_until_due(snapshot)
        self._take(*chosen)
        return 0.0

    def _pause(self, seconds: float) -> None:
        """Do nothing for some seconds, or until the progress is to be shown."""
        now = self._clock.monotonic()
        if now >= self._next_report:
            self._next_report = now + self._reporter.interval_seconds
            self._reporter.report(self._progress())
        # A clock has a resolution: a shorter pause might not move it.
        self._clock.sleep(max(0.001, min(seconds, self._next_report - now)))

    def _snapshot(self) -> SchedulerSnapshot:
        return SchedulerSnapshot(
            jobs=self._jobs.schedulable(),
            awaited=self._awaited,
            max_in_flight=self._policy.max_jobs_in_flight,
            poll_seconds=self._policy.poll_seconds,
            now=self._clock.monotonic(),
            quota_retry_at=self._quota_retry_at,
        )

    def _take(self, state: JobState, step: Step) -> None:
        """Take a step. A created job is written to STATE and enqueued at once.

        In this order a job that costs quota is never lost, and one that is lost costs nothing.
        """
        after = self._state_after(state, step)
        self._jobs.replace(after)
        if step is Step.CREATE and after.stage is JobStage.CREATED:
            self._unknown_fields[after.task.stream].update(after.unknown_fields)
            self._write_job(after)
            self._jobs.replace(self._state_after(after, Step.ENQUEUE))

    def _state_after(self, state: JobState, step: Step) -> JobState:
        """Return the state after a step; an error is raised later, in the place of the file."""
        try:
            after = self._next_state(state, step)
        except ExportQuotaError as error:
            return self._after_quota_error(state, error)
        except TransientError as error:
            return self._after_failed_call(state, error)
        except Exception as error:  # noqa: BLE001 - see above
            return state.with_error(error)
        if after.stage is JobStage.COMPLETED and after.job:
            finished = after.job.finished or self._clock.now()
            self.past_exports.add(after.request.object_path, after.job, finished)
        return after

    def _next_state(self, state: JobState, step: Step) -> JobState:
        if step is Step.DOWNLOAD:
            return self._download(state)
        self._is_in_step = True
        try:
            if step is Step.CREATE:
                return self._steps.create(state, self._unknown_fields[state.task.stream])
            steps = {
                Step.ENQUEUE: self._steps.enqueue,
                Step.POLL: self._steps.poll,
                Step.CHECK_EARLIER_JOB: self._steps.check_earlier_job,
            }
            return steps[step](state)
        finally:
            self._is_in_step = False

    def _download(self, state: JobState) -> JobState:
        self._is_downloading = True
        try:
            return self._steps.download(state, self.take_due_step)
        finally:
            self._is_downloading = False

    def _after_failed_call(self, state: JobState, error: TransientError) -> JobState:
        """Have the step taken again after a growing pause, a bounded number of times."""
        failures = state.failed_calls + 1
        if error.attempts or failures >= max_attempts(error):
            error.attempts = error.attempts or failures
            return state.with_error(error)
        seconds = retry_wait_seconds(failures, error)
        logger.warning("%s; retrying in %.1f s.", error.problem, seconds)
        return replace(state, failed_calls=failures, due=self._clock.monotonic() + seconds)

    def _after_quota_error(self, state: JobState, error: ExportQuotaError) -> JobState:
        """Wait for the quota's reset, or fail what is not in the queue by now."""
        if not self._policy.waits_for_quota:
            self._jobs.fail_jobs_before_queue(error)
            return state.with_error(error)
        now = self._clock.now()
        if state.stage is JobStage.IN_QUEUE:
            # The quota has ended the job.
            state = state.with_stage(JobStage.PLANNED, None, self._clock.monotonic())
        retry_at = retry_after_quota(now)
        logger.warning("%s Waiting until %s.", error, format_instant(retry_at))
        seconds = (retry_at - now).total_seconds() + 1
        self._quota_retry_at = self._clock.monotonic() + seconds
        for each in self._jobs.begun():
            if each.stage is JobStage.CREATED:
                # A full queue is forgotten: by then it is another one.
                self._jobs.replace(replace(each, due=self._quota_retry_at, queue_full_since=None))
        return replace(state, due=self._quota_retry_at, queue_full_since=None)

    def _log_quota_wait(self, snapshot: SchedulerSnapshot) -> None:
        seconds = snapshot.quota_retry_at - snapshot.now
        if seconds > 0 and snapshot.now >= self._next_reminder:
            self._next_reminder = snapshot.now + REMINDER_SECONDS
            minutes = seconds / 60
            logger.info("Waiting %.0f more minutes for Marketo's export quota.", minutes)

    def _progress(self) -> Progress:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        begun = self._jobs.begun()
        in_queue = self._jobs.in_queue()
        processing = [
            each for each in in_queue if each.job and each.job.status is JobStatus.PROCESSING
        ]
        windows_done, windows = self._jobs.count_windows()
        return Progress(
            processing=len(processing),
            queued=len(in_queue) - len(processing),
            without_place=sum(1 for each in begun if each.queue_full_since is not None),
            oldest_seconds=max(
                (_seconds_in_queue(each, now, monotonic) for each in in_queue), default=None
            ),
            windows_done=windows_done,
            windows=windows,
            bytes_today=self.past_exports.bytes_today(now),
            is_awaited=self._awaited is not None,
        )


def _seconds_in_queue(state: JobState, now: datetime, monotonic: float) -> float:
    """Return how long a job has been in the queue: by Marketo, or since this run knows it."""
    if state.job and state.job.queued:
        return max(0.0, (now - state.job.queued).total_seconds())
    return monotonic - state.since
