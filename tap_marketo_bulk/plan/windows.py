"""Stretches of time to export, and the instant at which a run stops reading.

Windows are whole seconds in UTC. Neighbours share the second in which one ends and the next
begins, since nobody knows whether Marketo's ``endAt`` is inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, order=True)
class Window:
    """A stretch of time, ``start`` <= ``end``, both whole seconds in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        """Return the window as text for a log line."""
        return f"{format_instant(self.start)} to {format_instant(self.end)}"


def whole_second(instant: datetime) -> datetime:
    """Return an instant without its fraction of a second, in UTC."""
    return instant.astimezone(UTC).replace(microsecond=0)


def sync_horizon(now: datetime, *, lag: timedelta, end: datetime | None) -> datetime:
    """Return the instant at which this run stops reading.

    Marketo writes some records late, so the newest ``lag`` is left for the next run.
    """
    horizon = whole_second(now - lag)
    return min(horizon, whole_second(end)) if end else horizon


def split(start: datetime, end: datetime, length: timedelta) -> Iterator[Window]:
    """Yield windows of at most ``length`` that together cover ``start`` to ``end``, oldest first.

    Yields nothing where ``start`` is not before ``end``.
    """
    position, end = whole_second(start), whole_second(end)
    step = max(timedelta(seconds=1), timedelta(seconds=length // timedelta(seconds=1)))
    while position < end:
        window = Window(position, min(position + step, end))
        yield window
        position = window.end


def merge(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return the same stretches of time as windows that neither overlap nor touch, oldest first.

    Empty windows are left out.
    """
    merged: list[Window] = []
    for window in sorted(windows):
        if window.start >= window.end:
            continue
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return tuple(merged)


def subtract(windows: Iterable[Window], removed: Window) -> tuple[Window, ...]:
    """Return what remains of ``windows`` without the stretch ``removed``."""
    remaining: list[Window] = []
    for window in windows:
        remaining.append(Window(window.start, min(window.end, removed.start)))
        remaining.append(Window(max(window.start, removed.end), window.end))
    return tuple(window for window in remaining if window.start < window.end)


@dataclass(frozen=True)
class SyncPeriod:
    """The time that a run reads.

    Attributes:
        start: The start date: nothing before it is read.
        horizon: Where the run stops reading.
        window_length: The longest stretch that a new job covers.
        leaves_out_expired: Whether windows are left out that are older than what Marketo keeps.
    """

    start: datetime
    horizon: datetime
    window_length: timedelta
    leaves_out_expired: bool = False
