"""Streams of one activity type each, its attributes as typed columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.extract import fields
from tap_marketo_bulk.extract.attributes import (
    AttributeReader,
    attribute_columns,
    snake_case,
    typed,
)
from tap_marketo_bulk.marketo.activity_types import DELETE_LEAD
from tap_marketo_bulk.streams.activities import COLUMNS, ActivitiesStream
from tap_marketo_bulk.streams.bulk import BulkStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack
    from datetime import timedelta

    from singer_sdk import Tap

    from tap_marketo_bulk.extract.attributes import AttributeColumn
    from tap_marketo_bulk.extract.fields import FieldType
    from tap_marketo_bulk.extract.rows import Row
    from tap_marketo_bulk.marketo.activity_types import ActivityType
    from tap_marketo_bulk.streams.source import Source

PREFIX = "activities_"
OTHER = "other_attributes"
COMMON = {name: kind for name, kind in COLUMNS.items() if name != "attributes"}
_TAKEN = (*COMMON, OTHER)


class TypedActivitiesStream(BulkStream):
    """Activities of one type; filled by its parent, which has the rows of all types."""

    parent_stream_type = ActivitiesStream
    selected_by_default = False
    export_object = "activities"
    key = "marketoGUID"
    valid_replication_keys = ("activityDate",)

    def __init__(
        self, tap: Tap, name: str, kind: ActivityType, source: Source, schema: dict[str, Any] | None
    ) -> None:
        """Take the schema from the activity type, or from the catalog where there is one."""
        self.name = name
        self.kind = kind
        columns = attribute_columns(kind, _TAKEN)
        # The primary attribute has columns of its own in the file.
        self._primary = columns[0] if kind.primary else None
        self._attributes = columns[1:] if kind.primary else columns
        super().__init__(tap, schema or typed_schema(kind), source)
        self._taken = 0
        self._invalid: Counter[str] = Counter()

    @property
    def lookback(self) -> timedelta:
        """As for all activities."""
        return self.source.settings.activity_lookback

    def exported_fields(self) -> set[str]:
        """Return the file's columns that this stream is made from."""
        selected = set(self.selected_fields)
        needed = (selected & set(COMMON)) | {"activityTypeId"}
        if self._primary and self._primary.column in selected:
            needed |= {"primaryAttributeValueId", "primaryAttributeValue"}
        if selected & {OTHER, *(column.column for column in self._attributes)}:
            needed.add("attributes")
        return needed

    # Records, which the parent hands over.

    def begin(self, counters: ExitStack) -> None:
        """Do what the SDK does before the first record."""
        self._write_schema_message()
        counters.enter_context(self.get_record_counter())

    def taker(self) -> Callable[[Row], None]:
        """Return what makes a record of a row and writes it."""
        write = self.short_way() or self._write_record_message
        selected = self.selected_fields
        common = [name for name in selected if name in COMMON]
        blank = dict.fromkeys(selected)
        reader = AttributeReader(self._attributes, selected)
        types = {column.column: column.field_type for column in self._attributes}
        primary = self._primary if self._primary and self._primary.column in selected else None

        def take(row: Row) -> None:
            record: Row = blank.copy()
            for name in common:
                record[name] = row[name]
            if primary:
                record[primary.column] = self._primary_value(primary, row)
            values, other = reader.read(row.get("attributes"))
            for name, value in values.items():
                record[name] = self._typed(value, name, types[name], row)
            if other and OTHER in record:
                record[OTHER] = other
            write(record)
            self._taken += 1

        return take

    def count_taken(self) -> None:
        """Count the records of a window for the SDK's metrics, and report what did not fit."""
        self.count(self._taken)
        for name, count in self._invalid.items():
            self.logger.warning("%d values of %s did not fit their type and are null.", count, name)
        self._taken = 0
        self._invalid.clear()

    def _primary_value(self, primary: AttributeColumn, row: Row) -> object:
        """Return the id of what the activity is about, or its name, as the type declares.

        The name of an asset whose id is not known stays in ``primaryAttributeValue``.
        """
        if primary.field_type is not fields.INTEGER:
            value = row["primaryAttributeValue"]
            return self._typed(value, primary.column, primary.field_type, row)
        return row["primaryAttributeValueId"]

    def _typed(self, value: object, name: str, field_type: FieldType, row: Row) -> object:
        try:
            return typed(value, field_type)
        except ValueError:
            if not self.source.settings.invalid_as_null:
                message = (
                    f"A value does not fit its type: {self.name} {row[self.key]}, field {name}: "
                    f"{str(value)[:80]!r}. Its window was not counted as done. Deselect the "
                    "field, or set invalid_values to null."
                )
                raise InvalidValueError(message) from None
            self._invalid[name] += 1
            return None


def typed_schema(kind: ActivityType) -> dict[str, Any]:
    """Return the JSON Schema of an activity of one type."""
    columns = attribute_columns(kind, _TAKEN)
    return {
        "type": "object",
        "properties": {
            **{name: dict(field_type.schema) for name, field_type in COMMON.items()},
            **{
                each.column: {**each.field_type.schema, "title": each.attribute} for each in columns
            },
            OTHER: dict(fields.ATTRIBUTES.schema),
        },
    }


def stream_names(kinds: Iterable[ActivityType]) -> dict[str, ActivityType]:
    """Return the types that bulk exports have, by the names of their streams.

    Types that share a name get their id as suffix.
    """
    exported = [kind for kind in kinds if kind.type_id != DELETE_LEAD]
    times = Counter(snake_case(kind.name) for kind in exported)
    return {_stream_name(kind, times): kind for kind in exported}


def _stream_name(kind: ActivityType, times: Counter[str]) -> str:
    name = snake_case(kind.name)
    suffix = f"_{kind.type_id}" if times[name] > 1 else ""
    return f"{PREFIX}{name}{suffix}"
