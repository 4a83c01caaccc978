"""The worker thread: takes the steps of all jobs, one after the other, until the run ends."""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import ExportQuotaError, MarketoBulkError
from tap_marketo_bulk.extract import job_state
from tap_marketo_bulk.extract.job_state import JobStage
from tap_marketo_bulk.extract.quota import retry_after_quota
from tap_marketo_bulk.extract.schedule import (
    REMINDER_SECONDS,
    SchedulerSnapshot,
    Step,
    next_step,
    seconds_until_due,
)
from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.job_state import JobState
    from tap_marketo_bulk.extract.job_steps import JobSteps
    from tap_marketo_bulk.extract.pipeline_data import PipelineData
    from tap_marketo_bulk.extract.progress import ProgressMonitor

logger = logging.getLogger("tap-marketo-bulk.exports")


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
