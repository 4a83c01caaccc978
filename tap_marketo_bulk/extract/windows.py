"""Stretches of time to export, and where reading stops.

Windows are whole seconds in UTC. Neighbours share their boundary second, since
nobody knows whether Marketo's ``endAt`` is inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, order=True)
class Window:
    """One stretch of time, ``start`` < ``end``, both whole seconds in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        """Write the window for a log line."""
        return f"{format_instant(self.start)} to {format_instant(self.end)}"


def whole_second(instant: datetime) -> datetime:
    """Cut an instant down to its whole second, in UTC."""
    return instant.astimezone(UTC).replace(microsecond=0)


def horizon(now: datetime, *, lag: timedelta, end: datetime | None) -> datetime:
    """Return the instant at which this run stops reading.

    Marketo writes some records late, so the newest ``lag`` is left for the next run.
    """
    settled = whole_second(now - lag)
    return min(settled, whole_second(end)) if end else settled


def split(start: datetime, end: datetime, length: timedelta) -> Iterator[Window]:
    """Cut ``[start, end]`` into windows of at most ``length``, oldest first.

    Nothing is yielded where ``start`` is not before ``end``.
    """
    position, end = whole_second(start), whole_second(end)
    step = max(timedelta(seconds=1), timedelta(seconds=length // timedelta(seconds=1)))
    while position < end:
        window = Window(position, min(position + step, end))
        yield window
        position = window.end
