"""Blocks of text rows and objects of REST responses -> records with typed values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import TYPE_CHECKING, Any

import msgspec

from tap_marketo_bulk.rows.field_types import TEXT
from tap_marketo_bulk.rows.values import (
    INVALID_VALUES,
    NULL,
    json_text,
    missing_key_error,
    sanitize_texts,
    with_plain_numbers,
)
from tap_marketo_bulk.texts import clean_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.rows.field_types import FieldType
    from tap_marketo_bulk.rows.values import InvalidValueHandler


Record = dict[str, object]
Column = Sequence[object]
# Index of a row -> field -> the original of an invalid value.
InvalidCells = dict[int, dict[str, object]]
# All columns -> the record of each row.
MakeRecords = Callable[[Sequence[Column]], list[Any]]
# The names of a record's fields -> what makes records that have them.
RecordFormat = Callable[[Sequence[str]], MakeRecords]


@dataclass(frozen=True)
class RecordFields:
    """What the records of a stream look like.

    Attributes:
        stream: The stream's name, for messages.
        types: Field -> type, in the order of a record's fields.
        key: The fields that identify a record; none may be null.
        required: The fields whose values must fit their types: key and replication key.
        columns: Field -> column, for the fields whose column has another name.
        with_invalid_values: Whether records have the column ``_invalid_values``, as the last one.
    """

    stream: str
    types: Mapping[str, FieldType]
    key: tuple[str, ...]
    required: frozenset[str]
    with_invalid_values: bool = True
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of a record's columns, in order."""
        names = [self.columns.get(name, name) for name in self.types]
        return (*names, *([INVALID_VALUES] if self.with_invalid_values else []))

    def by_column(self, values: Mapping[str, object] | None) -> Mapping[str, object] | None:
        """Return the values of some fields by the names of their columns."""
        if not values or not self.columns:
            return values
        return {self.columns.get(name, name): value for name, value in values.items()}


def dict_record_factory(fields: Sequence[str]) -> MakeRecords:
    """Return what makes records as dicts."""

    def make(columns: Sequence[Column]) -> list[Record]:
        return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]

    return make


def struct_record_factory(fields: Sequence[str]) -> MakeRecords:
    """Return what makes records as objects that msgspec encodes like dicts, in half the time.

    They are good for nothing else: the names of their attributes are not those of the fields.
    """
    names = {f"field_{number}": field for number, field in enumerate(fields)}
    record_class = msgspec.defstruct("Record", [*names], rename=names, gc=False)

    def make(columns: Sequence[Column]) -> list[Any]:
        return list(map(record_class, *columns))

    return make


class RowConverter:
    """Makes records of a stream from the blocks of one file; fields that it lacks are null."""

    def __init__(
        self,
        file_fields: Sequence[str],
        schema: RecordFields,
        invalid_values: InvalidValueHandler,
        record_format: RecordFormat = dict_record_factory,
    ) -> None:
        self._types = schema.types
        self._index = {
            field: file_fields.index(field) for field in schema.types if field in file_fields
        }
        self._assembler = RecordAssembler(schema, self._index, invalid_values, record_format)

    def convert(self, block: Block) -> list[Any]:
        """Return the record of each row that has one; see ``with_readable_keys``.

        Raises:
            InvalidValueError: A key is null, a value of a required field is invalid, or any value
                is and the policy is to fail. Names line, record, field and value.
        """
        block = self._assembler.with_readable_keys(block)
        if not block.rows:
            return []
        cells = list(zip(*block.rows, strict=True))
        invalid: InvalidCells = {}
        columns = {
            field: convert_column(field, self._types[field], cells[index], invalid)
            for field, index in self._index.items()
        }
        return self._assembler.assemble(columns, invalid, block)


class RecordAssembler:
    """Makes records from converted columns, following the rule for invalid values."""

    def __init__(
        self,
        schema: RecordFields,
        index: Mapping[str, int],
        invalid_values: InvalidValueHandler,
        record_format: RecordFormat,
    ) -> None:
        """Take the schema, and the column of the file that each field is made from."""
        self._schema = schema
        self._index = index
        self._invalid_values = invalid_values
        self._make = record_format(schema.column_names)

    def assemble(
        self, columns: Mapping[str, Column], invalid: InvalidCells, block: Block
    ) -> list[Any]:
        """Return the record of each row of ``block``; fields without a column are null.

        Raises:
            InvalidValueError: As ``RowConverter.convert``.
        """
        nulls = [None] * len(block.rows)
        undecodable = self._undecodable(block)
        for row, damaged in undecodable.items():
            invalid.setdefault(row, {}).update(damaged)
        for row, originals in sorted(invalid.items()):
            record = self._name(columns, block, row)
            self._invalid_values.count_or_raise(
                record, originals, self._schema.required, undecodable.get(row, ())
            )
        for key in self._schema.key:
            values = columns.get(key, nulls)
            if None in values:
                raise missing_key_error(self._name(columns, block, values.index(None)), key)
        made = [columns.get(field, nulls) for field in self._schema.types]
        if self._schema.with_invalid_values:
            rows = range(len(nulls))
            by_column = self._schema.by_column
            made.append([by_column(invalid.get(row)) for row in rows] if invalid else nulls)
        return self._make(made)

    def with_readable_keys(self, block: Block) -> Block:
        """Return the rows without those that no record can be made of; these are reported.

        In such a row, the value of a required field has bytes that are not UTF-8.
        """
        skipped = set()
        for row, originals in self._undecodable(block).items():
            required = {
                field: original
                for field, original in originals.items()
                if field in self._schema.required
            }
            if required and self._invalid_values.skip(self._place(block, row), required):
                skipped.add(row)
        if not skipped:
            return block
        return block.select([cells for row, cells in enumerate(block.rows) if row not in skipped])

    def _undecodable(self, block: Block) -> dict[int, dict[str, str]]:
        """Return row -> field -> original, for values with bytes that are not UTF-8."""
        found = {
            row: {field: cells[index] for field, index in self._index.items() if index in cells}
            for row, cells in block.undecodable_cells().items()
        }
        return {row: originals for row, originals in found.items() if originals}

    def _name(self, columns: Mapping[str, Column], block: Block, row: int) -> str:
        """Name the record of a row in a message."""
        key = {field: columns[field][row] for field in self._schema.key if field in columns}
        return record_label(self._place(block, row), key)

    def _place(self, block: Block, row: int) -> str:
        """Name the place of a row in a message: ``leads, line 3 of export 5f3a``."""
        export = f" of export {block.export_id}" if block.export_id else ""
        return f"{self._schema.stream}, line {block.line_number(row)}{export}"


class RestRecordConverter:
    """Makes records of a stream from the objects of a REST response."""

    def __init__(self, schema: RecordFields, invalid_values: InvalidValueHandler) -> None:
        self._schema = schema
        self._invalid_values = invalid_values

    def convert(self, entry: Mapping[str, object]) -> Record:
        """Return the record of one object; fields that it lacks are null.

        Raises:
            InvalidValueError: As ``RowConverter.convert``; there are no lines.
        """
        schema, entry = self._schema, sanitize_texts(dict(entry))
        record: Record = {}
        invalid: dict[str, object] = {}
        for each, field_type in schema.types.items():
            try:
                value = convert_json_value(field_type, entry.get(each))
                record[each] = with_plain_numbers(value)
            except ValueError:
                record[each], invalid[each] = None, with_plain_numbers(entry[each])
        name = record_label(schema.stream, {each: entry.get(each) for each in schema.key})
        self._invalid_values.count_or_raise(name, invalid, schema.required)
        for each in schema.key:
            if record[each] is None:
                raise missing_key_error(name, each)
        if schema.with_invalid_values:
            record[INVALID_VALUES] = schema.by_column(invalid) or None
        return dict(zip(schema.column_names, record.values(), strict=True))


def convert_column(
    field: str, field_type: FieldType, cells: Sequence[str], invalid: InvalidCells
) -> Column:
    """Return the values of one column; an invalid one is None and is added to ``invalid``."""
    values = field_type.parse_column(cells)
    if values is not None:
        return values
    # Some cell has an unusual form or is invalid.
    found: list[object] = []
    for row, cell in enumerate(cells):
        value = None
        if cell != NULL and cell:
            try:
                value = field_type.parse(cell)
            except ValueError:
                invalid.setdefault(row, {})[field] = cell
        found.append(value)
    return found


def convert_json_column(
    field: str, field_type: FieldType, values: Column, invalid: InvalidCells
) -> Column:
    """Return JSON values of one field; an invalid one is None and is added to ``invalid``."""
    if set(map(type, values)) <= {field_type.json_class, NoneType}:
        return values
    found: list[object] = []
    for row, value in enumerate(values):
        try:
            found.append(convert_json_value(field_type, value))
        except ValueError:
            invalid.setdefault(row, {})[field] = value
            found.append(None)
    return found


def convert_json_value(field_type: FieldType, value: object) -> object:
    """Return a JSON value as its field's type has it; an empty text is null but in a text field.

    Marketo writes numbers and booleans as such or as text.

    Raises:
        ValueError: It does not fit.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(value)
    if value is None or type(value) is field_type.json_class:
        return value
    if isinstance(value, str):
        return field_type.parse(value) if value else None
    text = json_text(value)
    return text if field_type is TEXT else field_type.parse(text)


def record_label(source: str, key: Mapping[str, object]) -> str:
    """Name a record in a message: ``leads, line 3, id 2``; what is null of its key is left out."""
    parts = [f"{field} {clean_line(value)}" for field, value in key.items() if value is not None]
    return ", ".join([source, *parts])
