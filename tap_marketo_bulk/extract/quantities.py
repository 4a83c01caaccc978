"""Counts, sizes, durations, instants and job ids as short texts for log lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from datetime import datetime

# Up to here, a duration is in seconds; and up to there, in minutes.
_SECONDS_UNTIL, _MINUTES_UNTIL = 119.5, 60
_KILOBYTE, _MEGABYTE = 1e3, 1e6
# From here on, a tenth of a megabyte says enough; and from there on, a whole one does.
_TENTHS_FROM, _WHOLES_FROM = 0.1 * _MEGABYTE, 10 * _MEGABYTE
_ID_CHARACTERS = 8
_MIDNIGHT = "T00:00:00Z"


def count(number: int, noun: str) -> str:
    """Return a number of things: ``1 job``, ``1,234 jobs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def megabytes(size: float) -> str:
    """Return a number of bytes: ``38 MB``, ``0.3 MB``, ``12 kB``, ``0 MB``."""
    if size >= _WHOLES_FROM:
        return f"{size / _MEGABYTE:,.0f} MB"
    if size >= _TENTHS_FROM:
        return f"{size / _MEGABYTE:.1f} MB"
    return f"{max(1, round(size / _KILOBYTE))} kB" if size else "0 MB"


def duration(seconds: float) -> str:
    """Return a duration, rounded: ``41 s``, ``6 min``, ``3 h 05 min``."""
    if seconds < _SECONDS_UNTIL:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < _MINUTES_UNTIL:
        return f"{minutes} min"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def short_instant(instant: datetime) -> str:
    """Return an instant in UTC, without its time where that is midnight."""
    return format_instant(instant).removesuffix(_MIDNIGHT)


def short_id(export_id: str) -> str:
    """Return the beginning of a job's id, by which it is found in a list of jobs."""
    return export_id[:_ID_CHARACTERS]
