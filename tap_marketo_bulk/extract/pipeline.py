"""Export tasks in, verified files out, in order, while jobs for the next files run in Marketo.

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

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.events import Event, JobCreated, JobUseless
from tap_marketo_bulk.extract.job_state import makes_job_useless
from tap_marketo_bulk.extract.job_steps import JobSteps
from tap_marketo_bulk.extract.pipeline_data import PipelineData
from tap_marketo_bulk.extract.progress import LoggedProgress, ProgressMonitor
from tap_marketo_bulk.extract.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.past_exports import PastExports
    from tap_marketo_bulk.extract.progress import ProgressReporter
    from tap_marketo_bulk.extract.tasks import ExportTask, JobPolicy
    from tap_marketo_bulk.marketo.exports import Exports


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
