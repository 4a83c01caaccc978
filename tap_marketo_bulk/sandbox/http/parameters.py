"""The parameters in the query of a call, and the pages that they select.

Each function raises ``SandboxApiError`` if the value is invalid.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from tap_marketo_bulk.sandbox.api_errors import (
    invalid_date,
    invalid_type,
    invalid_value,
    missing_value,
)
from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange, epoch_seconds_of

Query = Mapping[str, str]
MAX_BATCH_SIZE = 300
_MAX_INTEGER = 2**31 - 1
_Item = TypeVar("_Item")


def integer_parameter(
    query: Query, name: str, default: int, *, low: int = 0, high: int = _MAX_INTEGER
) -> int:
    """The integer ``name`` of a query, from ``low`` to ``high``."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise invalid_type(f"Invalid value '{text}'. Required of type 'Integer'")
    if not low <= int(text) <= high:
        raise invalid_value(f"{name} must be from {low} to {high}")
    return int(text)


def required_parameter(query: Query, name: str) -> str:
    """The text of the parameter ``name``."""
    if name not in query:
        raise missing_value(f"Missing value for the required parameter '{name}'")
    return query[name]


def instant_parameter(text: str, name: str, *, is_strict: bool) -> int:
    """The instant in the parameter ``name``, in epoch seconds."""
    try:
        # The plus sign of an offset is decoded to a space if a client did not encode it.
        return epoch_seconds_of(text.replace(" ", "+"), is_strict=is_strict)
    except ValueError as error:
        raise invalid_date(f"{name}: {error}") from None


def updated_range(query: Query, *, is_strict: bool) -> TimeRange:
    """The range from ``earliestUpdatedAt`` to ``latestUpdatedAt``, by default all time."""
    start, end = (
        instant_parameter(query[name], name, is_strict=is_strict) if name in query else default
        for name, default in (
            ("earliestUpdatedAt", ALL_TIME.start),
            ("latestUpdatedAt", ALL_TIME.end),
        )
    )
    if start > end or (is_strict and start == end):
        raise invalid_value("earliestUpdatedAt must be before latestUpdatedAt")
    return TimeRange(start, end)


def folder_parameter(query: Query, name: str) -> tuple[int, str] | None:
    """The id and the type in ``{"id": 15, "type": "Folder"}``; None without the parameter."""
    if name not in query:
        return None
    try:
        folder: Any = json.loads(query[name])
        return int(folder["id"]), str(folder["type"])
    except (ValueError, KeyError, TypeError):
        message = f"{name} must be a JSON object with the members id and type"
        raise invalid_value(message) from None


def values_parameter(query: Query, name: str) -> set[str]:
    """The values of a list that is separated by commas; empty without the parameter."""
    return {value for value in query.get(name, "").split(",") if value}


def batch_size(query: Query) -> int:
    """The largest number of items in a page: ``batchSize``, by default the maximum."""
    return integer_parameter(query, "batchSize", MAX_BATCH_SIZE, low=1, high=MAX_BATCH_SIZE)


def encode_page_token(*numbers: int) -> str:
    """A page token that contains these numbers."""
    return base64.urlsafe_b64encode(":".join(map(str, numbers)).encode()).decode()


def decode_page_token(token: str, count: int) -> list[int]:
    """The ``count`` numbers in a page token of the sandbox."""
    try:
        numbers = [int(number) for number in base64.urlsafe_b64decode(token).split(b":")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise invalid_value("Invalid nextPageToken")
    return numbers


def page_by_token(
    items: Sequence[_Item], query: Query
) -> tuple[Sequence[_Item], dict[str, object]]:
    """The items of the page that ``batchSize`` and ``nextPageToken`` of a query select.

    The second value has the member ``nextPageToken`` if there is another page.
    """
    token = query.get("nextPageToken")
    start = decode_page_token(token, 1)[0] if token else 0
    end = start + batch_size(query)
    more: dict[str, object] = {"nextPageToken": encode_page_token(end)} if end < len(items) else {}
    return items[start:end], more
