"""The text of a JSON object or array -> a dict or list that every database takes.

Marketo's activities have such a text as their ``attributes``.
"""

from __future__ import annotations

import json
import re
from types import NoneType
from typing import TYPE_CHECKING, Any

import msgspec

from tap_marketo_bulk.extract.cell_parsers import parse_number

if TYPE_CHECKING:
    from collections.abc import Sequence

_DECODER = msgspec.json.Decoder(float_hook=parse_number)
# {"Campaign Run ID":""102938""}
_VALUE_IN_DOUBLED_QUOTES = re.compile(r'(?<=:)(\s*)""([^"\\]*)""(?=\s*[,}])')
_NUL = "\\u0000"
_JSON_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")


def parse_attributes(text: str) -> dict[str, Any]:
    """Return an activity's attributes: an object, or REST's array of ``{name, value}``.

    Numbers keep their digits, as in ``parse_number``. Values in doubled quotes, which Marketo has
    written for Campaign Run ID, are read although they are not JSON.

    Raises:
        ValueError: The text is neither.
    """
    try:
        value, is_storable = _decode(text)
        if isinstance(value, list):
            value = {str(entry["name"]): entry.get("value") for entry in value}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(text) from error
    if not isinstance(value, dict):
        raise ValueError(text)  # noqa: TRY004 - parsers raise ValueError, whatever is wrong
    return value if is_storable else sanitize_texts(value)


def try_parse_attributes_column(cells: Sequence[str]) -> list[Any] | None:
    """Return a whole column's objects, and None for each ``null``; see ``column_parsers``."""
    try:
        values = list(map(_DECODER.decode, cells))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError, ValueError):
        return None
    are_objects = set(map(type, values)) <= {dict, NoneType}
    return values if are_objects and _NUL not in "".join(cells) else None


def parse_json_array(text: str) -> list[Any]:
    """Return the elements of an array; numbers keep their digits, as in ``parse_number``.

    Raises:
        ValueError: The text is no JSON array.
    """
    try:
        value, is_storable = _decode(text)
    except RecursionError as error:
        raise ValueError(text) from error
    if not isinstance(value, list):
        raise ValueError(text)  # noqa: TRY004 - parsers raise ValueError, whatever is wrong
    return value if is_storable else sanitize_texts(value)


def try_parse_json_array_column(cells: Sequence[str]) -> None:
    """Return None, so that each cell is parsed: no export has a column of arrays."""
    del cells


def sanitize_texts(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with every text as databases take it: no NUL, no lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {sanitize_texts(key): sanitize_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [sanitize_texts(item) for item in value]
    return value


def _decode(text: str) -> tuple[Any, bool]:
    """Return a JSON value, and whether all its texts are known to be storable."""
    try:
        # Several times faster than the standard library. Refuses lone surrogates.
        return _DECODER.decode(text), _NUL not in text
    except (msgspec.DecodeError, UnicodeEncodeError):
        return _decode_other(text), False


def _decode_other(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Decode what the fast decoder does not: lenient JSON, and values in doubled quotes."""
    try:
        return _decode_leniently(text)
    except ValueError:
        return _decode_leniently(_VALUE_IN_DOUBLED_QUOTES.sub(_without_doubled_quotes, text))


def _decode_leniently(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON that may hold lone surrogates and bare control characters in its texts."""
    return json.loads(text, parse_float=parse_number, parse_constant=parse_number, strict=False)


def _without_doubled_quotes(found: re.Match[str]) -> str:
    space, value = found.groups()
    return space + (value if _JSON_INTEGER.fullmatch(value) else f'"{value}"')
