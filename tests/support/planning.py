"""Plans for one stream, with instants in hours after a start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.plan.ledger import IncrementalReadMode, StreamState, UnfinishedExport
from tap_marketo_bulk.plan.planner import Consumer, PlanningInput
from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.plan.planner import ExportTask

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWNER = "activities"


def at(hours: float) -> datetime:
    """Return an instant."""
    return START + hours * HOUR


def window(start: float, end: float) -> Window:
    """Return a window between two hours."""
    return Window(at(start), at(end))


def make_requests(span: Window, consumers: tuple[str, ...]) -> list[ExportRequest]:
    """Return the request for a window; its digest depends on the window and the consumers."""
    dates = {"startAt": format_instant(span.start), "endAt": format_instant(span.end)}
    return [ExportRequest(OWNER, consumers, {"createdAt": dates})]


def plan(
    *consumers: Consumer,
    exports: tuple[UnfinishedExport, ...] = (),
    horizon: float = 100,
    length: float = 24,
) -> PlanningInput:
    """Return what the planner needs to plan for these consumers."""
    return PlanningInput(
        stream=OWNER,
        consumers=consumers,
        exports=exports,
        make_requests=make_requests,
        required_fields=frozenset(),
        horizon=at(horizon),
        window_length=length * HOUR,
    )


def consumer(
    name: str = OWNER, bookmark: float | None = None, lookback: float = 0, **state: object
) -> Consumer:
    """Return a stream without bookmark, or with one and other members of its state."""
    known = StreamState("date", at(bookmark), **state) if bookmark is not None else StreamState()  # type: ignore[arg-type] # as StreamState has them
    return Consumer(name, IncrementalReadMode("date", lookback * HOUR), known, START)


def export(start: float, end: float, horizon: float, *consumers: str) -> UnfinishedExport:
    """Return a job of an earlier run; its id has the hours of its window."""
    span = window(start, end)
    (request,) = make_requests(span, consumers or (OWNER,))
    return UnfinishedExport(f"{start}-{end}", span, request.digest, at(horizon))


def spans(tasks: Sequence[ExportTask]) -> list[tuple[float, float, tuple[str, ...]]]:
    """Return the hours of each task's window, and its consumers."""
    return [
        ((it.window.start - START) / HOUR, (it.window.end - START) / HOUR, it.consumers)
        for it in tasks
    ]
