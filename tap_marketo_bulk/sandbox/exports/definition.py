"""What all export objects share: the checks of a create body, and the base class of definitions.

Each check raises ``SandboxApiError`` with a message that names the invalid member.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Generic, TypeVar

from tap_marketo_bulk.sandbox.api_errors import invalid_value
from tap_marketo_bulk.sandbox.clock import parse_instant
from tap_marketo_bulk.sandbox.data.data_set import DataSet, TimeRange
from tap_marketo_bulk.sandbox.exports.file_writer import (
    FILE_FORMATS,
    RowEncoder,
    WrittenFile,
    write_export_file,
)

_MAX_RANGE_SECONDS = 31 * 86_400
_Item = TypeVar("_Item", int, str)


def check_object(value: object, what: str, member_names: Collection[str]) -> Mapping[str, object]:
    """Return ``value`` if it is a JSON object with no other members than ``member_names``.

    ``what`` describes the value in the error message.
    """
    if not isinstance(value, dict):
        raise invalid_value(f"The {what} must be a JSON object with members")
    unknown = sorted(set(value) - set(member_names))
    if unknown:
        raise invalid_value(f"Unknown members of the {what}: {', '.join(unknown)}")
    return value


def check_filters(value: object, filter_names: Collection[str]) -> Mapping[str, object]:
    """Return ``value`` if it is the ``filter`` of a create body with at least one filter."""
    if value == {}:
        raise invalid_value("The filter must be a JSON object with members")
    return check_object(value, "filter", filter_names)


def check_list(filters: Mapping[str, object], name: str, item_type: type[_Item]) -> list[_Item]:
    """Return the list in the filter ``name``; an empty list if the filter is absent.

    An empty list in the filter is an error.
    """
    value = filters.get(name)
    if value is None:
        return []
    # The types must be the same: True is an instance of int.
    if (
        not isinstance(value, list)
        or not value
        or any(type(item) is not item_type for item in value)
    ):
        raise invalid_value(f"'{name}' must be a list of {item_type.__name__} values")
    return value


def check_time_range(value: object, filter_name: str) -> TimeRange:
    """Return the range ``{"startAt": ..., "endAt": ...}`` of a filter, at most 31 days long."""
    members = check_object(value, f"filter '{filter_name}'", {"startAt", "endAt"})
    try:
        start, end = (parse_instant(str(members[key])) for key in ("startAt", "endAt"))
    except KeyError as missing:
        raise invalid_value(f"The filter '{filter_name}' has no {missing}") from None
    except ValueError as error:
        raise invalid_value(f"The filter '{filter_name}' is invalid: {error}") from None
    if end < start:
        raise invalid_value(f"The filter '{filter_name}' ends before it starts")
    if end - start > _MAX_RANGE_SECONDS:
        raise invalid_value(f"The filter '{filter_name}' is longer than 31 days")
    return TimeRange(start, end)


def check_field_names(value: object) -> tuple[str, ...]:
    """Return the texts of the list ``fields`` if there is at least one and none is repeated."""
    if not isinstance(value, list) or not value:
        raise invalid_value("'fields' must be a list of field names")
    if any(not isinstance(name, str) for name in value) or len(set(value)) < len(value):
        raise invalid_value("'fields' must contain texts, and each field name once")
    return tuple(value)


def check_headers(value: object, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the header of each column; ``value`` is ``columnHeaderNames``, {} without it."""
    headers = check_object(value, "columnHeaderNames", columns)
    if any(not isinstance(header, str) for header in headers.values()):
        raise invalid_value("columnHeaderNames must map field names to texts")
    return tuple(str(headers.get(column, column)) for column in columns)


ExpectedRow = dict[str, object]
"""The JSON values of a row, by column."""

RowFilter = TypeVar("RowFilter")
Key = TypeVar("Key", int, str)


@dataclass(frozen=True)
class CreateBody(Generic[RowFilter]):
    """A valid create body: the columns and their headers, the file format and the rows."""

    columns: tuple[str, ...]
    headers: tuple[str, ...]
    file_format: str
    row_filter: RowFilter


class ExportDefinition(ABC, Generic[RowFilter, Key]):
    """One object of Bulk Extract: its columns, its filters, its rows and their text.

    ``RowFilter`` is the type of a parsed filter, ``Key`` the type of the key of a row.
    """

    name: str
    """The object in the path: ``/bulk/v1/<name>/export/...``."""

    def __init__(self, data_set: DataSet) -> None:
        self.data_set = data_set

    @abstractmethod
    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse the member ``fields`` of a create body, None if it is absent.

        Raises:
            SandboxApiError: It is invalid, or has a field that the object does not have.
        """

    @abstractmethod
    def parse_filter(self, filters: object) -> RowFilter:
        """Parse the member ``filter`` of a create body, None if it is absent.

        Raises:
            SandboxApiError: It is invalid, or the subscription does not have such a filter.
        """

    @abstractmethod
    def file_rows(
        self, columns: tuple[str, ...], row_filter: RowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The rows at the instant ``at``: for each row the text of each column, before quoting."""

    @abstractmethod
    def expected_rows(self, row_filter: RowFilter | None, at: int) -> dict[Key, ExpectedRow]:
        """The rows at the instant ``at`` with all columns, by key; without a filter all rows."""

    def parse_create_body(self, body: object) -> CreateBody[RowFilter]:
        """Parse the decoded JSON of a create call.

        Raises:
            SandboxApiError: It is invalid; the message names the invalid member.
        """
        names = ("fields", "format", "columnHeaderNames", "filter")
        members = check_object(body, "request body", names)
        file_format = members.get("format", "CSV")
        if file_format not in FILE_FORMATS:
            formats = ", ".join(FILE_FORMATS)
            raise invalid_value(f"Invalid format '{file_format}': use one of {formats}")
        columns = self.parse_columns(members.get("fields"))
        row_filter = self.parse_filter(members.get("filter"))
        headers = check_headers(members.get("columnHeaderNames", {}), columns)
        return CreateBody(columns, headers, str(file_format), row_filter)

    def write_file(self, body: object, at: int, path: Path) -> WrittenFile:
        """Write the export file for a create body, with the rows as they are at ``at``.

        Raises:
            SandboxApiError: ``body`` is not valid, or not any more: a field was removed.
        """
        parsed = self.parse_create_body(body)
        options = self.data_set.options
        return write_export_file(
            path,
            RowEncoder(parsed.file_format, options.ssv_separator),
            parsed.headers,
            self.file_rows(parsed.columns, parsed.row_filter, at),
            header_without_rows=options.empty_file == "header",
        )


def json_value(value: object) -> object:
    """The value of an expected row: text has no NUL characters, and a date is text.

    Clients remove NUL characters, because warehouses cannot store them.
    """
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value.replace("\x00", "")
    return value
