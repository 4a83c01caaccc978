"""One run of the tap: submits the planned exports, reads their files, and owns the state."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    ApiError,
    CatalogError,
    DataError,
    ExportFailedError,
    ExportQuotaError,
    ExportTimeoutError,
    FileNotReadyError,
    MarketoBulkError,
    MarketoSystemError,
    UnknownFieldsError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.exports.job import (
    has_too_long_window,
    is_refused,
    makes_job_useless,
)
from tap_marketo_bulk.exports.loop import ExportLoop
from tap_marketo_bulk.exports.lost_jobs import LostJobFinder
from tap_marketo_bulk.exports.progress import plan_message, window_message
from tap_marketo_bulk.exports.quota import estimate_size
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.limits import MAX_PROGRAM_IDS
from tap_marketo_bulk.plan.ledger import ALL, Goal, Read, unread
from tap_marketo_bulk.plan.planner import (
    divide_ids,
    divide_window,
)
from tap_marketo_bulk.plan.state_changes import (
    after_read,
    reads_for,
    with_known_reads,
)
from tap_marketo_bulk.plan.windows import SyncPeriod, Window, sync_horizon
from tap_marketo_bulk.streams.planning import RunPlanner
from tap_marketo_bulk.streams.report import PostponedErrors, choose_reporter, retention_note
from tap_marketo_bulk.streams.statistics import RunStatistics
from tap_marketo_bulk.streams.warnings import (
    warn_of_lost_records,
    warn_of_skipped_changes,
    warn_of_unknown_reads,
)
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from tap_marketo_bulk.exports.job import JobState, VerifiedFile
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.rows.records import Record
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.bulk import ExportGroup, RowObserver
    from tap_marketo_bulk.streams.state_store import StateStore
    from tap_marketo_bulk.times import Clock

    # Yields the records of a file that are not written yet; takes the field of its dates, too.
    ReadFile = Callable[[VerifiedFile, str | None], Iterator[Record]]

logger = logging.getLogger("tap-marketo-bulk")
# Marketo refused a request for a reason of the request, which other streams do not share.
_REFUSALS = (ApiError, UnknownFieldsError)
# Jobs and files that cannot be used.
_GROUP_ERRORS = (
    DataError,
    ExportFailedError,
    ExportTimeoutError,
    FileNotReadyError,
    MarketoSystemError,
)
_T = TypeVar("_T")


class Run:
    """Everything that the streams of one run share.

    Attributes:
        settings: The settings of the tap.
        period: Where this run begins and stops reading.
        state_store: The bookmarks and unfinished jobs.
        loop: The export jobs.
        statistics: What is counted of each stream.
        postponed_errors: The errors that are raised after the last stream.
        row_observers: Name of an export group -> what else is done with the rows of its files.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        client: Client,
        state_store: StateStore,
        export_groups: Callable[[], Sequence[ExportGroup]],
    ) -> None:
        """Take what the streams share.

        Args:
            settings: The settings of the tap.
            clock: The time in which Marketo is waited for.
            client: Marketo.
            state_store: The bookmarks and unfinished jobs.
            export_groups: Returns the streams with export jobs, in the order of reading.
        """
        self.settings = settings
        horizon = sync_horizon(clock.now(), lag=settings.lag, end=settings.end)
        self.period = SyncPeriod(settings.start, horizon, settings.window)
        self.state_store = state_store
        self.statistics = RunStatistics(settings.invalid_values, clock)
        self.postponed_errors = PostponedErrors(settings)
        self.row_observers: defaultdict[str, list[RowObserver]] = defaultdict(list)
        self._clock = clock
        self._export_groups = export_groups
        self._groups: dict[str, ExportGroup] = {}
        self._errors: dict[str, MarketoBulkError] = {}
        self._refused: defaultdict[str, frozenset[int]] = defaultdict(frozenset)
        policy = settings.job_policy
        self.loop = ExportLoop(
            # A failed call is repeated by the loop, not by the client.
            Exports(client, attempts=1),
            clock,
            policy,
            choose_reporter(),
            write_job=state_store.add_job_and_write,
            discard_job=state_store.discard_job_and_write,
            parts_of=self._parts_of,
        )
        exports = Exports(client)
        lost_jobs = LostJobFinder(exports, self.loop, policy, clock, settings.lag)
        self._planner = RunPlanner(
            self.period, state_store, exports, lost_jobs if policy.tags_jobs else None
        )

    # The plan.

    def plan(self) -> list[ExportTask]:
        """Return the tasks of a run in the order of reading; nothing is submitted."""
        return [task for group in self._export_groups() for task in self._planner.tasks(group)]

    def _start(self) -> None:
        """Submit the tasks of all groups; does nothing when called again."""
        if self._groups:
            return
        self._groups = {group.name: group for group in self._export_groups()}
        for group in self._groups.values():
            needed = group.export.planned_after
            if needed is not None and needed not in self._groups:
                message = (
                    f"{group.name} needs the records of {needed}, which no selected stream reads. "
                    f"Nothing was read; select {needed}, or set program_members_of to all."
                )
                raise CatalogError(message)
        self._submit([each for each in self._groups.values() if not each.export.planned_after])

    def _submit(self, groups: Iterable[ExportGroup]) -> None:
        """Plan groups with the jobs that earlier runs created for them, and submit their tasks."""
        tasks: list[ExportTask] = []
        for group in groups:
            try:
                tasks += self._planner.tasks_with_earlier_jobs(group)
            except AccessDeniedError as error:
                self._errors[group.name] = error
        past_exports = self.loop.past_exports
        paths = {task.request.object_path for task in tasks}
        past_sizes = {path: past_exports.sizes_by_id(path) for path in paths}
        logger.info("%s", plan_message(tasks, estimate_size(tasks, past_sizes)))
        if note := retention_note(tasks, self.period.horizon):
            logger.info("%s", note)
        self.loop.submit(tasks)

    # The files.

    def read(self, group: ExportGroup, read_file: ReadFile) -> Iterator[Record]:
        """Yield the records of a group's files, and move bookmarks between them.

        A missing permission or filter, a used up quota, and an error of this group's own jobs and
        files end this group alone: the others are read, and the run ends with an error, or with a
        warning, after its last stream.

        Args:
            group: The streams to read. The first group that is read submits the tasks of all.
            read_file: Yields the records of one file that are not written yet.
        """
        error: MarketoBulkError | None = None
        try:
            with self.statistics.waiting():
                self._start()
            if group.name in self._errors:
                raise self._errors[group.name]
            yield from self._read_with_fallback(group, read_file)
            if self._refused[group.name]:
                self._end_full_reads(group)
        except MarketoBulkError as raised:
            if not self._postpone(group, raised):
                raise
            error = raised
        finally:
            self.statistics.warn_of_altered_values(
                [group.name, *(each.name for each in group.consumers)]
            )
        dependent = [
            each for each in self._groups.values() if each.export.planned_after == group.name
        ]
        if error:
            # Their bookmarks would move past what the missing records ask for.
            self._errors |= {each.name: error for each in dependent}
        elif dependent:
            self._submit(dependent)

    def _postpone(self, group: ExportGroup, error: MarketoBulkError) -> bool:
        """Keep the error of one group until the end; return False if it concerns all of them."""
        errors, streams = self.postponed_errors, group.consumers
        if isinstance(error, AccessDeniedError | UnsupportedFilterError):
            filters = group.export.other_filters
            for stream in streams:
                is_test = stream.has_record_limit
                errors.leave_out(stream.name, error, filters=filters, is_test=is_test)
            return True
        if isinstance(error, ExportQuotaError):
            errors.quota_error = error
            errors.incomplete.update(stream.name for stream in streams)
            return True
        is_of_group = isinstance(error, _GROUP_ERRORS) or type(error) in _REFUSALS
        if not is_of_group or any(stream.has_record_limit for stream in streams):
            return False
        errors.fail(group.name, error)
        return True

    def _read_with_fallback(self, group: ExportGroup, read_file: ReadFile) -> Iterator[Record]:
        try:
            yield from self._read_files(group.name, read_file)
        except UnsupportedFilterError as error:
            if self._groups[group.name].is_full(group.owner) or not group.export.fallback:
                raise
            start = format_instant(self.period.start)
            reason = error.reason.rstrip(".")
            logger.warning("%s", group.export.fallback.format(reason=reason, start=start))
            self._groups[group.name] = replace(self._groups[group.name], is_fallback=True)
            self._submit([self._groups[group.name]])
            yield from self._read_files(group.name, read_file)

    def _read_files(self, name: str, read_file: ReadFile) -> Iterator[Record]:
        group = self._groups[name]
        date_field = group.date_field(group.owner)
        for file in self.statistics.timed(self.loop.files(name)):
            try:
                yield from read_file(file, date_field)
            except BaseException as error:
                if makes_job_useless(error):
                    self.state_store.discard_job_and_write(file.task)
                raise
            self._finish_file(group, file)

    def _parts_of(self, state: JobState, error: BaseException) -> list[ExportTask]:
        """Return the tasks in place of one whose job cannot be made or finished.

        Raises:
            BaseException: The error, if it ends the stream.
        """
        task, group = state.task, self._groups[state.task.stream]
        export = group.export
        parts: list[ExportTask] = []
        if has_too_long_window(state, error):
            parts = divide_window(task, group.make_request)
            if parts:
                logger.warning(
                    "%s: export %s was not finished (%s). Its window is exported again in %d "
                    "shorter ones; with a shorter window_days they are short from the start.",
                    task,
                    state.export_id,
                    error.problem
                    if isinstance(error, MarketoSystemError)
                    else "it was processed for longer than job_timeout_minutes",
                    len(parts),
                )
        elif is_refused(state, error) and export.ids_per_job and task.ids:
            parts = divide_ids(task, group.make_request)
            if not parts and self._can_leave_out(group, task):
                (refused,) = task.ids
                filtered = f"{export.id_filter} {refused} of {group.name}"
                self.postponed_errors.refuse(filtered, cast("ApiError", error))
                return []
        if not parts:
            raise error
        return parts

    def _can_leave_out(self, group: ExportGroup, task: ExportTask) -> bool:
        """Return whether a refused id is one bad one: not if Marketo has refused all so far."""
        self._refused[group.name] |= task.ids or frozenset()
        is_first = len(self._refused[group.name]) < MAX_PROGRAM_IDS
        return is_first or self.loop.has_created_job(group.name)

    def _end_full_reads(self, group: ExportGroup) -> None:
        """End full reads that only lack refused ids: the next run reads all others again."""
        for stream in group.consumers:
            state = self.state_store[stream.name]
            self.state_store[stream.name] = replace(state, full_read=None)
        self.state_store.write()

    def _finish_file(self, group: ExportGroup, file: VerifiedFile) -> None:
        """Add the file to what was read of each stream, and write STATE once."""
        store, task = self.state_store, file.task
        for name, ids in task.consumers.items():
            goal = self._planner.goals[name]
            read = Read(task.window, task.as_of, ids, goal.filter_digest)
            bookmark_ledger = group.bookmark_ledger_of_fallback
            store[name] = after_read(store[name], goal, read, bookmark_ledger, self.period.horizon)
        store[group.name] = store[group.name].without_jobs([file.job.export_id])
        store.write()
        self.statistics.add_job(file)
        logger.info("%s", window_message(self.loop.title(task), file.job))

    # Streams without export jobs.

    def unread_window(self, stream: MarketoStream, goal: Goal) -> Window | None:
        """Return the interval that a read in one go has to cover; None if nothing is unread."""
        store = self.state_store
        warn_of_unknown_reads(stream.name, store[stream.name])
        store[stream.name] = with_known_reads(store[stream.name], goal.start, ALL, ALL, "")
        warn_of_skipped_changes(stream.name, store[stream.name], goal)
        warn_of_lost_records(stream, store[stream.name], goal)
        self._planner.goals[stream.name] = goal
        gaps = unread(reads_for(store[stream.name], goal), goal)
        return Window(gaps[0].window.start, gaps[-1].window.end) if gaps else None

    def finish_read(self, stream: MarketoStream, window: Window) -> None:
        """Move the bookmark of a stream that was read in one go, and write STATE."""
        read = Read(window, self.period.horizon)
        goal = self._planner.goals[stream.name]
        self.state_store[stream.name] = after_read(self.state_store[stream.name], goal, read)
        self.state_store.write()

    def pages(self, pages: Iterator[_T]) -> Iterator[_T]:
        """Yield pages that calls to Marketo return; meanwhile the steps of jobs are taken."""
        for page in self.statistics.timed(pages):
            yield page
            self.loop.take_due_step()

    # The end.

    def raise_postponed_errors(self) -> None:
        """Raise what kept streams from being read, after the last stream.

        Raises:
            RunEndedByExportQuotaError: The quota was used up and ``on_quota_exceeded`` is ``fail``.
            StreamsDeniedError, StreamsWithoutFilterError: Streams were left out.
            DataError, ExportFailedError, ExportTimeoutError, FileNotReadyError: A stream failed.
            UndecodableKeysError: Single rows were not read.
        """
        streams = [each for group in self._groups.values() for each in group.consumers]
        bookmarks = {each.name: self.bookmark_of(each) for each in streams}
        skipped_rows = self.statistics.skipped_rows
        self.postponed_errors.report(bookmarks, self._clock.now(), skipped_rows)

    def bookmark_of(self, stream: MarketoStream) -> datetime | None:
        """Return up to where a stream is complete; None if it is always read in full."""
        goal = self._planner.goals.get(stream.name)
        if stream.is_full or not stream.replication_key or (goal and goal.since is not None):
            return None
        return self.state_store[stream.name].ledger(stream.replication_key).bookmark

    def bytes_today(self) -> int | None:
        """Return the bytes exported since 00:00 US Central; None if they are not known."""
        return self.loop.past_exports.bytes_today(self._clock.now())
