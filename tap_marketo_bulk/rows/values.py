"""Texts of cells and of JSON -> values, one by one or a column at once; and what is invalid.

A parser of one text raises ``ValueError`` for a text that is not of its type; it never guesses,
and never gets ``null``, which stands for an empty value.

Parsing cell by cell is most of the time of reading a file, so the ``try_parse_*_column`` functions
check and convert a column in a few calls. They return None if some cell has an unusual form or is
invalid: the caller then parses cell by cell. Otherwise they return what the parser returns for
each cell, and None for each ``null`` and, except in a column of texts, for each empty cell.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.marketo.responses import WrittenNumber

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# What an export writes for an empty value.
NULL = "null"
# A binary float keeps this many decimal digits exactly.
EXACT_DIGITS = 15
# The largest exponent of a binary float. Expanding much larger powers of ten would exhaust memory.
LARGEST_EXPONENT = 308
# The text of one cell -> a value.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_QUOTED_INTEGER = re.compile(r'"(-?[0-9]+)"')
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
# As exports write instants; the calendar checks the day.
_UTC_SECOND = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
# Without the hour 24, which Python reads since version 3.14.
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):\d\d:\d\d)(\.\d+)?(Z|Z?[+-]\d\d:?\d\d)",
    re.ASCII,
)


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


# The text of a JSON object or array -> a dict or list that every database takes.

_Decoder = msgspec.json.Decoder[Any]
# Several times faster than the standard library. Refuses lone surrogates.
_DECODER = msgspec.json.Decoder(float_hook=parse_number)
# Numbers with a fraction or an exponent keep their text, for ``json_text``.
_DECODER_AS_WRITTEN = msgspec.json.Decoder(float_hook=msgspec.Raw)
_NUL = "\\u0000"
# {"Campaign Run ID":""102938""}
_VALUE_IN_DOUBLED_QUOTES = re.compile(r'(?<=:)(\s*)""([^"\\]*)""(?=\s*[,}])')
_JSON_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")


def parse_attributes(text: str, *, as_written: bool = False) -> dict[str, Any]:
    """Return an activity's attributes: an object, or REST's array of ``{name, value}``.

    Numbers keep their digits, as in ``parse_number``, or with ``as_written`` their text, which
    only ``json_text`` can read. Values in doubled quotes, which Marketo has written for Campaign
    Run ID, are read although they are not JSON.

    Raises:
        ValueError: The text is neither.
    """
    value = _decode(text, _DECODER_AS_WRITTEN if as_written else _DECODER)
    try:
        if isinstance(value, list):
            value = {str(entry["name"]): entry.get("value") for entry in value}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(text) from error
    if not isinstance(value, dict):
        raise ValueError(text)  # noqa: TRY004 - parsers raise ValueError, whatever is wrong
    return value


def parse_json_array(text: str) -> list[Any]:
    """Return the elements of an array; numbers keep their digits, as in ``parse_number``.

    Raises:
        ValueError: The text is no JSON array.
    """
    value = _decode(text, _DECODER)
    if not isinstance(value, list):
        raise ValueError(text)  # noqa: TRY004 - parsers raise ValueError, whatever is wrong
    return value


def _text_as_written(number: WrittenNumber) -> msgspec.Raw:
    """Return the text of a number, the only class in JSON values that msgspec does not know."""
    return msgspec.Raw(number.text)


_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_text_as_written).encode


def json_text(value: object) -> str:
    """Return the text of a JSON value; its numbers keep the digits that were read."""
    return _encode(value).decode()


def with_plain_numbers(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value whose numbers every writer knows: a Decimal for ``WrittenNumber``."""
    if isinstance(value, WrittenNumber):
        return Decimal(value)
    if isinstance(value, dict):
        return {key: with_plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_plain_numbers(item) for item in value]
    return value


def sanitize_texts(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with every text as databases take it: no NUL, no lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {sanitize_texts(key): sanitize_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [sanitize_texts(item) for item in value]
    return value


def _decode(text: str, decoder: _Decoder) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with storable texts; raises ``ValueError`` if there is none."""
    try:
        value = decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return sanitize_texts(_decode_other(text, decoder))
    return sanitize_texts(value) if _NUL in text else value


def _decode_other(text: str, decoder: _Decoder) -> Any:  # noqa: ANN401 - any JSON value
    """Decode what the fast decoder does not: lenient JSON, and values in doubled quotes."""
    # Texts may hold lone surrogates and bare control characters.
    loads = partial(json.loads, parse_constant=parse_number, strict=False)
    try:
        with suppress(ValueError):
            return loads(text, parse_float=decoder.float_hook)
        text = _VALUE_IN_DOUBLED_QUOTES.sub(_without_doubled_quotes, text)
        return loads(text, parse_float=decoder.float_hook)
    except RecursionError as error:
        raise ValueError(text) from error


def _without_doubled_quotes(found: re.Match[str]) -> str:
    space, value = found.groups()
    return space + (value if _JSON_INTEGER.fullmatch(value) else f'"{value}"')


# The cells of a whole column -> its values.

_INT64 = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
_INTEGERS = msgspec.json.Decoder(list[Annotated[int, _INT64] | None])
_NUMBERS = msgspec.json.Decoder(list[float | None])
_DATES = msgspec.json.Decoder(list[date])
_DATE_TIMES = msgspec.json.Decoder(list[datetime])
_BOOLEAN_CELLS = _BOOLEANS | {NULL: None, "": None}
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
        return [_BOOLEAN_CELLS[cell] for cell in cells]
    except KeyError:
        return None


def try_parse_date_column(cells: Sequence[str]) -> Sequence[object] | None:
    """Return dates as text, every one of them checked."""
    return _checked_texts(_DATES, "0000-00-00", cells)


def try_parse_date_time_column(cells: Sequence[str]) -> Sequence[object] | None:
    """Return instants as text, every one of them checked."""
    return _checked_texts(_DATE_TIMES, "0000-00-00T00:00:00Z", cells)


def try_parse_attributes_column(cells: Sequence[str]) -> list[Any] | None:
    """Return objects."""
    try:
        values = list(map(_DECODER.decode, cells))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    are_objects = set(map(type, values)) <= {dict, NoneType}
    return values if are_objects and _NUL not in "".join(cells) else None


def _decode_array(decoder: _Decoder, cells: Sequence[str]) -> list[Any] | None:
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
    decoder: _Decoder, shape: str, cells: Sequence[str]
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


# The one rule for values that are invalid, in files and in JSON. By default such a value is null,
# and the record keeps the original, so that nothing is lost and the run goes on.

# The object column of a record that holds its invalid values: {"annualRevenue": "n/a"}.
INVALID_VALUES = "_invalid_values"
_SHOWN_CHARACTERS = 80
_NOT_OF_TYPE = "do not fit their type and are null"
_NOT_UTF8_OR_TYPE = f"have bytes that are not UTF-8 and are U+FFFD, or {_NOT_OF_TYPE}"


class InvalidValuePolicy(StrEnum):
    """What to do with an invalid value; the values of the setting ``invalid_values``."""

    NULL = "null"
    FAIL = "fail"


class InvalidValueHandler:
    """Applies the policy to the invalid values of one stream, and counts them.

    Attributes:
        counts: Field -> number of invalid values.
        samples: Field -> the first invalid value, and the record that has it.
        undecodable: The fields of which some values have bytes that are not UTF-8.
        skipped: The rows that were not read, since such a field is required: place, field, value.
    """

    def __init__(self, policy: InvalidValuePolicy) -> None:
        self.counts: Counter[str] = Counter()
        self.samples: dict[str, str] = {}
        self.undecodable: set[str] = set()
        self.skipped: list[str] = []
        self._policy = policy

    def count_or_raise(
        self,
        record: str,
        values: Mapping[str, object],
        required: frozenset[str],
        undecodable: Collection[str] = (),
    ) -> None:
        """Count the invalid values of one record.

        Args:
            record: Names the record in messages: ``leads, line 3, id 2``.
            values: Field -> original value.
            required: The fields whose values must be valid, whatever the policy.
            undecodable: The fields whose values have bytes that are not UTF-8.

        Raises:
            InvalidValueError: A required field is among them, or the policy is to fail. Names
                the record, the field and the value.
        """
        for field, value in values.items():
            shown = f"{record}, field {field}: {_shorten(value)}"
            if field in required or self._policy is InvalidValuePolicy.FAIL:
                raise _invalid_value_error(
                    shown, is_required=field in required, is_decodable=field not in undecodable
                )
            self.counts[field] += 1
            self.samples.setdefault(field, shown)
        self.undecodable.update(undecodable)

    def skip(self, row: str, values: Mapping[str, str]) -> bool:
        """Note a row that no record can be made of; return False if the policy is to fail.

        Args:
            row: Names the row in messages: ``leads, line 3 of export 5f3a``.
            values: Required field -> original value, which has bytes that are not UTF-8.
        """
        if self._policy is InvalidValuePolicy.FAIL:
            return False
        shown = [f"field {field}: {_shorten(value)}" for field, value in values.items()]
        self.skipped.append(", ".join([row, *shown]))
        return True

    def warnings(self) -> list[str]:
        """Return what to log of the skipped rows, and of each field."""
        skipped = (
            [f"{len(self.skipped)} rows were not read, the first: {self.skipped[0]}."]
            if self.skipped
            else []
        )
        return skipped + [
            f"{count} values of {field} "
            f"{_NOT_UTF8_OR_TYPE if field in self.undecodable else _NOT_OF_TYPE}, the first in "
            f"{self.samples[field]}. The originals are in {INVALID_VALUES} where that column is "
            "selected."
            for field, count in self.counts.items()
        ]


def missing_key_error(record: str, field: str) -> InvalidValueError:
    """Return the error for a record without a value in a key field."""
    return InvalidValueError(
        f"A record has no value in its key: {record}, field {field}. The bookmark was not moved. "
        "Run again; if the error stays, ask Marketo Support about the record."
    )


def _invalid_value_error(shown: str, *, is_required: bool, is_decodable: bool) -> InvalidValueError:
    subject = "A value of a key field" if is_required else "A value"
    problem = "does not fit its type" if is_decodable else "has bytes that are not UTF-8"
    as_string = ", or declare the field a string in the catalog" if is_decodable else ""
    others = "" if is_required else ", or deselect the field, or set invalid_values to null"
    return InvalidValueError(
        f"{subject} {problem}: {shown}. The bookmark was not moved. Correct the value in Marketo"
        f"{as_string}{others}."
    )


def _shorten(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
    return repr(text) if isinstance(value, str) else text
