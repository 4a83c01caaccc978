"""The export objects: the columns, the filters and the records of each, and the rows of files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from tap_marketo_bulk.sandbox.api_errors import (
    ApiErrorCode,
    SandboxApiError,
    invalid_value,
    missing_value,
)
from tap_marketo_bulk.sandbox.data.activity_types import ACTIVITY_COLUMNS
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.fields import (
    CUSTOM_OBJECTS,
    MEMBER_FIELDS,
    CustomObjectDefinition,
    Field,
    LeadField,
    ObjectField,
)
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.exports.create_body import (
    ACTIVITY_FILTERS,
    LIST_FILTERS,
    MEMBER_FILTERS,
    Filter,
    Selection,
    check_activity_filters,
    check_field_names,
    check_headers,
    check_member_filters,
    check_object,
    created_at,
    updated_at,
)
from tap_marketo_bulk.sandbox.exports.file_writer import (
    FILE_FORMATS,
    UNDECODABLE_TEXT,
    RowEncoder,
    WrittenFile,
    format_value,
    write_export_file,
)
from tap_marketo_bulk.sandbox.options import READ_ACTIVITY, READ_CUSTOM_OBJECT, READ_LEAD

DEFAULT_ACTIVITY_COLUMNS = tuple(name for name in ACTIVITY_COLUMNS if name != "actionResult")
"""The columns of an export of activities without ``fields``."""

ExpectedRow = dict[str, object]
"""The JSON values of a row, by column."""


@dataclass(frozen=True)
class ExportObject:
    """One object of Bulk Extract.

    ``requestable`` are the fields that a create body may name, ``expected`` those of the expected
    rows. ``records`` returns the records of a selection at an instant, before its predicates.
    ``check_filters`` checks the filters of a create body together. A create body that is invalid,
    perhaps since a field was removed, raises ``SandboxApiError``, which names the invalid member.
    """

    data_set: DataSet
    name: str
    """The object in the path: ``/bulk/v1/<name>/export/...``."""
    permission: str
    """The permission that all calls about its jobs need."""
    requestable: Callable[[], Mapping[str, Field]]
    expected: Callable[[], Mapping[str, Field]]
    records: Callable[[Selection, int], Iterable[Any]]
    filters: Mapping[str, Filter]
    check_filters: Callable[[DataSet, Mapping[str, object]], None]
    default_columns: tuple[str, ...] = ()
    """The columns of an export without ``fields``; none: they are required."""
    error: str = ""
    """Why it cannot be exported; empty if it can."""

    def parse_create_body(self, body: object, at: int) -> "CreateBody":
        """Parse the decoded JSON of a create call at the instant ``at``."""
        if self.error:
            raise invalid_value(self.error)
        options = self.data_set.options
        names = ("fields", "format", "columnHeaderNames", "filter")
        members = check_object(body, "request body", names, is_strict=options.strict)
        file_format = members.get("format", "CSV")
        if file_format not in FILE_FORMATS:
            formats = ", ".join(FILE_FORMATS)
            raise invalid_value(f"Invalid format '{file_format}': use one of {formats}")
        columns = self._columns(members.get("fields"))
        selection = self._selection(members.get("filter"), at)
        headers = check_headers(
            members.get("columnHeaderNames", {}), columns, is_strict=options.strict
        )
        if options.column_headers == "rejected" and "columnHeaderNames" in members:
            raise invalid_value("columnHeaderNames is not supported")
        headers = columns if options.column_headers == "ignored" else headers
        parsed = CreateBody(columns, headers, str(file_format), selection)
        filters = members.get("filter")
        adds_column = isinstance(filters, dict) and "programIds" in filters
        return self._with_program_id(parsed) if adds_column else parsed

    def _columns(self, fields: object) -> tuple[str, ...]:
        options = self.data_set.options
        if self.default_columns and (fields is None or (fields == [] and not options.strict)):
            return self.default_columns
        names = check_field_names(fields, is_strict=options.strict)
        unknown = [name for name in names if name not in self.requestable()]
        if unknown and options.unknown_field_style == "1006":
            message = f"Field '{unknown[0]}' not found"
            raise SandboxApiError(ApiErrorCode.FIELD_NOT_FOUND, message)
        if unknown:
            raise invalid_value(f"Invalid fields [{', '.join(unknown)}]")
        return names

    def _selection(self, filters: object, at: int) -> Selection:
        if filters == {}:
            raise missing_value("The filter must be a JSON object with members")
        members = check_object(filters, "filter", self.filters, is_strict=True)
        self.check_filters(self.data_set, members)
        selection = Selection(self.data_set, at)
        for name, add in self.filters.items():
            if members.get(name) is not None:
                add(selection, name, members[name])
        return selection

    def _with_program_id(self, parsed: "CreateBody") -> "CreateBody":
        """The filter ``programIds`` adds the column ``programId`` before all others."""
        columns = list(zip(parsed.columns, parsed.headers, strict=True))
        added = ("programId", "programId")
        if self.data_set.options.program_id_column == "once":
            requested = [column for column in columns if column[0] == "programId"]
            added = requested[0] if requested else added
            columns = [column for column in columns if column not in requested]
        names, headers = zip(added, *columns, strict=True)
        return replace(parsed, columns=names, headers=headers)

    def _selected(self, selection: Selection, at: int) -> Iterable[Any]:
        predicates = selection.predicates
        for record in self.records(selection, at):
            if all(is_selected(record, at) for is_selected in predicates):
                yield record

    def write_file(
        self, body: object, at: int, path: Path, undecodable: tuple[str, object] | None = None
    ) -> WrittenFile:
        """Write the export file for a create body, with the rows as they are at ``at``.

        ``undecodable`` is the column and the key of a cell that is not UTF-8.
        """
        parsed = self.parse_create_body(body, at)
        known = self.requestable()
        fields = [known[name] for name in parsed.columns]
        options = self.data_set.options
        return write_export_file(
            path,
            RowEncoder(parsed.file_format, options.ssv_separator),
            parsed.headers,
            self._cells(fields, self._selected(parsed.selection, at), undecodable),
        )

    def _cells(
        self,
        fields: Sequence[Field],
        records: Iterable[Any],
        undecodable: tuple[str, object] | None,
    ) -> Iterator[list[str]]:
        column, key = undecodable or ("", None)
        for number, record in enumerate(records):
            cells = map(self._format_cell, fields, record.values(fields))
            is_chosen = column and (number == 0 if key is None else record.key == key)
            yield [
                UNDECODABLE_TEXT if is_chosen and field.name == column else cell
                for field, cell in zip(fields, cells, strict=True)
            ]

    def _format_cell(self, field: Field, value: object) -> str:
        options = self.data_set.options
        if isinstance(field, ObjectField) and self.name == "program/members":
            return format_value(value, true_text=options.member_true_text)
        is_score = field.data_type == "score" and EdgeCase.DECIMAL_SCORES in options.edge_cases
        if isinstance(field, LeadField) and is_score and isinstance(value, int) and value % 3 == 0:
            return f"{value}.0"
        return format_value(value)

    def expected_rows(self, filters: object, at: int) -> dict[Any, ExpectedRow]:
        """The rows at the instant ``at`` with all columns, by key; without filters all rows."""
        selection = self._selection(filters, at) if filters else Selection(self.data_set, at)
        return self.rows_of(self._selected(selection, at))

    def rows_of(self, records: Iterable[Any]) -> dict[Any, ExpectedRow]:
        """The expected rows of these records, by key."""
        fields = self.expected()
        values = tuple(fields.values())
        return {
            record.key: dict(zip(fields, map(json_value, record.values(values)), strict=True))
            for record in records
        }


@dataclass(frozen=True)
class CreateBody:
    """A valid create body: the columns and their headers, the file format and the rows."""

    columns: Sequence[str]
    headers: Sequence[str]
    file_format: str
    selection: Selection


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


def _one_filter_of(
    filters: Mapping[str, Filter],
) -> Callable[[DataSet, Mapping[str, object]], None]:
    def check(_data_set: DataSet, members: Mapping[str, object]) -> None:
        if len(members) != 1:
            raise invalid_value(f"Exactly one filter is required, one of: {', '.join(filters)}")

    return check


_LEAD_FILTERS = {
    "createdAt": created_at,
    "updatedAt": updated_at("changed_at", "updated_at_filter"),
    **LIST_FILTERS,
}
_RECORD_FILTERS = {
    "updatedAt": updated_at("updated_at", "custom_object_updated_at_filter"),
    **LIST_FILTERS,
}


def _custom_object(data_set: DataSet, definition: CustomObjectDefinition) -> ExportObject:
    fields = {field.name: field for field in definition.fields}
    return ExportObject(
        data_set,
        f"customobjects/{definition.api_name}",
        READ_CUSTOM_OBJECT,
        requestable=lambda: fields,
        expected=lambda: fields,
        records=lambda _, at: data_set.custom_object_records(definition, at),
        filters=_RECORD_FILTERS,
        check_filters=_one_filter_of(_RECORD_FILTERS),
        error=definition.export_error,
    )


def export_objects(data_set: DataSet) -> dict[str, ExportObject]:
    """All objects that a create call can name, by name."""
    member_fields = {field.name: field for field in MEMBER_FIELDS}
    create = partial(ExportObject, data_set)
    objects = (
        create(
            "leads",
            READ_LEAD,
            requestable=lambda: data_set.requestable_lead_columns,
            expected=lambda: data_set.lead_columns,
            records=lambda selection, at: data_set.leads(at, selection.created),
            filters=_LEAD_FILTERS,
            check_filters=_one_filter_of(_LEAD_FILTERS),
        ),
        create(
            "activities",
            READ_ACTIVITY,
            requestable=lambda: ACTIVITY_COLUMNS,
            expected=lambda: ACTIVITY_COLUMNS,
            records=lambda selection, at: data_set.activities(at, selection.created),
            filters=ACTIVITY_FILTERS,
            check_filters=check_activity_filters,
            default_columns=DEFAULT_ACTIVITY_COLUMNS,
        ),
        create(
            "program/members",
            READ_LEAD,
            # A name that members and leads have is the field of members.
            requestable=lambda: {**data_set.requestable_lead_columns, **member_fields},
            expected=lambda: member_fields,
            records=lambda selection, at: data_set.program_members(at, selection.program_ids),
            filters=MEMBER_FILTERS,
            check_filters=check_member_filters,
        ),
        *(_custom_object(data_set, one) for one in CUSTOM_OBJECTS.values()),
    )
    return {one.name: one for one in objects}
