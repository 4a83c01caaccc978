"""The text of one cell -> a value for JSON.

A parser never gets ``null``, which stands for an empty value. It raises ``ValueError`` for a text
that is not of its type; it never guesses.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

# A binary float keeps this many decimal digits exactly.
EXACT_DIGITS = 15
# The largest exponent of a binary float. Expanding much larger powers of ten would exhaust memory.
LARGEST_EXPONENT = 308

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_QUOTED_INTEGER = re.compile(r'"(-?[0-9]+)"')
# As exports write instants; the calendar checks the day.
_UTC_SECOND = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
# Without the hour 24, which Python reads since version 3.14.
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):\d\d:\d\d)(\.\d+)?(Z|Z?[+-]\d\d:?\d\d)",
    re.ASCII,
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def keep_text(text: str) -> str:
    """Return the text as it is."""
    return text


def parse_integer(text: str) -> int:
    """Return a whole number; ``12.0`` is 12, ``12.5`` is a ``ValueError``.

    Marketo has written Campaign Run ID in doubled quotes, which leaves ``"102938"``, quotes
    included, as the text of the cell: that is 102938.
    """
    if text.isdigit() and text.isascii() and len(text) <= LARGEST_EXPONENT:
        return int(text)
    quoted = _QUOTED_INTEGER.fullmatch(text)
    number = _decimal(quoted[1] if quoted else text)
    if number != number.to_integral_value():
        raise ValueError(text)
    return int(number)


def parse_number(text: str) -> float | Decimal:
    """Return a number, as a Decimal where a float would change its digits."""
    digits = text.replace(".", "", 1).lstrip("-")
    if digits.isdigit() and digits.isascii() and len(digits) <= EXACT_DIGITS:
        return float(text)
    return _decimal(text)


def parse_boolean(text: str) -> bool:
    """Return the value of true, false, 1 or 0 in any letter case."""
    try:
        return _BOOLEANS[text.casefold()]
    except KeyError:
        raise ValueError(text) from None


def parse_date(text: str) -> str:
    """Check a date: ``2023-01-19``."""
    # Python reads other forms too: 20230119, and weeks as 2023-W03-4.
    if len(text) != len("2023-01-19") or "W" in text:
        raise ValueError(text)
    date.fromisoformat(text)
    return text


def parse_date_time(text: str) -> str:
    """Read an instant with its zone; return it in UTC: ``2022-02-13T14:06:20Z``.

    REST responses also write ``+0000`` and ``Z+0000``.
    """
    if _UTC_SECOND.fullmatch(text):
        date.fromisoformat(text[:10])
        return text
    found = _DATE_TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    day, time, fraction, zone = found.groups()
    offset = zone.removeprefix("Z") or "+00:00"
    instant = datetime.fromisoformat(f"{day}T{time}{(fraction or '')[:7]}{offset}")
    try:
        return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError as error:
        raise ValueError(text) from error


def _decimal(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(text)
    return number
