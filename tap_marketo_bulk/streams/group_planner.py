"""Plans the export groups of a run, and submits their tasks to the pipeline."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from tap_marketo_bulk.errors import AccessDeniedError, CatalogError
from tap_marketo_bulk.extract.job_messages import plan_message
from tap_marketo_bulk.extract.size_estimate import estimate_size
from tap_marketo_bulk.streams.export_group import warn_of_skipped_changes
from tap_marketo_bulk.streams.retention import retention_note, warn_of_lost_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.errors import MarketoBulkError
    from tap_marketo_bulk.extract.pipeline import Pipeline
    from tap_marketo_bulk.extract.read_modes import ReadMode
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.extract.windows import SyncPeriod
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.export_group import ExportGroup
    from tap_marketo_bulk.streams.job_reconciler import JobReconciler
    from tap_marketo_bulk.streams.state_store import StateStore


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
