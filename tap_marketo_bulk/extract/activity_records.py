"""Text rows of one activity type -> records with a typed column for each attribute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract.attribute_columns import AttributeMatcher
from tap_marketo_bulk.extract.cell_parsers import parse_integer
from tap_marketo_bulk.extract.field_types import ATTRIBUTES, INTEGER
from tap_marketo_bulk.extract.records import RecordAssembler, convert_column, dict_record_factory
from tap_marketo_bulk.extract.rest_records import convert_json_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_marketo_bulk.extract.attribute_columns import AttributeColumn
    from tap_marketo_bulk.extract.blocks import Block
    from tap_marketo_bulk.extract.invalid_values import InvalidValueHandler
    from tap_marketo_bulk.extract.records import Column, InvalidCells, RecordFields, RecordFormat

# The file's columns that attribute columns are made from.
ATTRIBUTES_FIELD = "attributes"
PRIMARY_ID_FIELD = "primaryAttributeValueId"
PRIMARY_NAME_FIELD = "primaryAttributeValue"
# The object column for attributes that have no column of their own.
OTHER_ATTRIBUTES = "other_attributes"


@dataclass(frozen=True)
class ActivityTypeColumns:
    """The columns that one activity type adds to those of every activity.

    Attributes:
        primary: The column of the primary attribute, which has columns of its own in the file.
        attributes: The columns of the other attributes.
        catalog: The names of all columns in the catalog, selected or not.
    """

    primary: AttributeColumn | None
    attributes: tuple[AttributeColumn, ...]
    catalog: frozenset[str]


class ActivityConverter:
    """Makes records of one activity type from the rows of that type in one file."""

    def __init__(
        self,
        file_fields: Sequence[str],
        schema: RecordFields,
        columns: ActivityTypeColumns,
        invalid_values: InvalidValueHandler,
        record_format: RecordFormat = dict_record_factory,
    ) -> None:
        """Read the schema's fields from the file's columns; those that it lacks are null."""
        self._types = schema.types
        self._index = {field: index for index, field in enumerate(file_fields)}
        names = [each.column for each in columns.attributes]
        self._attributes = [name for name in names if name in schema.types]
        self._primary = columns.primary.column if columns.primary else ""
        self._reads_primary = self._primary in schema.types and (
            {PRIMARY_ID_FIELD, PRIMARY_NAME_FIELD} <= self._index.keys()
        )
        self._reads_attributes = ATTRIBUTES_FIELD in self._index and (
            bool(self._attributes) or OTHER_ATTRIBUTES in schema.types
        )
        special = {*names, self._primary, OTHER_ATTRIBUTES}
        self._common = [
            name for name in schema.types if name in self._index and name not in special
        ]
        self._matcher = AttributeMatcher(columns.attributes, columns.catalog, self._attributes)
        self._assembler = RecordAssembler(schema, invalid_values, record_format)

    def convert(self, block: Block) -> list[Any]:
        """Return the record of each row. Raises as ``RowConverter.convert``."""
        if not block.rows:
            return []
        cells = list(zip(*block.rows, strict=True))
        invalid: InvalidCells = {}
        columns = {
            name: convert_column(name, self._types[name], cells[self._index[name]], invalid)
            for name in self._common
        }
        if self._reads_primary:
            columns[self._primary] = self._primary_values(cells, invalid)
        if self._reads_attributes:
            columns |= self._attribute_values(cells[self._index[ATTRIBUTES_FIELD]], invalid)
        return self._assembler.assemble(columns, invalid, block)

    def _primary_values(self, cells: Sequence[Sequence[str]], invalid: InvalidCells) -> Column:
        """Return what each activity is about: the id or the name, as the column's type declares.

        The name of an asset whose id is not known stays in ``primaryAttributeValue``.
        """
        field_type = self._types[self._primary]
        names = cells[self._index[PRIMARY_NAME_FIELD]]
        if field_type is not INTEGER:
            return convert_column(self._primary, field_type, names, invalid)
        ids = cells[self._index[PRIMARY_ID_FIELD]]
        numbers = convert_column(self._primary, INTEGER, ids, invalid)
        if None not in numbers:
            return numbers
        # A custom activity can have a number, such as an order's, that is not an asset's id.
        return [
            _integer_or_none(name) if number is None else number
            for number, name in zip(numbers, names, strict=True)
        ]

    def _attribute_values(
        self, cells: Sequence[str], invalid: InvalidCells
    ) -> Mapping[str, Column]:
        """Return the columns that are made from the attributes."""
        objects: Sequence[Any] = convert_column(ATTRIBUTES_FIELD, ATTRIBUTES, cells, invalid)
        read = [self._matcher.match(attributes or {}) for attributes in objects]
        columns: dict[str, Column] = {OTHER_ATTRIBUTES: [other for _, other in read]}
        by_column = zip(*(values for values, _ in read), strict=True)
        for name, values in zip(self._attributes, by_column, strict=True):
            columns[name] = convert_json_column(name, self._types[name], values, invalid)
        return columns


def _integer_or_none(text: str) -> int | None:
    try:
        return parse_integer(text)
    except ValueError:
        return None
