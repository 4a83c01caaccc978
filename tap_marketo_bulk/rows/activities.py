"""Text rows of one activity type -> records with a typed column for each attribute.

Marketo's names of attributes are display names, and the keys of activities do not always have
the same letter case. Columns are in snake_case. A key that belongs to no column is kept apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.rows.field_types import ATTRIBUTES, INTEGER, TEXT, type_of
from tap_marketo_bulk.rows.records import (
    RecordAssembler,
    convert_column,
    convert_json_column,
    dict_record_factory,
)
from tap_marketo_bulk.rows.values import parse_attributes, parse_integer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tap_marketo_bulk.marketo.describe import ActivityType
    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.rows.field_types import FieldType
    from tap_marketo_bulk.rows.records import Column, InvalidCells, RecordFields, RecordFormat
    from tap_marketo_bulk.rows.values import InvalidValueHandler

# The file's columns that attribute columns are made from.
ATTRIBUTES_FIELD = "attributes"
PRIMARY_ID_FIELD = "primaryAttributeValueId"
PRIMARY_NAME_FIELD = "primaryAttributeValue"
# The object column for attributes that have no column of their own.
OTHER_ATTRIBUTES = "other_attributes"
# The classes of values whose text is known without the text that they were read from.
_WITHOUT_DECIMALS = frozenset({str, bool, int, NoneType})
# The distance of a key that does not belong to the attribute.
_UNRELATED = 3
# How many sets of keys are remembered. Attributes without a value are left out, so there are many
# sets, but few that are frequent.
_REMEMBERED_KEY_SETS = 1000
_BEFORE_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def snake_case(name: str) -> str:
    """Return a display name as a column or stream name: ``Webform ID`` is ``webform_id``."""
    separated = _NOT_ALPHANUMERIC.sub("_", _BEFORE_CAPITAL.sub("_", name))
    return separated.strip("_").lower() or "_"


def free_name(name: str, used: Collection[str]) -> str:
    """Return a name that is not used: the name itself, or with ``_2``, ``_3`` at its end."""
    candidate, number = name, 1
    while candidate.casefold() in used:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


@dataclass(frozen=True)
class AttributeColumn:
    """A typed column and the attribute that fills it."""

    column: str
    attribute: str
    field_type: FieldType

    def distance(self, key: str) -> int:
        """Return how far a key is from the attribute's name.

        The same name is 0; another letter case is 1; other spaces and underscores too are 2.
        """
        if key == self.attribute:
            return 0
        if key.casefold() == self.attribute.casefold():
            return 1
        return 2 if _letters(key) == _letters(self.attribute) else _UNRELATED


def _letters(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "")


def attribute_columns(
    activity_type: ActivityType, reserved: Collection[str]
) -> list[AttributeColumn]:
    """Return the columns of a type, its primary attribute's first.

    Names that are ``reserved``, or that two attributes share, get ``_2``, ``_3`` in Marketo's
    order, so they stay the same as long as Marketo appends new attributes.
    """
    primary = (activity_type.primary_attribute,) if activity_type.primary_attribute else ()
    used = {name.casefold() for name in reserved}
    columns = []
    for attribute in primary + activity_type.attributes:
        column = free_name(snake_case(attribute.name), used)
        used.add(column.casefold())
        columns.append(AttributeColumn(column, attribute.name, type_of(attribute.data_type)))
    return columns


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
    """Makes records of one activity type from the rows of that type in one file.

    Fields that the file lacks are null.
    """

    def __init__(
        self,
        file_fields: Sequence[str],
        schema: RecordFields,
        columns: ActivityTypeColumns,
        invalid_values: InvalidValueHandler,
        record_format: RecordFormat = dict_record_factory,
    ) -> None:
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
        self._assembler = RecordAssembler(schema, self._sources(), invalid_values, record_format)

    def _sources(self) -> dict[str, int]:
        """Return the columns of the file by what is made from them, if it is read."""
        sources = {name: self._index[name] for name in self._common}
        if self._reads_attributes:
            sources[ATTRIBUTES_FIELD] = self._index[ATTRIBUTES_FIELD]
        if self._reads_primary and self._types[self._primary] is not INTEGER:
            sources[self._primary] = self._index[PRIMARY_NAME_FIELD]
        return sources

    def convert(self, block: Block) -> list[Any]:
        """Return the record of each row that has one. As ``RowConverter.convert``."""
        block = self._assembler.with_readable_keys(block)
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
        for index, values in enumerate(by_column):
            name = self._attributes[index]
            written = self._with_numbers_as_written(index, values, cells)
            columns[name] = convert_json_column(name, self._types[name], written, invalid)
        return columns

    def _with_numbers_as_written(
        self, index: int, values: Sequence[Any], cells: Sequence[str]
    ) -> Column:
        """Return the values of an attribute; in a text column 250.00 must not become 250.0."""
        is_text = self._types[self._attributes[index]] is TEXT
        if not is_text or _WITHOUT_DECIMALS.issuperset(map(type, values)):
            return values
        return [
            value
            if type(value) in _WITHOUT_DECIMALS
            else self._matcher.match(parse_attributes(cell, as_written=True))[0][index]
            for value, cell in zip(values, cells, strict=True)
        ]


def _integer_or_none(text: str) -> int | None:
    try:
        return parse_integer(text)
    except ValueError:
        return None


class AttributeMatcher:
    """Finds the columns of an activity's attributes.

    Activities of a type have much the same keys, so each set of keys is examined once.
    """

    def __init__(
        self,
        columns: Iterable[AttributeColumn],
        catalog: Collection[str],
        selected: Sequence[str],
    ) -> None:
        """Take a type's columns, the names of those in the catalog, and of those to read."""
        self._columns = list(columns)
        self._catalog = frozenset(catalog)
        self._selected = tuple(selected)
        self._plan = lru_cache(maxsize=_REMEMBERED_KEY_SETS)(self._make_plan)

    def match(self, attributes: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
        """Return the values of the selected columns, not yet typed, and the other attributes.

        A selected column without attribute is None. Attributes without a column are returned by
        their keys; None if there are none. Of two keys for one column, the nearer fills it.
        """
        keys, other = self._plan(tuple(attributes))
        values = tuple([None if key is None else attributes[key] for key in keys])
        return values, {key: attributes[key] for key in other} if other else None

    def _make_plan(self, keys: tuple[str, ...]) -> tuple[list[str | None], list[str]]:
        """Return the key of each selected column, if it has one, and keys without a column."""
        nearest: dict[str, str] = {}
        other = []
        for key in keys:
            column = self._column_of(key)
            if column is None:
                other.append(key)
            elif column.column in nearest:
                pair = (nearest[column.column], key)
                nearest[column.column], farther = sorted(pair, key=column.distance)
                other.append(farther)
            else:
                nearest[column.column] = key
        return [nearest.get(name) for name in self._selected], other

    def _column_of(self, key: str) -> AttributeColumn | None:
        nearest = min(self._columns, key=lambda each: each.distance(key), default=None)
        if nearest is None or nearest.distance(key) == _UNRELATED:
            return None
        # The key of a column that the catalog lacks must not fill another column.
        return nearest if nearest.column in self._catalog else None
