"""The cells of a whole column -> its values, in a few calls.

Parsing cell by cell is what costs most of the time of reading a file. The functions here check
and convert a column at once. They return None where that is not possible: some cell then has an
unusual form or is invalid, and the caller parses cell by cell. What they return is exactly what
the parser of ``cell_parsers`` returns for each cell, and None for each ``null`` and, but for
text, for each empty cell.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_marketo_bulk.extract.cell_parsers import EXACT_DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

# What an export writes for an empty value.
NULL = "null"

_INT64 = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
_INTEGERS = msgspec.json.Decoder(list[Annotated[int, _INT64] | None])
_NUMBERS = msgspec.json.Decoder(list[float | None])
_DATES = msgspec.json.Decoder(list[date])
_DATE_TIMES = msgspec.json.Decoder(list[datetime])
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False, NULL: None, "": None}
_DIGITS_AS_ZERO = str.maketrans("123456789", "000000000")


def try_parse_text_column(cells: Sequence[str]) -> Sequence[str | None]:
    """Return the texts."""
    return [None if cell == NULL else cell for cell in cells] if NULL in cells else cells


def try_parse_integer_column(cells: Sequence[str]) -> Sequence[object] | None:
    """Return whole numbers."""
    return _decode_array(_INTEGERS, cells)


def try_parse_number_column(cells: Sequence[str]) -> Sequence[object] | None:
    """Return numbers as floats."""
    if max(map(len, cells)) > EXACT_DIGITS or "e" in (joined := "".join(cells)) or "E" in joined:
        return None
    return _decode_array(_NUMBERS, cells)


def try_parse_boolean_column(cells: Sequence[str]) -> Sequence[object] | None:
    """Return booleans."""
    try:
        return [_BOOLEANS[cell] for cell in cells]
    except KeyError:
        return None


def try_parse_date_column(cells: Sequence[str]) -> Sequence[object] | None:
    """Return dates as text, every one of them checked."""
    return _checked_texts(_DATES, "0000-00-00", cells)


def try_parse_date_time_column(cells: Sequence[str]) -> Sequence[object] | None:
    """Return instants as text, every one of them checked."""
    return _checked_texts(_DATE_TIMES, "0000-00-00T00:00:00Z", cells)


def _decode_array(decoder: msgspec.json.Decoder[Any], cells: Sequence[str]) -> list[Any] | None:
    """Decode numbers and nulls, joined to one JSON array."""
    joined = ",".join(cells)
    # JSON allows spaces around a number.
    if " " in joined or "\t" in joined or "\n" in joined or "\r" in joined:
        return None
    try:
        values: list[Any] = decoder.decode(f"[{joined}]")
    except msgspec.DecodeError:
        return None
    # A cell that holds a comma would be two values.
    return values if len(values) == len(cells) else None


def _checked_texts(
    decoder: msgspec.json.Decoder[Any], shape: str, cells: Sequence[str]
) -> Sequence[str | None] | None:
    """Return texts of one shape, their digits as the calendar and the clock allow them."""
    present = [cell for cell in cells if cell != NULL] if NULL in cells else cells
    joined = '","'.join(present)
    if present and joined.translate(_DIGITS_AS_ZERO) != '","'.join([shape] * len(present)):
        return None
    try:
        if present:
            decoder.decode(f'["{joined}"]')
    except msgspec.DecodeError:
        return None
    return try_parse_text_column(cells)
