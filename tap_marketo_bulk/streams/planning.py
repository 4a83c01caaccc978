"""What a run has to export: goals, unfinished jobs and lost jobs become tasks."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.plan.ledger import ALL, UNDATED, Goal, unread
from tap_marketo_bulk.plan.planner import Consumer, ExportPlan, obsolete_jobs, plan_tasks
from tap_marketo_bulk.plan.state_changes import (
    reads_for,
    with_begun_full_read,
    with_known_reads,
    with_read_fields,
    with_reads_before,
    without_pending_ids_if_read,
)
from tap_marketo_bulk.streams.catalog import check_read_columns
from tap_marketo_bulk.streams.warnings import (
    warn_of_missing_fields,
    warn_of_skipped_changes,
    warn_of_unknown_reads,
    warn_of_unread_fields,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.exports.lost_jobs import FoundJob, LostJobFinder
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.plan.windows import SyncPeriod
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.bulk import ExportGroup
    from tap_marketo_bulk.streams.state_store import StateStore

logger = logging.getLogger("tap-marketo-bulk")
TEST_SPAN = timedelta(hours=1)


class RunPlanner:
    """Plans the exports of a run.

    Attributes:
        goals: Stream -> what the run wants to have read of it.
    """

    def __init__(
        self,
        period: SyncPeriod,
        state_store: StateStore,
        exports: Exports,
        lost_jobs: LostJobFinder | None,
    ) -> None:
        """Take where the run reads, what was read, and Marketo's jobs.

        Args:
            period: Where the run begins and stops reading.
            state_store: The bookmarks and unfinished jobs.
            exports: Marketo's export jobs.
            lost_jobs: Finds jobs that the state lacks; None if they are not looked for.
        """
        self.goals: dict[str, Goal] = {}
        self.state_store = state_store
        self.period = period
        self._exports = exports
        self._lost_jobs = lost_jobs
        self._tested: set[str] = set()

    def tasks(self, group: ExportGroup) -> list[ExportTask]:
        """Return the tasks of a group in the order of reading; Marketo's jobs are not looked at."""
        return plan_tasks(self._export_plan(group))

    def tasks_with_earlier_jobs(self, group: ExportGroup) -> list[ExportTask]:
        """Return the tasks of a group; jobs that no run can use are removed, and cancelled."""
        store, full_read = self.state_store, self.state_store[group.name].full_read
        plan = self._export_plan(group)
        for consumer in plan.consumers:
            warn_of_skipped_changes(consumer.stream, store[consumer.stream], consumer.goal)
        tasks = plan_tasks(plan)
        found: list[FoundJob] = []
        if full_read or not group.is_full(group.owner):
            # A full read that begins now has no earlier jobs.
            found = self._find_lost_jobs(group, tasks)
        if found:
            # Of two jobs for the same request, the one in the state may have expired.
            tasks = plan_tasks(replace(plan, jobs=(*(each.job for each in found), *plan.jobs)))
        used = {task.export_id for task in tasks}
        resumed = [each for each in found if each.job.export_id in used]
        for each in resumed:
            store[group.name] = store[group.name].with_job(each.job, each.created)
        if resumed:
            logger.info("%s: resuming %d jobs that the state lacked.", group.name, len(resumed))
        if full_read is None or group.is_full(group.owner):
            # Otherwise the jobs are of a full read, in which this run may turn out to be, too.
            self._discard(group, {job.export_id for job in obsolete_jobs(plan, tasks)})
        return tasks

    def _export_plan(self, group: ExportGroup) -> ExportPlan:
        """Return what the tasks of a group are made from. Can call Marketo, to list ids."""
        goals = {stream.name: self._begin(group, stream) for stream in group.consumers}
        jobs = self.state_store[group.name].jobs
        if group.date_field(group.owner) is None:
            # Versions before 0.4 gave an export without dates the window of its run.
            jobs = tuple(replace(job, window=UNDATED) for job in jobs)
        return ExportPlan(
            stream=group.name,
            consumers=tuple(self._consumer(name, goal) for name, goal in goals.items()),
            jobs=jobs,
            make_request=group.make_request,
            required_fields=group.owner.required_fields,
            ids_per_job=group.export.ids_per_job,
            as_of=self.period.horizon,
            window_length=self.period.window_length,
        )

    def _consumer(self, stream: str, goal: Goal) -> Consumer:
        is_test = stream in self._tested
        return Consumer(stream, goal, () if is_test else reads_for(self.state_store[stream], goal))

    def _begin(self, group: ExportGroup, stream: MarketoStream) -> Goal:
        """Put into the state what must be there before any job is; return the goal of a stream."""
        store, export, period = self.state_store, group.export, self.period
        ids = group.wanted_ids(stream)
        every = ids if export.list_ids else ALL
        for name in sorted({stream.name, group.name}):
            warn_of_unknown_reads(name, store[name])
            store[name] = with_known_reads(
                store[name], period.start, ids, every, export.filter_digest
            )
        fields = stream.read_fields
        if stream.has_record_limit:
            self._tested.add(stream.name)
        elif group.is_full(stream):
            store[stream.name] = with_begun_full_read(store[stream.name], period.horizon, fields)
        else:
            read_before = store[stream.name].fields or frozenset()
            check_read_columns(stream.name, stream.spec.names, read_before, fields)
            warn_of_missing_fields(stream, store[stream.name])
            store[stream.name] = with_read_fields(store[stream.name], fields)
            warn_of_unread_fields(stream, store[stream.name])
        goal = group.goal(stream, store[stream.name], period)
        if goal.since and not unread(reads_for(store[stream.name], goal), goal):
            # An earlier run has read all that this run wants, before its end_date for example.
            ended = replace(store[stream.name], full_read=None)
            begun = with_begun_full_read(ended, period.horizon, fields)
            store[stream.name], goal = begun, group.goal(stream, begun, period)
        if stream.has_record_limit and goal.ledger:
            # A connection test wants a record or two, not a whole window's worth of quota.
            goal = replace(goal, start=max(goal.start, goal.horizon - TEST_SPAN))
        if goal.is_of_pending_ids and goal.since is None:
            start = group.pending_start(stream, store[stream.name], goal)
            state = with_reads_before(store[stream.name], goal, start)
            store[stream.name] = without_pending_ids_if_read(state, goal)
        self.goals[stream.name] = goal
        return goal

    def _find_lost_jobs(self, group: ExportGroup, tasks: Sequence[ExportTask]) -> list[FoundJob]:
        """Return the jobs of earlier runs that STATE lacks; some may be another stream's."""
        if self._lost_jobs is None or all(task.export_id for task in tasks):
            return []
        return self._lost_jobs.wait_and_find(
            group.export.path,
            self.state_store[group.name],
            self.state_store.job_ids(),
            tasks[0].request.fields,
        )

    def _discard(self, group: ExportGroup, export_ids: set[str]) -> None:
        for export_id in export_ids:
            with suppress(MarketoBulkError):
                # A completed job stays as it is, and so does one that Marketo does not know.
                status = self._exports.status(group.export.path, export_id).status
                if not status.is_terminal:
                    self._exports.cancel(group.export.path, export_id)
                    message = "Cancelled export %s of an earlier run: no task needs it."
                    logger.info(message, export_id)
        state = self.state_store[group.name]
        self.state_store[group.name] = state.without_jobs(export_ids)
