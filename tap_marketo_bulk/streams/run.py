"""Plans the export groups of a run, and submits their tasks to the pipeline.

The jobs of earlier runs, before a run begins: found, resumed, or cancelled.

One run of the tap: plans the exports, reacts to what happens to them, and owns the state.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    CatalogError,
    ExportQuotaError,
    MarketoBulkError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.exports.job import VerifiedFile, makes_job_useless
from tap_marketo_bulk.exports.loop import Pipeline
from tap_marketo_bulk.exports.lost_jobs import UnknownJobFinder
from tap_marketo_bulk.exports.progress import plan_message, window_message
from tap_marketo_bulk.exports.quota import estimate_size
from tap_marketo_bulk.plan.ledger import FullReadMode, UndatedReadMode, after_window, bookmark_of
from tap_marketo_bulk.plan.planner import obsolete_exports, plan_tasks, stream_of
from tap_marketo_bulk.plan.windows import SyncPeriod, sync_horizon
from tap_marketo_bulk.streams.bulk import warn_of_skipped_changes
from tap_marketo_bulk.streams.display import choose_reporter
from tap_marketo_bulk.streams.report import PostponedErrors, RunStatistics
from tap_marketo_bulk.streams.retention import retention_note, warn_of_lost_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.exports.lost_jobs import FoundJob
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.plan.ledger import ReadMode, StreamState, UnfinishedExport
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.rows.records import Record
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.bulk import ExportGroup
    from tap_marketo_bulk.streams.state_store import StateStore
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk")


class SelectedStreams(Protocol):
    """The streams that a run reads."""

    def export_groups(self) -> Sequence[ExportGroup]:
        """Return those with export jobs, in the order of reading."""
        ...

    def last_stream_name(self) -> str:
        """Return the name of the stream that is read last."""
        ...


class GroupPlanner:
    """Knows how each stream is read, and which tasks that takes.

    Attributes:
        groups: The export groups whose streams are selected, by name; empty before ``start``.
    """

    def __init__(
        self,
        streams: SelectedStreams,
        state_store: StateStore,
        period: SyncPeriod,
        pipeline: Pipeline,
        reconciler: JobReconciler,
    ) -> None:
        """Plan nothing yet.

        Args:
            streams: The streams to read; they may not be known yet.
            state_store: The bookmarks and unfinished jobs.
            period: Where this run begins and stops reading.
            pipeline: Takes the tasks.
            reconciler: Finds and cancels the jobs of earlier runs.
        """
        self.groups: dict[str, ExportGroup] = {}
        self._streams = streams
        self._state_store = state_store
        self._period = period
        self._pipeline = pipeline
        self._reconciler = reconciler
        self._modes: dict[str, ReadMode] = {}
        self._errors: dict[str, MarketoBulkError] = {}

    def plan(self) -> list[ExportTask]:
        """Return the tasks of a run in the order of reading; nothing is submitted."""
        return [
            task
            for group in self._streams.export_groups()
            for task in group.tasks(self.modes_of(group), self._state_store, self._period)
        ]

    def mode_of(self, stream: MarketoStream) -> ReadMode:
        """Return how a stream is read in this run."""
        return self._modes.get(stream.name) or stream.read_mode()

    def modes_of(self, group: ExportGroup) -> dict[str, ReadMode]:
        """Return how each consumer of a group is read."""
        return {stream.name: self.mode_of(stream) for stream in group.consumers}

    def start(self) -> None:
        """Submit the tasks of all groups; does nothing when called again."""
        if self.groups:
            return
        self.groups = {group.name: group for group in self._streams.export_groups()}
        for group in self.groups.values():
            self._check_dependency(group)
        for note in self.retention_notes():
            logger.info("%s", note)
        first = [each for each in self.groups.values() if not each.request_builder.planned_after]
        self._log_and_submit([task for group in first for task in self._tasks_of(group)])

    def plan_groups_that_depend_on(
        self, group: ExportGroup, error: MarketoBulkError | None
    ) -> None:
        """Submit the tasks of groups whose requests depend on the records of this one.

        Where an error ended the read of this group, they are not read either: their bookmarks
        would move past what the missing records ask for.
        """
        for each in self.groups.values():
            if each.request_builder.planned_after != group.name:
                continue
            if error:
                self._errors[each.name] = error
                continue
            with self._pipeline.reader_is_waiting_for_marketo():
                tasks = self._tasks_of(each)
            self._log_and_submit(tasks)

    def _log_and_submit(self, tasks: Sequence[ExportTask]) -> None:
        past_exports = self._pipeline.past_exports
        paths = {task.request.object_path for task in tasks}
        past_sizes = {path: past_exports.sizes_by_id(path) for path in paths}
        logger.info("%s", plan_message(tasks, estimate_size(tasks, past_sizes)))
        self._pipeline.submit(tasks)

    def _check_dependency(self, group: ExportGroup) -> None:
        """Raise ``CatalogError`` where the stream that a group's requests depend on is not read."""
        needed = group.request_builder.planned_after
        if needed not in (None, *self.groups):
            message = (
                f"{group.name} needs the records of {needed}, which no selected stream reads. "
                f"Nothing was read; select {needed}, or set program_members_of to all."
            )
            raise CatalogError(message)

    def check_planned(self, group: ExportGroup) -> None:
        """Raise the error that kept a group from being planned, if there is one."""
        if group.name in self._errors:
            raise self._errors[group.name]

    def plan_anew(self, group: ExportGroup, mode: ReadMode) -> None:
        """Submit the tasks of a group whose owner is read in another way than planned."""
        self._modes[group.name] = mode
        modes = self.modes_of(group)
        tasks = self._reconciler.plan_with_earlier_jobs(group, modes, self._period)
        self._log_and_submit(tasks)

    def retention_notes(self) -> list[str]:
        """Return a sentence for each stream of which some windows may have no records."""
        notes = [
            retention_note(
                stream, self.mode_of(stream), self._state_store[stream.name], self._period
            )
            for group in self._streams.export_groups()
            for stream in group.consumers
        ]
        return [note for note in notes if note]

    def _tasks_of(self, group: ExportGroup) -> list[ExportTask]:
        modes = self.modes_of(group)
        for stream in group.consumers:
            mode, state = modes[stream.name], self._state_store[stream.name]
            warn_of_skipped_changes(stream, mode, state, self._period)
            warn_of_lost_records(stream, mode, state, self._period)
        try:
            return self._reconciler.plan_with_earlier_jobs(group, modes, self._period)
        except AccessDeniedError as error:
            self._errors[group.name] = error
            return []


class JobReconciler:
    """Brings the state of an export group up to date with Marketo's jobs."""

    def __init__(
        self, exports: Exports, state_store: StateStore, unknown_jobs: UnknownJobFinder | None
    ) -> None:
        """Make no call yet.

        Args:
            exports: Marketo's export jobs.
            state_store: The bookmarks and unfinished jobs.
            unknown_jobs: Finds jobs that the state lacks; None where they are not looked for.
        """
        self._exports = exports
        self._state_store = state_store
        self._unknown_jobs = unknown_jobs

    def plan_with_earlier_jobs(
        self, group: ExportGroup, modes: Mapping[str, ReadMode], period: SyncPeriod
    ) -> list[ExportTask]:
        """Return the tasks of a group, with the jobs that earlier runs created for them.

        Jobs that no task can use are removed from the state, and cancelled while they are queued.
        """
        resumed_reads = {
            stream.name
            for stream in group.consumers
            if self._state_store[stream.name].full_read_began
        }
        group.begin(modes, self._state_store, period)
        known = self._state_store[group.name]
        found = [
            job
            for job in self._unknown_jobs_of(group, modes, period)
            if all(
                self._is_of_this_read(job, group, name, is_resumed=name in resumed_reads)
                for name in _full_reads(group, modes)
            )
        ]
        self._state_store[group.name] = _with_exports(known, [job.export for job in found])
        plan = group.planning_input(modes, self._state_store, period)
        tasks = plan_tasks(plan)
        self._state_store[group.name] = known
        self._add_used(group, found, tasks)
        if known.full_read_began is None or group.name in _full_reads(group, modes):
            # Otherwise the jobs are of a full read, in which this run may turn out to be, too.
            known_ids = {export.export_id for export in known.exports}
            obsolete = {export.export_id for export in obsolete_exports(plan, tasks)}
            self._discard(group, obsolete & known_ids)
        return tasks

    def _unknown_jobs_of(
        self, group: ExportGroup, modes: Mapping[str, ReadMode], period: SyncPeriod
    ) -> list[FoundJob]:
        """Return the jobs of a group's object that no state has; some may be another stream's."""
        if self._unknown_jobs is None:
            return []
        return self._unknown_jobs.wait_and_find_all(
            group.request_builder.object_path,
            self._state_store[group.name],
            group.tasks(modes, self._state_store, period),
            self._state_store.job_ids(),
        )

    def _add_used(self, group: ExportGroup, found: list[FoundJob], tasks: list[ExportTask]) -> None:
        """Add the jobs that tasks use; the others may be another stream's, or of another read."""
        used_ids = {task.export_id for task in tasks}
        used = [job for job in found if job.export.export_id in used_ids]
        state = _with_exports(self._state_store[group.name], [job.export for job in used])
        for job in used:
            state = state.with_latest_job(job.export.export_id, job.created)
        self._state_store[group.name] = state
        if used:
            logger.info("%s: resuming %d jobs that the state did not have.", group.name, len(used))

    def _is_of_this_read(
        self, job: FoundJob, group: ExportGroup, stream: str, *, is_resumed: bool
    ) -> bool:
        """Return whether a job's file can be used in a full read of a stream.

        A file of an incremental window can always be used: what changed later is in a later
        window. A full read wants the present values, so the file must be one of the same read.
        """
        began = self._state_store[stream].full_read_began
        if is_resumed and began:
            return job.export.horizon >= began
        # Of a read that began without STATE: it is only certain that no earlier one has read it.
        return self._state_store[group.name].last_persisted_jobs is not None

    def _discard(self, group: ExportGroup, export_ids: set[str]) -> None:
        for export_id in export_ids:
            with suppress(MarketoBulkError):
                # A completed job stays as it is, and so does one that Marketo does not know.
                self._cancel_if_unfinished(group.request_builder.object_path, export_id)
        self._state_store.remove_jobs(group.name, export_ids)

    def _cancel_if_unfinished(self, object_path: str, export_id: str) -> None:
        if not self._exports.status(object_path, export_id).status.is_terminal:
            self._exports.cancel(object_path, export_id)
            logger.info("Cancelled export %s of an earlier run: no task needs it.", export_id)


def _with_exports(state: StreamState, exports: Iterable[UnfinishedExport]) -> StreamState:
    """Return a state with more unfinished jobs."""
    for export in exports:
        state = state.with_added_export(export)
    return state


def _full_reads(group: ExportGroup, modes: Mapping[str, ReadMode]) -> list[str]:
    """Return the consumers of a group that are read in full."""
    return [
        stream.name
        for stream in group.consumers
        if isinstance(modes[stream.name], FullReadMode | UndatedReadMode)
    ]


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
        self.period = SyncPeriod(settings.start, horizon, settings.window, leaves_out_expired=False)
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
