"""What the handlers of the REST API read: the data, and the parameters in the query of a call.

Each function raises ``SandboxApiError`` if the value is invalid.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tap_marketo_bulk.sandbox.api_errors import (
    invalid_date,
    invalid_type,
    invalid_value,
    missing_value,
)
from tap_marketo_bulk.sandbox.clock import ALL_TIME, SandboxClock, TimeRange, epoch_seconds_of
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.http.access import CallStatistics
from tap_marketo_bulk.sandbox.http.messages import HttpRequest, HttpResponse


@dataclass(frozen=True)
class RestContext:
    """What the handlers read."""

    data_set: DataSet
    statistics: CallStatistics
    clock: SandboxClock

    @property
    def now(self) -> int:
        """The current instant in epoch seconds."""
        return int(self.clock.now().timestamp())


RestHandler = Callable[[RestContext, HttpRequest], HttpResponse]


Query = Mapping[str, str]
_MAX_INTEGER = 2**31 - 1


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


def updated_range(query: Query, *, is_strict: bool) -> TimeRange | None:
    """The range from ``earliestUpdatedAt`` to ``latestUpdatedAt``; None without both."""
    if not {"earliestUpdatedAt", "latestUpdatedAt"} & set(query):
        return None
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


def instant_parameter(text: str, name: str, *, is_strict: bool) -> int:
    """The instant in the parameter ``name``, in epoch seconds."""
    try:
        # The plus sign of an offset is decoded to a space if a client did not encode it.
        return epoch_seconds_of(text.replace(" ", "+"), is_strict=is_strict)
    except ValueError as error:
        raise invalid_date(f"{name}: {error}") from None


def required_parameter(query: Query, name: str) -> str:
    """The text of the parameter ``name``."""
    if name not in query:
        raise missing_value(f"Missing value for the required parameter '{name}'")
    return query[name]


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
