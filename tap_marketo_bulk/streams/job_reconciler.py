"""The jobs of earlier runs, before a run begins: found, resumed, or cancelled."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.extract.planner import obsolete_exports, plan_tasks
from tap_marketo_bulk.extract.read_modes import FullReadMode, UndatedReadMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_marketo_bulk.extract.read_modes import ReadMode
    from tap_marketo_bulk.extract.stream_state import StreamState, UnfinishedExport
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.extract.unknown_jobs import FoundJob, UnknownJobFinder
    from tap_marketo_bulk.extract.windows import SyncPeriod
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.streams.export_group import ExportGroup
    from tap_marketo_bulk.streams.state_store import StateStore

logger = logging.getLogger("tap-marketo-bulk")


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
