"""Tables, sizes and times as text."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_LINE_CHARACTERS = 79
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[str]) -> str:
    """Return a table as lines; columns whose names are in ``numbers`` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if name in numbers else cell.ljust(width)
            for name, cell, width in zip(header, row, widths, strict=True)
        ).rstrip()
        for row in (header, *rows)
    )


def paragraph(text: str) -> str:
    """Return text as lines of at most 79 characters."""
    return textwrap.fill(text, _LINE_CHARACTERS)


def size(count: float) -> str:
    """Return a number of bytes as text: ``12.3 MB``. A megabyte is a million bytes."""
    for unit, name in _SIZES:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} bytes"


def duration(seconds: float) -> str:
    """Return a duration as text: ``45 s``, ``12 min``, ``3 h 05 min``, ``2 d 03 h``."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR:02} h"


def instant(moment: datetime | None) -> str:
    """Return an instant in UTC as text; None is an empty text."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else ""


def count(number: int, noun: str) -> str:
    """Return a number of things as text: ``1 job``, ``1,234 jobs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
