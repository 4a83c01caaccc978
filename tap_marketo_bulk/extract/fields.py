"""One table: Marketo data type -> JSON Schema and text parser.

A parser takes the text of one cell, never the bare word ``null`` that stands for an empty
one, and returns a value for JSON. It raises ``ValueError`` rather than guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

Parser = Callable[[str], object]

# A binary float keeps this many decimal digits exactly.
EXACT_DIGITS = 15
# As far as a binary float reaches. Expanding much larger powers of ten would exhaust memory.
LARGEST_EXPONENT = 308

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
# As exports write instants; the day is checked by the calendar.
_UTC_SECOND = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|Z?[+-]\d\d:?\d\d)", re.ASCII
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class FieldType:
    """How values of one kind look in a schema and in a file."""

    schema: Mapping[str, object]
    parse: Parser


def parse_text(text: str) -> str:
    """Keep text as it is."""
    return text


def parse_integer(text: str) -> int:
    """Read a whole number; ``12.0`` is 12, ``12.5`` is a ``ValueError``."""
    if text.isdigit() and text.isascii() and len(text) <= LARGEST_EXPONENT:
        return int(text)
    number = _decimal(text)
    if number != number.to_integral_value():
        raise ValueError(text)
    return int(number)


def parse_number(text: str) -> float | Decimal:
    """Read a number, as a Decimal where a float would change its digits."""
    digits = text.replace(".", "", 1).lstrip("-")
    if digits.isdigit() and digits.isascii() and len(digits) <= EXACT_DIGITS:
        return float(text)
    return _decimal(text)


def parse_boolean(text: str) -> bool:
    """Read true, false, 1 or 0 in any case."""
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
    """Read an instant with its zone; returns it in UTC: ``2022-02-13T14:06:20Z``.

    REST replies also write ``+0000`` and ``Z+0000``.
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


def parse_attributes(text: str) -> dict[str, Any]:
    """Read an activity's attributes: an object, or REST's array of ``{name, value}``.

    Numbers keep their digits, as in ``parse_number``.
    """
    try:
        value = _decoded(text)
        if isinstance(value, list):
            value = {str(entry["name"]): entry.get("value") for entry in value}
        # Escapes can hold what no database takes as text: NUL, and halves of characters.
        if "\\u" in text:
            value = _storable(value)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(text) from error
    if not isinstance(value, dict):
        raise ValueError(text)  # noqa: TRY004 - parsers raise ValueError, whatever is wrong
    return value


_DECODER = msgspec.json.Decoder(float_hook=parse_number)


def _decoded(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON; several times faster than the standard library, and no stricter."""
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        # Halves of characters and bare control characters are no reason to lose a record.
        return json.loads(text, parse_float=parse_number, parse_constant=parse_number, strict=False)


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Remove NUL and replace lone surrogates in every text of a JSON value."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value


def _decimal(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(text)
    return number


TEXT = FieldType({"type": ["string", "null"]}, parse_text)
INTEGER = FieldType({"type": ["integer", "null"]}, parse_integer)
NUMBER = FieldType({"type": ["number", "null"]}, parse_number)
BOOLEAN = FieldType({"type": ["boolean", "null"]}, parse_boolean)
DATE = FieldType({"type": ["string", "null"], "format": "date"}, parse_date)
DATE_TIME = FieldType({"type": ["string", "null"], "format": "date-time"}, parse_date_time)
ATTRIBUTES = FieldType({"type": ["object", "null"]}, parse_attributes)

# Marketo's data types in lower case; the ones not named here are text.
BY_DATA_TYPE: Mapping[str, FieldType] = {
    "integer": INTEGER,
    "score": INTEGER,
    "float": NUMBER,
    "currency": NUMBER,
    "percent": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": DATE_TIME,
}
# The types and formats of JSON Schema; a number that may be an integer is a number.
BY_JSON_TYPE: Mapping[str, FieldType] = {
    "number": NUMBER,
    "integer": INTEGER,
    "boolean": BOOLEAN,
    "object": ATTRIBUTES,
}
BY_FORMAT: Mapping[str, FieldType] = {"date": DATE, "date-time": DATE_TIME}


def type_of(data_type: str) -> FieldType:
    """Return the field type of a Marketo data type, letter case ignored."""
    return BY_DATA_TYPE.get(data_type.casefold(), TEXT)


def type_for_schema(schema: Mapping[str, Any]) -> FieldType:
    """Return the field type of a column as a catalog describes it.

    The catalog's word counts: a column that may hold a string stays text.
    """
    declared = schema.get("type") or "string"
    types = {declared} if isinstance(declared, str) else set(declared)
    if types - {"null"} == {"string"}:
        return BY_FORMAT.get(str(schema.get("format")), TEXT)
    if "string" in types:
        return TEXT
    return next((kind for name, kind in BY_JSON_TYPE.items() if name in types), TEXT)
