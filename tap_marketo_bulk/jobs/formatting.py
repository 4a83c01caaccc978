"""Sizes, times and counts as text."""

from __future__ import annotations

from datetime import UTC, datetime

_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def size(count: float) -> str:
    """Return a number of bytes as text: ``12.3 MB``. A megabyte is a million bytes."""
    for unit, name in _SIZES:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} bytes"


def duration(seconds: float) -> str:
    """Return a duration as text: ``45 s``, ``12 min``, ``3 h 05 min``, ``2 d 03 h``.

    A negative one, which two clocks can make, is ``0 s``.
    """
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR:02} h"


def optional_duration(seconds: float | None) -> str:
    """Return a duration as text; None is an empty text."""
    return "" if seconds is None else duration(seconds)


def instant(moment: datetime | None) -> str:
    """Return an instant in UTC as text; None is an empty text."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""


def count(number: int, noun: str) -> str:
    """Return a number of things as text: ``1 job``, ``1,234 jobs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def optional_number(number: int | None) -> str:
    """Return a number as text: ``1,234``; None is an empty text."""
    return "" if number is None else f"{number:,}"
