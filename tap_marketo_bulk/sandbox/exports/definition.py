"""The base class of the definitions of export objects, and the checks of a create body.

Each check raises ``SandboxApiError`` with a message that names the invalid member.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Generic, TypeVar

from tap_marketo_bulk.sandbox.api_errors import (
    ApiErrorCode,
    SandboxApiError,
    invalid_date,
    invalid_type,
    invalid_value,
    missing_value,
)
from tap_marketo_bulk.sandbox.clock import TimeRange, epoch_seconds_of
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.exports.file_writer import (
    FILE_FORMATS,
    RowEncoder,
    WrittenFile,
    write_export_file,
)
from tap_marketo_bulk.sandbox.options import Options

LIST_FILTERS = ("staticListName", "staticListId", "smartListName", "smartListId")
"""The filters that select the members of a list, with which other objects are exported too."""

_MAX_RANGE_SECONDS = 31 * 86_400
_Item = TypeVar("_Item", int, str)


def check_object(
    value: object, what: str, member_names: Collection[str], *, is_strict: bool
) -> Mapping[str, object]:
    """Return ``value`` if it is a JSON object.

    If ``is_strict``, it must have no other members than ``member_names``. ``what`` describes the
    value in the error message.
    """
    if value is None:
        raise missing_value(f"Missing value for the required {what}")
    if not isinstance(value, dict):
        raise invalid_type(f"The {what} must be a JSON object with members")
    unknown = sorted(set(value) - set(member_names))
    if unknown and is_strict:
        raise invalid_value(f"Unknown members of the {what}: {', '.join(unknown)}")
    return value


def check_filters(value: object, filter_names: Collection[str]) -> Mapping[str, object]:
    """Return ``value`` if it is the ``filter`` of a create body with at least one filter."""
    if value == {}:
        raise missing_value("The filter must be a JSON object with members")
    return check_object(value, "filter", filter_names, is_strict=True)


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
        raise invalid_type(f"'{name}' must be a list of {item_type.__name__} values")
    return value


def check_time_range(value: object, filter_name: str, *, is_strict: bool) -> TimeRange:
    """Return the range ``{"startAt": ..., "endAt": ...}`` of a filter, at most 31 days long."""
    names = ("startAt", "endAt")
    members = check_object(value, f"filter '{filter_name}'", names, is_strict=is_strict)
    try:
        start, end = (epoch_seconds_of(str(members[key]), is_strict=is_strict) for key in names)
    except KeyError as missing:
        raise missing_value(f"The filter '{filter_name}' has no {missing}") from None
    except ValueError as error:
        raise invalid_date(f"The filter '{filter_name}' is invalid: {error}") from None
    if end < start:
        raise invalid_value(f"The filter '{filter_name}' ends before it starts")
    if end - start > _MAX_RANGE_SECONDS:
        raise invalid_value(f"The filter '{filter_name}' is longer than 31 days")
    return TimeRange(start, end)


def check_field_names(value: object, *, is_strict: bool) -> tuple[str, ...]:
    """Return the texts of the list ``fields`` if there is at least one.

    If ``is_strict``, none may be repeated; else each is returned once.
    """
    if value is None or value == []:
        raise missing_value("'fields' must be a list of field names")
    if not isinstance(value, list):
        raise invalid_type("'fields' must be a list of field names")
    if any(not isinstance(name, str) for name in value):
        raise invalid_type("'fields' must contain texts, and each field name once")
    if is_strict and len(set(value)) < len(value):
        raise invalid_value("'fields' must contain texts, and each field name once")
    return tuple(dict.fromkeys(value))


def check_headers(value: object, columns: tuple[str, ...], *, is_strict: bool) -> tuple[str, ...]:
    """Return the header of each column; ``value`` is ``columnHeaderNames``, {} without it."""
    headers = check_object(value, "columnHeaderNames", columns, is_strict=is_strict)
    if any(not isinstance(header, str) for header in headers.values()):
        raise invalid_type("columnHeaderNames must map field names to texts")
    return tuple(str(headers.get(column, column)) for column in columns)


def check_known_fields(names: Collection[str], known: Collection[str], options: Options) -> None:
    """Check that all field names are known; the error depends on ``unknown_field_style``."""
    unknown = [name for name in names if name not in known]
    if unknown and options.unknown_field_style == "1006":
        message = f"Field '{unknown[0]}' not found"
        raise SandboxApiError(ApiErrorCode.FIELD_NOT_FOUND, message)
    if unknown:
        raise invalid_value(f"Invalid fields [{', '.join(unknown)}]")


def parse_only_filter(value: object, filter_names: Collection[str]) -> tuple[str, object]:
    """Return the name and the value of the only filter."""
    members = check_filters(value, filter_names)
    if len(members) != 1:
        names = ", ".join(filter_names)
        raise invalid_value(f"Exactly one filter is required, one of: {names}")
    return next(iter(members.items()))


def check_filter_is_supported(*, is_supported: bool) -> None:
    """Check that this subscription has a filter."""
    if not is_supported:
        message = "Unsupported filter type for target subscription"
        raise SandboxApiError(ApiErrorCode.UNSUPPORTED_FILTER, message)


def check_list_exists(data_set: DataSet, filter_name: str, value: object, at: int) -> int:
    """Return the id of the list that the filter selects; the list must exist at ``at``."""
    is_smart = filter_name.startswith("smart")
    check_filter_is_supported(is_supported=data_set.options.smart_lists or not is_smart)
    list_id = data_set.find_list_id(filter_name, value, at)
    if list_id is None:
        raise invalid_value(f"Invalid value '{value}' for filter '{filter_name}': no such list")
    return list_id


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
