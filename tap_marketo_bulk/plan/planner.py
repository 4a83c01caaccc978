"""From what is unread to the export tasks of a run: pure functions.

Streams that the same export fills share its files. Where they lack different intervals, time is
cut, so that each file has the rows and columns that its consumers need, and no others::

    activities             [===================================]  unread
    activities_send_email                  [===================]  unread
                           '---- file 1 ---''----- file 2 -----'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tap_marketo_bulk.plan.ledger import (
    ALL,
    NO_IDS,
    UNDATED,
    Gap,
    Goal,
    Ids,
    Read,
    common_ids,
    split_ids,
    united_ids,
    unread,
    without_ids,
)
from tap_marketo_bulk.plan.windows import Window, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.marketo.exports import ExportRequest
    from tap_marketo_bulk.plan.state_format import UnfinishedJob

    # Returns the request for a window and some ids, with the columns that these streams need.
    MakeRequest = Callable[[Window, Ids, Sequence[str]], ExportRequest]


# A window whose job cannot be finished is divided, but not into shorter ones than this.
SHORTEST_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class Consumer:
    """A stream that an export fills.

    Attributes:
        stream: Its name.
        goal: What it wants to have read.
        reads: What was read of it.
    """

    stream: str
    goal: Goal
    reads: tuple[Read, ...] = ()

    @property
    def gaps(self) -> list[Gap]:
        """What is unread."""
        return unread(self.reads, self.goal)


@dataclass(frozen=True)
class ExportPlan:
    """What the tasks of one export object are made from.

    Attributes:
        stream: The stream whose state holds the unfinished jobs.
        consumers: The streams to fill.
        jobs: The jobs that earlier runs created and did not read.
        make_request: Returns the request for a task.
        required_fields: Fields without which a file is of no use.
        ids_per_job: How many ids one job can have; None for any number.
        as_of: The horizon of this run.
        window_length: The longest interval that a new job covers.
    """

    stream: str
    consumers: tuple[Consumer, ...]
    jobs: tuple[UnfinishedJob, ...]
    make_request: MakeRequest
    required_fields: frozenset[str]
    ids_per_job: int | None
    as_of: datetime
    window_length: timedelta


@dataclass(frozen=True)
class ExportTask:
    """One file to be exported and read.

    Attributes:
        stream: The stream whose state holds the job's id.
        window: The interval that the file covers; ``UNDATED`` for an export without dates.
        request: What Marketo is asked for.
        consumers: The streams that the file's rows are for, each with the ids that it lacks.
        as_of: The horizon of the run that created, or will create, the job.
        required_fields: Fields without which the file is of no use.
        ids: The ids in the request.
        export_id: The job that an earlier run created for exactly this request.
        unknown_fields: Fields of the request that this job lacks: Marketo did not know them.
    """

    stream: str
    window: Window
    request: ExportRequest
    consumers: Mapping[str, Ids]
    as_of: datetime
    required_fields: frozenset[str] = frozenset()
    ids: Ids = ALL
    export_id: str | None = None
    unknown_fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the stream and the window as text for a message."""
        return self.stream if self.window == UNDATED else f"{self.stream} {self.window}"


def plan_tasks(plan: ExportPlan) -> list[ExportTask]:
    """Return the tasks of one export object in the order of reading, oldest window first.

    An unfinished job is used if its file has something that is unread. The rest is new jobs.
    """
    consumers = {each.stream: each for each in plan.consumers}
    tasks = []
    for job in sorted(plan.jobs, key=lambda each: (each.as_of, each.window), reverse=True):
        if task := _resumed_task(plan, list(consumers.values()), job):
            tasks.append(task)
            for stream, ids in task.consumers.items():
                goal, reads = consumers[stream].goal, consumers[stream].reads
                # A file as late as those of this run is not read again in this run.
                late = goal.lookback if job.as_of >= plan.as_of else timedelta()
                read = Read(job.window, job.as_of + late, ids, goal.filter_digest)
                consumers[stream] = replace(consumers[stream], reads=(*reads, read))
    tasks += _new_tasks(plan, list(consumers.values()))
    return sorted(tasks, key=lambda task: (task.window, sorted(task.ids or ())))


def obsolete_jobs(plan: ExportPlan, tasks: Iterable[ExportTask]) -> list[UnfinishedJob]:
    """Return the unfinished jobs that no task uses, and that no later run can use."""
    used = {task.export_id for task in tasks}
    return [
        job
        for job in plan.jobs
        if job.export_id not in used and (job.window.end <= plan.as_of or job.window == UNDATED)
    ]


def divide_ids(task: ExportTask, make_request: MakeRequest) -> list[ExportTask]:
    """Return two tasks, each with a half of the ids; none if there are not two ids."""
    if not task.ids or len(task.ids) == 1:
        return []
    halves = split_ids(task.ids, (len(task.ids) + 1) // 2)
    return [_part(task, task.window, ids, make_request) for ids in halves]


def divide_window(task: ExportTask, make_request: MakeRequest) -> list[ExportTask]:
    """Return tasks for quarters of the window, none shorter than a day; none if it is a day."""
    length = task.window.end - task.window.start
    if task.window == UNDATED or length <= SHORTEST_WINDOW:
        return []
    windows = split(task.window, max(length / 4, SHORTEST_WINDOW))
    return [_part(task, window, task.ids, make_request) for window in windows]


def _part(task: ExportTask, window: Window, ids: Ids, make_request: MakeRequest) -> ExportTask:
    wanted = {stream: common_ids(each, ids) for stream, each in task.consumers.items()}
    consumers = {stream: each for stream, each in wanted.items() if each != NO_IDS}
    request = make_request(window, ids, tuple(consumers))
    return replace(
        task,
        window=window,
        request=request,
        consumers=consumers,
        ids=ids,
        export_id=None,
        unknown_fields=(),
    )


def _resumed_task(
    plan: ExportPlan, consumers: Sequence[Consumer], job: UnfinishedJob
) -> ExportTask | None:
    """Return the task that reads the file of a job; None if nothing of it is unread."""
    needs = _needs_in(consumers, job)
    has_more = without_ids(job.ids, united_ids(needs.values())) != NO_IDS
    if not needs or (has_more and not job.has_unknown_ids):
        # Settings leave out some ids that the job has: they are not exported any more.
        return None
    batches: Iterable[Ids] = [job.ids]
    if job.has_unknown_ids:
        batches = split_ids(united_ids(needs.values()), plan.ids_per_job)
    for ids in batches:
        request = plan.make_request(job.window, ids, tuple(needs))
        if request.digest == job.digest:
            return replace(
                _task(plan, job.window, ids, needs, request),
                as_of=job.as_of,
                export_id=job.export_id,
                unknown_fields=job.unknown_fields,
            )
    return None


def _needs_in(consumers: Sequence[Consumer], job: UnfinishedJob) -> dict[str, Ids]:
    """Return the ids that each stream lacks of what a job's file has; streams that lack none."""
    needs: dict[str, Ids] = {}
    for consumer in consumers:
        goal = consumer.goal
        if (goal.since and job.as_of < goal.since) or job.window.end > goal.horizon:
            continue
        gaps = [gap for gap in consumer.gaps if gap.window.overlaps(job.window)]
        lacking = united_ids(gap.ids for gap in gaps)
        ids = lacking if job.has_unknown_ids else common_ids(lacking, job.ids)
        # Where all ids are lacking, some of them are of no use: all are exported anyway.
        if gaps and without_ids(lacking, ids) != lacking:
            needs[consumer.stream] = ids
    return needs


def _new_tasks(plan: ExportPlan, consumers: Sequence[Consumer]) -> Iterator[ExportTask]:
    for interval, needs in _intervals(consumers):
        is_undated = interval == UNDATED
        windows = [interval] if is_undated else split(interval, plan.window_length)
        for window in windows:
            for ids in split_ids(united_ids(needs.values()), plan.ids_per_job):
                request = plan.make_request(window, ids, tuple(needs))
                yield _task(plan, window, ids, needs, request)


def _intervals(consumers: Sequence[Consumer]) -> list[tuple[Window, dict[str, Ids]]]:
    """Return the intervals in which the same streams lack the same ids, with these."""
    gaps = [(consumer.stream, gap) for consumer in consumers for gap in consumer.gaps]
    points = {point for _, gap in gaps for point in (gap.window.start, gap.window.end)}
    intervals: list[tuple[Window, dict[str, Ids]]] = []
    for start, end in pairwise(sorted(points)):
        piece = Window(start, end)
        needs = {stream: gap.ids for stream, gap in gaps if gap.window.overlaps(piece)}
        if needs:
            intervals.append((piece, needs))
    return intervals


def _task(
    plan: ExportPlan, window: Window, ids: Ids, needs: Mapping[str, Ids], request: ExportRequest
) -> ExportTask:
    wanted = {stream: common_ids(lacking, ids) for stream, lacking in needs.items()}
    return ExportTask(
        stream=plan.stream,
        window=window,
        request=request,
        consumers={stream: each for stream, each in wanted.items() if each != NO_IDS},
        as_of=plan.as_of,
        required_fields=plan.required_fields,
        ids=ids,
    )
