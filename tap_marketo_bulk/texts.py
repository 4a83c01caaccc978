"""Texts for people: amounts, durations, short ids, and text from Marketo made safe to show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from datetime import datetime


# C0 and C1 control characters (ESC begins terminal commands), the line separators U+2028 and
# U+2029, and the characters that change the direction of the text around them.
_CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def without_control_characters(value: object) -> str:
    """Return ``value`` as text without control characters; half a surrogate pair becomes ``?``."""
    return _CONTROL_CHARACTERS.sub("", str(value)).encode(errors="replace").decode()


def clean_line(value: object) -> str:
    """Return ``value`` as one line of clean text; line breaks and runs of spaces become a space."""
    return without_control_characters(" ".join(str(value).split()))


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
