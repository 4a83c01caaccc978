"""The base class of the definitions of export objects."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Generic, TypeVar

from tap_marketo_bulk.sandbox.api_errors import invalid_value
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.exports.checks import check_headers, check_object
from tap_marketo_bulk.sandbox.exports.file_writer import (
    FILE_FORMATS,
    RowEncoder,
    WrittenFile,
    write_export_file,
)

CREATE_BODY_MEMBERS = ("fields", "format", "columnHeaderNames", "filter")

ExpectedRow = dict[str, object]
"""The JSON values of a row, by column."""

RowFilter = TypeVar("RowFilter")
Key = TypeVar("Key", int, str, tuple[int, int])


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
    permission: str
    """The permission that all calls about its jobs need."""

    def __init__(self, data_set: DataSet) -> None:
        self.data_set = data_set
        self.is_strict = data_set.options.strict

    @abstractmethod
    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse the member ``fields`` of a create body, None if it is absent.

        Raises:
            SandboxApiError: It is invalid, or has a field that the object does not have.
        """

    @abstractmethod
    def parse_filter(self, filters: object, at: int) -> RowFilter:
        """Parse the member ``filter`` of a create body, None if it is absent.

        ``at`` is the instant of the call: lists and programs must exist then.

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

    def parse_create_body(self, body: object, at: int) -> CreateBody[RowFilter]:
        """Parse the decoded JSON of a create call at the instant ``at``.

        Raises:
            SandboxApiError: It is invalid; the message names the invalid member.
        """
        members = check_object(body, "request body", CREATE_BODY_MEMBERS, is_strict=self.is_strict)
        file_format = members.get("format", "CSV")
        if file_format not in FILE_FORMATS:
            formats = ", ".join(FILE_FORMATS)
            raise invalid_value(f"Invalid format '{file_format}': use one of {formats}")
        columns = self.parse_columns(members.get("fields"))
        row_filter = self.parse_filter(members.get("filter"), at)
        headers = self._parse_headers(members, columns)
        return CreateBody(columns, headers, str(file_format), row_filter)

    def _parse_headers(
        self, members: Mapping[str, object], columns: tuple[str, ...]
    ) -> tuple[str, ...]:
        headers = check_headers(
            members.get("columnHeaderNames", {}), columns, is_strict=self.is_strict
        )
        mode = self.data_set.options.column_headers
        if mode == "rejected" and "columnHeaderNames" in members:
            raise invalid_value("columnHeaderNames is not supported")
        return columns if mode == "ignored" else headers

    def write_file(self, body: object, at: int, path: Path) -> WrittenFile:
        """Write the export file for a create body, with the rows as they are at ``at``.

        Raises:
            SandboxApiError: ``body`` is not valid, or not any more: a field was removed.
        """
        parsed = self.parse_create_body(body, at)
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
