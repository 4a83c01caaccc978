"""The base class of export objects: the create body, the rows of the file, the expected rows."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError, invalid_value
from tap_marketo_bulk.sandbox.clock import TimeRange
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.exports.checks import (
    check_field_names,
    check_headers,
    check_object,
    check_time_range,
)
from tap_marketo_bulk.sandbox.exports.file_writer import (
    FILE_FORMATS,
    RowEncoder,
    WrittenFile,
    write_export_file,
)

ExpectedRow = dict[str, object]
"""The JSON values of a row, by column."""

Record = TypeVar("Record")
Key = TypeVar("Key", int, str, tuple[int, int])
Select = Callable[[int], Iterable[Record]]
"""Returns the records that a filter selects, as they are at an instant."""
ReadValues = Callable[[Record], Sequence[Any]]
"""Returns the values of some columns of a record."""


@dataclass(frozen=True)
class CreateBody(Generic[Record]):
    """A valid create body: the columns and their headers, the file format and the rows."""

    columns: Sequence[str]
    headers: Sequence[str]
    file_format: str
    select: Select[Record]


class ExportObject(ABC, Generic[Record, Key]):
    """One object of Bulk Extract: its columns, its filters and its records.

    Attributes:
        name: The object in the path: ``/bulk/v1/<name>/export/...``.
        permission: The permission that all calls about its jobs need.
        default_columns: The columns of an export without ``fields``; none: they are required.
    """

    name: str
    permission: str
    default_columns: tuple[str, ...] = ()

    def __init__(self, data_set: DataSet) -> None:
        self.data_set = data_set
        self.options = data_set.options

    @abstractmethod
    def column_types(self) -> Mapping[str, str]:
        """The data type of each column in the expected rows."""

    def requestable_columns(self) -> Collection[str]:
        """The names that ``fields`` may contain."""
        return self.column_types().keys()

    @abstractmethod
    def parse_filter(self, filters: object, at: int) -> Select[Record]:
        """Parse the member ``filter`` of a create body, None if it is absent.

        ``at`` is the instant of the call: lists and programs must exist then.

        Raises:
            SandboxApiError: It is invalid, or the subscription does not have such a filter.
        """

    @abstractmethod
    def all_records(self, at: int) -> Iterable[Record]:
        """All records at the instant ``at``."""

    @abstractmethod
    def values_reader(self, columns: Sequence[str], at: int) -> ReadValues[Record]:
        """A function that returns the values of these columns of a record at ``at``."""

    @abstractmethod
    def key(self, record: Record) -> Key:
        """The key of a record."""

    @abstractmethod
    def format_cell(self, column: str, value: Any) -> str:  # noqa: ANN401 - a value of the column
        """The text of a value in the file, before quoting."""

    def check_error(self) -> str:
        """Why it cannot be exported; empty if it can."""
        return ""

    def check_columns(self, fields: object) -> tuple[str, ...]:
        """Return the columns that ``fields`` of a create body requests.

        Raises:
            SandboxApiError: It is invalid, or has a field that the object does not have.
        """
        names = check_field_names(fields, is_strict=self.options.strict)
        known = self.requestable_columns()
        unknown = [name for name in names if name not in known]
        if unknown and self.options.unknown_field_style == "1006":
            message = f"Field '{unknown[0]}' not found"
            raise SandboxApiError(ApiErrorCode.FIELD_NOT_FOUND, message)
        if unknown:
            raise invalid_value(f"Invalid fields [{', '.join(unknown)}]")
        return names

    def parse_create_body(self, body: object, at: int) -> CreateBody[Record]:
        """Parse the decoded JSON of a create call at the instant ``at``.

        Raises:
            SandboxApiError: The object cannot be exported, or the body is invalid; the message
                names the invalid member.
        """
        if self.check_error():
            raise invalid_value(self.check_error())
        names = ("fields", "format", "columnHeaderNames", "filter")
        members = check_object(body, "request body", names, is_strict=self.options.strict)
        file_format = members.get("format", "CSV")
        if file_format not in FILE_FORMATS:
            formats = ", ".join(FILE_FORMATS)
            raise invalid_value(f"Invalid format '{file_format}': use one of {formats}")
        fields = members.get("fields")
        uses_default = fields is None or (fields == [] and not self.options.strict)
        columns = self.default_columns if uses_default else ()
        columns = columns or self.check_columns(fields)
        select = self.parse_filter(members.get("filter"), at)
        return CreateBody(columns, self._headers(members, columns), str(file_format), select)

    def _headers(self, members: Mapping[str, object], columns: tuple[str, ...]) -> Sequence[str]:
        value = members.get("columnHeaderNames", {})
        headers = check_headers(value, columns, is_strict=self.options.strict)
        mode = self.options.column_headers
        if mode == "rejected" and "columnHeaderNames" in members:
            raise invalid_value("columnHeaderNames is not supported")
        return columns if mode == "ignored" else headers

    def parse_range(self, value: object, filter_name: str) -> TimeRange:
        """The range of a filter by date.

        Raises:
            SandboxApiError: It is invalid.
        """
        return check_time_range(value, filter_name, is_strict=self.options.strict)

    def write_file(self, body: object, at: int, path: Path) -> WrittenFile:
        """Write the export file for a create body, with the rows as they are at ``at``.

        Raises:
            SandboxApiError: ``body`` is not valid, or not any more: a field was removed.
        """
        parsed = self.parse_create_body(body, at)
        read_values = self.values_reader(parsed.columns, at)
        return write_export_file(
            path,
            RowEncoder(parsed.file_format, self.options.ssv_separator),
            parsed.headers,
            (
                map(self.format_cell, parsed.columns, read_values(record))
                for record in parsed.select(at)
            ),
            header_without_rows=self.options.empty_file == "header",
        )

    def expected_rows(self, filters: object, at: int) -> dict[Key, ExpectedRow]:
        """The rows at the instant ``at`` with all columns, by key; without filters all rows.

        Raises:
            SandboxApiError: The filter is invalid.
        """
        select = self.parse_filter(filters, at) if filters else self.all_records
        return self.rows_of(select(at), at)

    def rows_of(self, records: Iterable[Record], at: int) -> dict[Key, ExpectedRow]:
        """The expected rows of these records at the instant ``at``, by key."""
        columns = tuple(self.column_types())
        read_values = self.values_reader(columns, at)
        return {
            self.key(record): dict(zip(columns, map(json_value, read_values(record)), strict=True))
            for record in records
        }


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
    if isinstance(value, dict):
        return {name: json_value(each) for name, each in value.items()}
    return value
