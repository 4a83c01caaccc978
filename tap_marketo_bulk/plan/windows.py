"""Intervals of time to export, and the instant at which a run stops reading.

Windows are whole seconds in UTC. Neighbours share the second in which one ends and the next
begins, since nobody knows whether Marketo's ``endAt`` is inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, order=True)
class Window:
    """An interval of time, ``start`` <= ``end``, both whole seconds in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        """Return the window as text for a log line."""
        return f"{format_instant(self.start)} to {format_instant(self.end)}"

    def overlaps(self, other: Window) -> bool:
        """Return whether two windows share more than an instant."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class SyncPeriod:
    """The time that a run reads.

    Attributes:
        start: The start date: nothing before it is read.
        horizon: Where the run stops reading.
        window_length: The longest interval that a new job covers.
    """

    start: datetime
    horizon: datetime
    window_length: timedelta


def whole_second(instant: datetime) -> datetime:
    """Return an instant without its fraction of a second, in UTC."""
    return instant.astimezone(UTC).replace(microsecond=0)


def sync_horizon(now: datetime, *, lag: timedelta, end: datetime | None) -> datetime:
    """Return the instant at which this run stops reading.

    Marketo writes some records late, so the newest ``lag`` is left for the next run.
    """
    horizon = whole_second(now - lag)
    return min(horizon, whole_second(end)) if end else horizon


def split(window: Window, length: timedelta) -> Iterator[Window]:
    """Yield windows of at most ``length`` that together cover a window, oldest first."""
    position = window.start
    step = max(timedelta(seconds=1), timedelta(seconds=length // timedelta(seconds=1)))
    while position < window.end:
        part = Window(position, min(position + step, window.end))
        yield part
        position = part.end
