"""One run of the tap: plans the exports, reacts to what happens to them, and owns the state."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    ExportQuotaError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.extract.events import VerifiedFile
from tap_marketo_bulk.extract.job_messages import window_message
from tap_marketo_bulk.extract.job_state import makes_job_useless
from tap_marketo_bulk.extract.pipeline import Pipeline
from tap_marketo_bulk.extract.planner import stream_of
from tap_marketo_bulk.extract.read_progress import after_window, bookmark_of
from tap_marketo_bulk.extract.unknown_jobs import UnknownJobFinder
from tap_marketo_bulk.extract.windows import SyncPeriod, sync_horizon
from tap_marketo_bulk.streams.group_planner import GroupPlanner
from tap_marketo_bulk.streams.job_reconciler import JobReconciler
from tap_marketo_bulk.streams.postponed_errors import PostponedErrors
from tap_marketo_bulk.streams.progress_reporters import choose_reporter
from tap_marketo_bulk.streams.statistics import RunStatistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.errors import MarketoBulkError
    from tap_marketo_bulk.extract.blocks import Block
    from tap_marketo_bulk.extract.records import Record
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.export_group import ExportGroup
    from tap_marketo_bulk.streams.group_planner import SelectedStreams
    from tap_marketo_bulk.streams.state_store import StateStore

logger = logging.getLogger("tap-marketo-bulk")

_T = TypeVar("_T")


class RowObserver(Protocol):
    """Does something with the rows of files, beside what their streams do.

    Attributes:
        fields: The fields of a file that it needs.
    """

    fields: frozenset[str]

    def observe(self, fields: Sequence[str], block: Block) -> None:
        """Look at the rows of a file with these fields."""
        ...


class SyncRun:
    """Everything that the streams of one run share.

    Attributes:
        settings: The settings of the tap.
        period: Where this run begins and stops reading.
        state_store: The bookmarks and unfinished jobs.
        pipeline: The export jobs.
        progress_reporter: Shows the progress of the export jobs.
        planner: How each stream is read, and the tasks that this takes.
        statistics: What is counted of each stream.
        postponed_errors: The errors that are raised after the last stream.
        row_observers: Name of an export group -> what else is done with the rows of its files.
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
        self.period = SyncPeriod(
            settings.start, horizon, settings.window, settings.leaves_out_expired
        )
        self.state_store = state_store
        self.progress_reporter = choose_reporter()
        policy = settings.job_policy
        self.pipeline = Pipeline(exports, clock, policy, self.progress_reporter)
        self.statistics = RunStatistics(settings.invalid_values, clock)
        finder = UnknownJobFinder(exports, policy, clock, self.pipeline.past_exports)
        unknown_jobs = finder if policy.tags_jobs else None
        reconciler = JobReconciler(exports, state_store, unknown_jobs)
        self.planner = GroupPlanner(streams, state_store, self.period, self.pipeline, reconciler)
        self._clock = clock
        self._streams = streams
        self.postponed_errors = PostponedErrors(settings.on_quota_exceeded)
        self.row_observers: defaultdict[str, list[RowObserver]] = defaultdict(list)
        self._incomplete: set[str] = set()

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
        unread: MarketoBulkError | None = None
        try:
            with self.statistics.waiting():
                self.planner.start()
            self.planner.check_planned(group)
            yield from self._read_with_fallback(group, read_file)
        except (AccessDeniedError, UnsupportedFilterError) as error:
            for stream in group.consumers:
                self.postponed_errors.leave_out(stream.name, error, is_test=stream.has_record_limit)
            unread = error
        except ExportQuotaError as error:
            self.postponed_errors.quota_error = error
            self._incomplete.add(group.name)
            unread = error
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
        self.planner.plan_groups_that_depend_on(group, unread)
        self.end_run_after_last_stream(group.owner)

    def _read_with_fallback(
        self, group: ExportGroup, read_file: Callable[[VerifiedFile], Iterator[Record]]
    ) -> Iterator[Record]:
        try:
            yield from self._read_files(group, read_file)
        except UnsupportedFilterError as error:
            mode = group.request_builder.fallback_mode(self.planner.mode_of(group.owner), error)
            if mode is None:
                raise
            self.planner.plan_anew(group, mode)
            yield from self._read_files(group, read_file)

    def _read_files(
        self, group: ExportGroup, read_file: Callable[[VerifiedFile], Iterator[Record]]
    ) -> Iterator[Record]:
        for event in self.statistics.timed(self.pipeline.read(group.name)):
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
            self.statistics.add_job(event)
            logger.info("%s", window_message(event.task, event.job))

    def _finish_window(self, task: ExportTask) -> None:
        """Move the bookmark of each stream that the window was read for, in one STATE."""
        if not task.is_last_of_window:
            return
        store = self.state_store
        group = self.planner.groups[task.stream]
        modes = group.consumer_modes(self.planner.modes_of(group), store)
        for consumer in task.consumers:
            stream = stream_of(consumer)
            store[stream] = after_window(
                store[stream],
                modes[consumer],
                task.window,
                read_horizon=task.window_horizon or task.horizon,
                horizon=self.period.horizon,
            )
        # After the bookmarks: should a signal end the run here, the job is obsolete, not lost.
        store[task.stream] = store[task.stream].without_exports(task.window)
        store.write()

    # Streams without export jobs, and time that passes.

    def persist_job_ids(self) -> None:
        """Write the ids of new jobs to STATE, so that they can be enqueued."""
        for event in self.pipeline.iter_new_jobs():
            self.state_store.apply_job_event(event)

    def persist_jobs_between_pages(self, pages: Iterator[_T]) -> Iterator[_T]:
        """Yield pages that calls to Marketo return; meanwhile job ids are persisted."""
        while True:
            with self.pipeline.reader_is_waiting_for_marketo(), self.statistics.waiting():
                page = next(pages, None)
            self.persist_job_ids()
            if page is None:
                return
            with self.statistics.reading():
                yield page

    def finish_read(self, stream: MarketoStream, window: Window) -> None:
        """Move the bookmark of a stream that was read in one go, and write STATE."""
        mode, horizon = self.planner.mode_of(stream), self.period.horizon
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
        if stream.name == self._streams.last_stream_name() or stream.has_record_limit:
            self.postponed_errors.report(dict(self._bookmarks()), self._clock.now())

    def bookmark_of(self, stream: MarketoStream) -> datetime | None:
        """Return up to where a stream is complete; None where it is always read in full."""
        return bookmark_of(self.state_store[stream.name], self.planner.mode_of(stream))

    def bytes_today(self) -> int | None:
        """Return the bytes exported since 00:00 US Central; None where they are not known."""
        return self.pipeline.past_exports.bytes_today(self._clock.now())

    def _bookmarks(self) -> Iterator[tuple[str, datetime | None]]:
        """Yield how far each stream is complete; a complete one without bookmark is left out."""
        for group in self.planner.groups.values():
            for stream in group.consumers:
                mode = self.planner.mode_of(stream)
                bookmark = bookmark_of(self.state_store[stream.name], mode)
                if bookmark or group.name in self._incomplete:
                    yield stream.name, bookmark
