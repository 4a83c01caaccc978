"""JSON values -> values and records as a stream declares them.

Marketo writes numbers and booleans in JSON as such or as text.
"""

from __future__ import annotations

import math
from types import NoneType
from typing import TYPE_CHECKING

import msgspec

from tap_marketo_bulk.extract.field_types import TEXT
from tap_marketo_bulk.extract.invalid_values import INVALID_VALUES, missing_key_error
from tap_marketo_bulk.extract.json_objects import sanitize_texts
from tap_marketo_bulk.extract.records import record_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_marketo_bulk.extract.field_types import FieldType
    from tap_marketo_bulk.extract.invalid_values import InvalidValueHandler
    from tap_marketo_bulk.extract.records import InvalidCells, Record, RecordFields

# Numbers keep the digits that were read.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class RestRecordConverter:
    """Makes records of a stream from the objects of a REST response."""

    def __init__(self, schema: RecordFields, invalid_values: InvalidValueHandler) -> None:
        """Make records of this schema."""
        self._schema = schema
        self._invalid_values = invalid_values

    def convert(self, entry: Mapping[str, object]) -> Record:
        """Return the record of one object; fields that it lacks are null.

        Raises:
            InvalidValueError: A key is null, a value of a required field does not fit its type,
                or any value does not and the policy is to fail. Names record, field and value.
        """
        schema, entry = self._schema, sanitize_texts(dict(entry))
        record: Record = {}
        invalid: dict[str, object] = {}
        for field, field_type in schema.types.items():
            try:
                record[field] = convert_json_value(field_type, entry.get(field))
            except ValueError:
                record[field], invalid[field] = None, entry[field]
        name = record_label(schema.stream, {field: entry.get(field) for field in schema.key})
        if invalid:
            self._invalid_values.count_or_raise(name, invalid, schema.required)
        for field in schema.key:
            if record[field] is None:
                raise missing_key_error(name, field)
        if schema.with_invalid_values:
            record[INVALID_VALUES] = schema.by_column(invalid) or None
        return dict(zip(schema.column_names, record.values(), strict=True))


def convert_json_column(
    field: str, field_type: FieldType, values: Sequence[object], invalid: InvalidCells
) -> Sequence[object]:
    """Return JSON values of one field; what does not fit is None and is added to ``invalid``."""
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

    Raises:
        ValueError: It does not fit.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(value)
    if value is None or type(value) is field_type.json_class:
        return value
    if isinstance(value, str):
        return field_type.parse(value) if value else None
    text = _encode(value).decode()
    return text if field_type is TEXT else field_type.parse(text)
