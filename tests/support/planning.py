"""Reads, goals, jobs and plans of one export object, with instants in hours after a start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.plan.ledger import ALL, Goal, Ids, Read
from tap_marketo_bulk.plan.planner import Consumer, ExportPlan
from tap_marketo_bulk.plan.state_format import UnfinishedJob
from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_marketo_bulk.plan.planner import ExportTask

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "updatedAt"
OWNER = "activities"


def at(hours: float) -> datetime:
    """Return an instant."""
    return START + hours * HOUR


def hours(instant: datetime) -> float:
    """Return the hours of an instant."""
    return (instant - START) / HOUR


def window(start: float, end: float) -> Window:
    """Return a window between two hours."""
    return Window(at(start), at(end))


def ids_of(*numbers: int) -> Ids:
    """Return some ids; without any, all ids."""
    return frozenset(numbers) or ALL


def read(start: float, end: float, as_of: float, *ids: int, filter_digest: str = "") -> Read:
    """Return a read of some ids, by default of all."""
    return Read(window(start, end), at(as_of), ids_of(*ids), filter_digest)


def goal(  # noqa: PLR0913 - as a goal has them
    horizon: float,
    *ids: int,
    start: float = 0,
    lookback: float = 0,
    since: float | None = None,
    filter_digest: str = "",
    is_of_pending_ids: bool = False,
) -> Goal:
    """Return a goal for some ids, by default for all."""
    return Goal(
        ledger=KEY,
        start=at(start),
        horizon=at(horizon),
        lookback=lookback * HOUR,
        ids=ids_of(*ids),
        since=None if since is None else at(since),
        filter_digest=filter_digest,
        is_of_pending_ids=is_of_pending_ids,
    )


def make_request(span: Window, ids: Ids, streams: Sequence[str]) -> ExportRequest:
    """Return a request that depends on the window, the ids and the streams."""
    dates = {"startAt": format_instant(span.start), "endAt": format_instant(span.end)}
    filters = {KEY: dates} | ({} if ids is None else {"ids": sorted(ids)})
    return ExportRequest(OWNER, tuple(streams), filters)


def job(
    start: float,
    end: float,
    as_of: float,
    *ids: int,
    streams: Sequence[str] = (OWNER,),
    has_unknown_ids: bool = False,
) -> UnfinishedJob:
    """Return a job of an earlier run; its id has the hours of its window."""
    request = make_request(window(start, end), ids_of(*ids), streams)
    return UnfinishedJob(
        f"{start}-{end}",
        window(start, end),
        request.digest,
        at(as_of),
        ALL if has_unknown_ids else ids_of(*ids),
        has_unknown_ids=has_unknown_ids,
    )


def plan(
    *consumers: Consumer,
    jobs: tuple[UnfinishedJob, ...] = (),
    as_of: float = 100,
    length: float = 24,
    ids_per_job: int | None = None,
) -> ExportPlan:
    """Return what the planner needs to plan for these consumers."""
    return ExportPlan(
        stream=OWNER,
        consumers=consumers,
        jobs=jobs,
        make_request=make_request,
        required_fields=frozenset(),
        ids_per_job=ids_per_job,
        as_of=at(as_of),
        window_length=length * HOUR,
    )


def consumer(wanted: Goal, *reads: Read, stream: str = OWNER) -> Consumer:
    """Return a stream that wants a goal, and what was read of it."""
    return Consumer(stream, wanted, reads)


def spans(tasks: Iterable[ExportTask]) -> list[tuple[float, float, tuple[str, ...]]]:
    """Return the hours of each task's window, and its consumers."""
    return [
        (hours(each.window.start), hours(each.window.end), tuple(each.consumers)) for each in tasks
    ]
