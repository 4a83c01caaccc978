"""The jobs of earlier runs, before a run begins: found, resumed, or cancelled."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.extract.planner import obsolete_exports, plan_tasks
from tap_marketo_bulk.extract.read_modes import FullReadMode, UndatedReadMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.extract.planner import PlanningInput
    from tap_marketo_bulk.extract.read_modes import ReadMode
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
        tasks = group.tasks(modes, self._state_store, period)
        if self._unknown_jobs:
            state = self._state_store[group.name]
            found = self._unknown_jobs.wait_and_find_all(
                group.request_builder.object_path, state, tasks, self._state_store.job_ids()
            )
            full_reads = [
                stream.name
                for stream in group.consumers
                if isinstance(modes[stream.name], FullReadMode | UndatedReadMode)
            ]
            usable = [
                job
                for job in found
                if all(
                    self._is_of_this_read(job, group, name, is_resumed=name in resumed_reads)
                    for name in full_reads
                )
            ]
            self._add(group, usable)
        plan = group.planning_input(modes, self._state_store, period)
        tasks = plan_tasks(plan)
        is_full_read = isinstance(modes.get(group.name), FullReadMode)
        if self._state_store[group.name].full_read_began is None or is_full_read:
            # Otherwise the jobs are of a full read, in which this run may turn out to be, too.
            self._discard_obsolete(group, plan, tasks)
        return tasks

    def _add(self, group: ExportGroup, jobs: list[FoundJob]) -> None:
        state = self._state_store[group.name]
        for job in jobs:
            state = state.with_added_export(job.export)
            state = state.with_latest_job(job.export.export_id, job.created)
        if jobs:
            logger.info("%s: resuming %d jobs that the state did not have.", group.name, len(jobs))
            self._state_store[group.name] = state

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

    def _discard_obsolete(
        self, group: ExportGroup, plan: PlanningInput, tasks: list[ExportTask]
    ) -> None:
        obsolete = {export.export_id for export in obsolete_exports(plan, tasks)}
        for export_id in obsolete:
            with suppress(MarketoBulkError):
                # A completed job stays as it is, and so does one that Marketo does not know.
                self._cancel_if_unfinished(group.request_builder.object_path, export_id)
        self._state_store.remove_jobs(group.name, obsolete)

    def _cancel_if_unfinished(self, object_path: str, export_id: str) -> None:
        if not self._exports.status(object_path, export_id).status.is_terminal:
            self._exports.cancel(object_path, export_id)
            logger.info("Cancelled export %s of an earlier run: no task needs it.", export_id)
