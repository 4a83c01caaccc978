"""Streams of one activity type each, its attributes as typed columns."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract import fields
from tap_marketo_bulk.extract.attributes import AttributeReader, attribute_columns, snake_case
from tap_marketo_bulk.extract.json_values import JsonValues, natural_class
from tap_marketo_bulk.extract.rows import Findings
from tap_marketo_bulk.marketo.activity_types import DELETE_LEAD
from tap_marketo_bulk.streams.activities import COLUMNS, ActivitiesStream
from tap_marketo_bulk.streams.bulk import BulkStream

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from contextlib import ExitStack
    from datetime import timedelta

    from singer_sdk import Tap

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
        self._primary = columns[0] if kind.primary_attribute else None
        self._attributes = columns[1:] if kind.primary_attribute else columns
        super().__init__(tap, schema or typed_schema(kind), source)
        invalid_as_null = source.settings.invalid_as_null
        self._values = JsonValues(name, self.key, invalid_as_null=invalid_as_null)
        self._taken = 0

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

    def taker(self, given: Callable[[str], FieldType]) -> Callable[[Row], None]:
        """Return what makes a record of a row and writes it.

        Args:
            given: Returns the type that a column has in the row.
        """
        write = self.short_way() or self._write_record_message
        types = {name: self.field_type(name) for name in self.selected_fields}
        natural = {name: natural_class(each) for name, each in types.items()}
        blank: Row = dict.fromkeys(types)
        common = [name for name in types if name in COMMON]
        # Catalogs can declare a column differently for parent and child.
        recast = [name for name in common if types[name] != given(name)]
        reader = AttributeReader(self._attributes, self.effective_schema["properties"], types)
        primary = self._primary.column if self._primary else None
        typed = self._values.typed

        def take(row: Row) -> None:
            record = blank.copy()
            for name in common:
                record[name] = row[name]
            for name in recast:
                record[name] = typed(row[name], types[name], name, row)
            if primary in types:
                value = _primary_value(row, types[primary])
                record[primary] = typed(value, types[primary], primary, row)
            values, other = reader.read(self._attributes_of(row))
            for name, value in values.items():
                # Most values are what they should be, and most of the time goes here.
                fits = value.__class__ is natural[name]
                record[name] = value if fits else typed(value, types[name], name, row)
            if other and OTHER in record:
                record[OTHER] = other
            write(record)
            self._taken += 1

        return take

    def _attributes_of(self, row: Row) -> dict[str, Any]:
        attributes = row.get("attributes")
        if isinstance(attributes, str):
            attributes = self._values.typed(attributes, fields.ATTRIBUTES, "attributes", row)
        return attributes if isinstance(attributes, dict) else {}

    def count_taken(self) -> None:
        """Count the records of a window for the SDK's metrics, and report what did not fit."""
        self.count(self._taken)
        self.report(self._values.findings)
        self._taken, self._values.findings = 0, Findings()


def _primary_value(row: Row, field_type: FieldType) -> object:
    """Return the id of what an activity is about, or its name, as the type declares.

    The name of an asset whose id is not known stays in ``primaryAttributeValue``.
    """
    if field_type is not fields.INTEGER:
        return row["primaryAttributeValue"]
    number = row["primaryAttributeValueId"]
    if number is None:
        # Of a custom activity, for example: an order number without an asset.
        with suppress(ValueError):
            return fields.parse_integer(str(row["primaryAttributeValue"]))
    return number


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
    suffixed: set[int] = set()
    while True:
        names = {kind.type_id: _stream_name(kind, suffixed) for kind in exported}
        times = Counter(names.values())
        shared = {type_id for type_id, name in names.items() if times[name] > 1}
        # A name with a suffix can be the name of yet another type.
        if shared <= suffixed:
            return {names[kind.type_id]: kind for kind in exported}
        suffixed |= shared


def _stream_name(kind: ActivityType, suffixed: Collection[int]) -> str:
    suffix = f"_{kind.type_id}" if kind.type_id in suffixed else ""
    return f"{PREFIX}{snake_case(kind.name)}{suffix}"
