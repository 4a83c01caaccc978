"""One run of the tap: plans the exports, reacts to what happens to them, and owns the state."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from tap_marketo_bulk.errors import (
    ExportQuotaError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.extract.events import VerifiedFile
from tap_marketo_bulk.extract.job_state import makes_job_useless
from tap_marketo_bulk.extract.pipeline import Pipeline
from tap_marketo_bulk.extract.planner import stream_of
from tap_marketo_bulk.extract.read_progress import after_window, bookmark_of
from tap_marketo_bulk.extract.unknown_jobs import UnknownJobFinder
from tap_marketo_bulk.extract.windows import SyncPeriod, sync_horizon
from tap_marketo_bulk.streams.export_group import warn_of_skipped_changes
from tap_marketo_bulk.streams.job_reconciler import JobReconciler
from tap_marketo_bulk.streams.postponed_errors import PostponedErrors
from tap_marketo_bulk.streams.statistics import RunStatistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.read_modes import ReadMode
    from tap_marketo_bulk.extract.records import Record
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.export_group import ExportGroup
    from tap_marketo_bulk.streams.state_store import StateStore

logger = logging.getLogger("tap-marketo-bulk")

_T = TypeVar("_T")


class SelectedStreams(Protocol):
    """The streams that a run reads."""

    def export_groups(self) -> Sequence[ExportGroup]:
        """Return those with export jobs, in the order of reading."""
        ...

    def last_stream(self) -> str:
        """Return the name of the stream that is read last."""
        ...


class SyncRun:
    """Everything that the streams of one run share.

    Attributes:
        settings: The settings of the tap.
        period: Where this run begins and stops reading.
        state_store: The bookmarks and unfinished jobs.
        pipeline: The export jobs.
        statistics: What is counted of each stream.
        postponed_errors: The errors that are raised after the last stream.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        exports: Exports,
        state_store: StateStore,
        streams: SelectedStreams,
    ) -> None:
        """Make no call yet.

        Args:
            settings: The settings of the tap.
            clock: The time in which Marketo is waited for.
            exports: Marketo's export jobs.
            state_store: The bookmarks and unfinished jobs.
            streams: The streams to read; they may not be known yet.
        """
        self.settings = settings
        horizon = sync_horizon(clock.now(), lag=settings.lag, end=settings.end)
        self.period = SyncPeriod(settings.start, horizon, settings.window)
        self.state_store = state_store
        self.pipeline = Pipeline(exports, clock, settings.job_policy)
        self.statistics = RunStatistics(settings.invalid_values)
        policy = settings.job_policy
        unknown_jobs = UnknownJobFinder(exports, policy, clock) if policy.tags_jobs else None
        self._job_reconciler = JobReconciler(exports, state_store, unknown_jobs)
        self._clock = clock
        self._streams = streams
        self._groups: dict[str, ExportGroup] = {}
        self._modes: dict[str, ReadMode] = {}
        self.postponed_errors = PostponedErrors(settings.on_quota_exceeded)
        self._incomplete: set[str] = set()

    def plan(self) -> list[ExportTask]:
        """Return the tasks of this run in the order of reading; nothing is asked of Marketo."""
        return [
            task
            for group in self._streams.export_groups()
            for task in group.tasks(self._modes_of(group), self.state_store, self.period)
        ]

    def mode_of(self, stream: MarketoStream) -> ReadMode:
        """Return how a stream is read in this run."""
        return self._modes.get(stream.name) or stream.read_mode()

    # Streams with export jobs.

    def read(
        self, group: ExportGroup, read_file: Callable[[VerifiedFile], Iterator[Record]]
    ) -> Iterator[Record]:
        """Yield the records of a group's files, and move bookmarks between them.

        Where the daily quota is used up, the group ends early; the run ends with an error, or
        with a warning, after its last stream.

        Args:
            group: The streams to read. The first group that is read submits the tasks of all.
            read_file: Yields the records of one file that are not written yet.
        """
        try:
            self._start()
            yield from self._read_with_fallback(group, read_file)
        except ExportQuotaError as error:
            self.postponed_errors.quota_error = error
            self._incomplete.add(group.name)
        except GeneratorExit:
            raise  # the SDK has read enough of this stream
        except SystemExit:
            # A signal: write what is known of jobs before the process ends.
            self.persist_job_ids()
            raise
        except BaseException:
            self.pipeline.close()
            raise
        finally:
            self.statistics.warn_of_altered_values(
                [group.name, *(each.name for each in group.consumers)]
            )
        self.end_run_after_last_stream(group.owner)

    def _start(self) -> None:
        if self._groups:
            return
        self._groups = {group.name: group for group in self._streams.export_groups()}
        tasks = []
        for group in self._groups.values():
            for stream in group.consumers:
                warn_of_skipped_changes(stream, self.mode_of(stream), self.state_store, self.period)
            tasks += self._job_reconciler.reconcile(group, self._modes_of(group), self.period)
        self.pipeline.submit(tasks)

    def _modes_of(self, group: ExportGroup) -> dict[str, ReadMode]:
        return {stream.name: self.mode_of(stream) for stream in group.consumers}

    def _read_with_fallback(
        self, group: ExportGroup, read_file: Callable[[VerifiedFile], Iterator[Record]]
    ) -> Iterator[Record]:
        try:
            yield from self._read_files(group, read_file)
        except UnsupportedFilterError as error:
            mode = group.request_builder.mode_without_filter(self.mode_of(group.owner), error)
            if mode is None:
                raise
            self._modes[group.name] = mode
            tasks = self._job_reconciler.reconcile(group, self._modes_of(group), self.period)
            self.pipeline.submit(tasks)
            yield from self._read_files(group, read_file)

    def _read_files(
        self, group: ExportGroup, read_file: Callable[[VerifiedFile], Iterator[Record]]
    ) -> Iterator[Record]:
        for event in self.pipeline.read(group.name):
            if not isinstance(event, VerifiedFile):
                self.state_store.apply_job_event(event)
                continue
            try:
                yield from read_file(event)
            except BaseException as error:
                if makes_job_useless(error):
                    self.state_store.discard_job_and_write(event.task)
                raise
            self._finish_window(event.task)

    def _finish_window(self, task: ExportTask) -> None:
        """Move the bookmark of each stream that the window was read for, in one STATE."""
        if not task.is_last_of_window:
            return
        store = self.state_store
        group = self._groups[task.stream]
        modes = group.consumer_modes(self._modes_of(group), store)
        for consumer in task.consumers:
            stream = stream_of(consumer)
            store[stream] = after_window(
                store[stream],
                modes[consumer],
                task.window,
                read_horizon=task.horizon,
                horizon=self.period.horizon,
            )
        # After the bookmarks: should a signal end the run here, the job is obsolete, not lost.
        store[task.stream] = store[task.stream].without_exports(task.window)
        store.write()

    # Streams without export jobs, and time that passes.

    def persist_job_ids(self) -> None:
        """Write the ids of new jobs to STATE, so that they can be enqueued."""
        for event in self.pipeline.unpersisted_jobs():
            self.state_store.apply_job_event(event)

    def persist_jobs_between_pages(self, pages: Iterator[_T]) -> Iterator[_T]:
        """Yield pages that calls to Marketo return; meanwhile job ids are persisted."""
        while True:
            with self.pipeline.while_reader_calls_marketo():
                page = next(pages, None)
            self.persist_job_ids()
            if page is None:
                return
            yield page

    def finish_read(self, stream: MarketoStream, window: Window) -> None:
        """Move the bookmark of a stream that was read in one go, and write STATE."""
        mode, horizon = self.mode_of(stream), self.period.horizon
        state = replace(self.state_store[stream.name], backfills=())
        self.state_store[stream.name] = after_window(
            state, mode, window, read_horizon=horizon, horizon=horizon
        )
        self.state_store.write()

    # The end.

    def end_run_after_last_stream(self, stream: MarketoStream) -> None:
        """After the last stream, report what was not read.

        Raises:
            RunEndedByExportQuotaError: The quota was used up and ``on_quota_exceeded`` is ``fail``.
            StreamsDeniedError: Streams were left out.
        """
        if stream.name == self._streams.last_stream() or stream.has_record_limit:
            self.postponed_errors.report(dict(self._bookmarks()), self._clock.now())

    def _bookmarks(self) -> Iterator[tuple[str, datetime | None]]:
        """Yield how far each stream is complete; a complete one without bookmark is left out."""
        for group in self._groups.values():
            for stream in group.consumers:
                bookmark = bookmark_of(self.state_store[stream.name], stream.read_mode())
                if bookmark or group.name in self._incomplete:
                    yield stream.name, bookmark
