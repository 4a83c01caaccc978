"""Texts for people: counts, sizes, durations, instants, short ids, and clean text from Marketo."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from datetime import datetime

# C0 and C1 control characters (ESC begins terminal commands), the line separators U+2028 and
# U+2029, and the characters that change the direction of the text around them.
_CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_KILOBYTE, _MEGABYTE = 1e3, 1e6
# Sizes are in tenths of a megabyte from the first limit on, and in whole ones from the second on.
_TENTHS_FROM, _WHOLES_FROM = 0.1 * _MEGABYTE, 10 * _MEGABYTE
# Durations are in seconds below this limit.
_MINUTES_FROM_SECONDS = 119.5
_HOUR_MINUTES, _DAY_HOURS = 60, 24
_ID_CHARACTERS = 8
_MIDNIGHT = "T00:00:00Z"


def without_control_characters(value: object) -> str:
    """Return ``value`` as text without control characters; half a surrogate pair becomes ``?``."""
    return _CONTROL_CHARACTERS.sub("", str(value)).encode(errors="replace").decode()


def clean_line(value: object) -> str:
    """Return ``value`` as one line of clean text; line breaks and runs of spaces become a space."""
    return without_control_characters(" ".join(str(value).split()))


def count(number: int, noun: str) -> str:
    """Return a number of things: ``1 job``, ``1,234 jobs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def megabytes(size: float) -> str:
    """Return a number of bytes: ``38 MB``, ``0.3 MB``, ``12 kB``, ``0 MB``.

    A megabyte is a million bytes, as Marketo counts them.
    """
    if size >= _WHOLES_FROM:
        return f"{size / _MEGABYTE:,.0f} MB"
    if size >= _TENTHS_FROM:
        return f"{size / _MEGABYTE:.1f} MB"
    return f"{max(1, round(size / _KILOBYTE))} kB" if size else "0 MB"


def duration(seconds: float) -> str:
    """Return a duration, rounded: ``41 s``, ``6 min``, ``3 h 05 min``, ``2 d 03 h``.

    A negative one, which two clocks can make, is ``0 s``.
    """
    if seconds < _MINUTES_FROM_SECONDS:
        return f"{max(0.0, seconds):.0f} s"
    minutes = round(seconds / 60)
    if minutes < _HOUR_MINUTES:
        return f"{minutes} min"
    if minutes < _DAY_HOURS * _HOUR_MINUTES:
        return f"{minutes // _HOUR_MINUTES} h {minutes % _HOUR_MINUTES:02} min"
    hours = round(minutes / _HOUR_MINUTES)
    return f"{hours // _DAY_HOURS} d {hours % _DAY_HOURS:02} h"


def short_instant(instant: datetime) -> str:
    """Return an instant in UTC, without its time if that is midnight."""
    return format_instant(instant).removesuffix(_MIDNIGHT)


def table_instant(instant: datetime) -> str:
    """Return an instant in UTC, for a table whose header names UTC: ``2026-01-31 23:00:00``."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def short_id(export_id: str) -> str:
    """Return the beginning of a job's id, by which it is found in a list of jobs."""
    return export_id[:_ID_CHARACTERS]
