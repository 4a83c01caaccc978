"""The parameters in the query of a call: numbers, instants, folders.

Each function raises ``SandboxApiError`` if the value is invalid.
"""

import json
from collections.abc import Mapping

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError, invalid_value
from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange, epoch_seconds_of

Query = Mapping[str, str]
_MAX_INTEGER = 2**31 - 1


def integer_parameter(
    query: Query, name: str, default: int, *, low: int = 0, high: int = _MAX_INTEGER
) -> int:
    """The integer ``name`` of a query, from ``low`` to ``high``."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        message = f"Invalid value '{text}'. Required of type 'Integer'"
        raise SandboxApiError(ApiErrorCode.INVALID_TYPE, message)
    if not low <= int(text) <= high:
        raise invalid_value(f"{name} must be from {low} to {high}")
    return int(text)


def updated_range(query: Query) -> TimeRange | None:
    """The range from ``earliestUpdatedAt`` to ``latestUpdatedAt``; None without both."""
    if not {"earliestUpdatedAt", "latestUpdatedAt"} & set(query):
        return None
    start = _instant_parameter(query, "earliestUpdatedAt", ALL_TIME.start)
    end = _instant_parameter(query, "latestUpdatedAt", ALL_TIME.end)
    if start >= end:
        raise invalid_value("earliestUpdatedAt must be before latestUpdatedAt")
    return TimeRange(start, end)


def _instant_parameter(query: Query, name: str, default: int) -> int:
    if name not in query:
        return default
    try:
        # The plus sign of an offset is decoded to a space if a client did not encode it.
        return epoch_seconds_of(query[name].replace(" ", "+"))
    except ValueError as error:
        raise SandboxApiError(ApiErrorCode.INVALID_DATE, f"{name}: {error}") from None


def folder_parameter(query: Query, name: str) -> tuple[int, str] | None:
    """The id and the type in ``{"id": 15, "type": "Folder"}``; None without the parameter."""
    if name not in query:
        return None
    try:
        folder = json.loads(query[name])
        return int(folder["id"]), str(folder["type"])
    except (ValueError, KeyError, TypeError):
        message = f"{name} must be a JSON object with the members id and type"
        raise invalid_value(message) from None


def values_parameter(query: Query, name: str) -> set[str]:
    """The values of a list that is separated by commas; empty without the parameter."""
    return {value for value in query.get(name, "").split(",") if value}
