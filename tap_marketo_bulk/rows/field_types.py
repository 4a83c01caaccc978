"""One table: Marketo's data type -> JSON Schema and the parsers of its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tap_marketo_bulk.rows.values import (
    keep_text,
    parse_attributes,
    parse_boolean,
    parse_date,
    parse_date_time,
    parse_integer,
    parse_json_array,
    parse_number,
    try_parse_attributes_column,
    try_parse_boolean_column,
    try_parse_date_column,
    try_parse_date_time_column,
    try_parse_integer_column,
    try_parse_number_column,
    try_parse_text_column,
)

ColumnParser = Callable[[Sequence[str]], Sequence[object] | None]


@dataclass(frozen=True)
class FieldType:
    """How the values of a field look in a schema, in a file and in JSON.

    Attributes:
        schema: The JSON Schema of a value.
        parse: Text of one cell -> value; see ``values``.
        parse_column: Texts of a column -> values, or None; see ``values``.
        json_class: The class of JSON values that fit as they are, if there is one.
    """

    schema: Mapping[str, object]
    parse: Callable[[str], object]
    parse_column: ColumnParser
    json_class: type | None = None


TEXT = FieldType({"type": ["string", "null"]}, keep_text, try_parse_text_column, str)
INTEGER = FieldType({"type": ["integer", "null"]}, parse_integer, try_parse_integer_column, int)
NUMBER = FieldType({"type": ["number", "null"]}, parse_number, try_parse_number_column, float)
BOOLEAN = FieldType({"type": ["boolean", "null"]}, parse_boolean, try_parse_boolean_column, bool)
DATE = FieldType({"type": ["string", "null"], "format": "date"}, parse_date, try_parse_date_column)
DATE_TIME = FieldType(
    {"type": ["string", "null"], "format": "date-time"}, parse_date_time, try_parse_date_time_column
)
ATTRIBUTES = FieldType({"type": ["object", "null"]}, parse_attributes, try_parse_attributes_column)
# No export has a column of arrays.
ARRAY = FieldType({"type": ["array", "null"]}, parse_json_array, lambda _: None, list)

# Marketo's data types in lower case; all others are text. Scores and percents are numbers:
# Adobe documents them as integers, and real ones have decimals.
BY_DATA_TYPE: Mapping[str, FieldType] = {
    "integer": INTEGER,
    "score": NUMBER,
    "float": NUMBER,
    "currency": NUMBER,
    "percent": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": DATE_TIME,
}

# The types and formats of JSON Schema; a number that may be an integer is a number.
BY_JSON_TYPE: Mapping[str, FieldType] = {
    "number": NUMBER,
    "integer": INTEGER,
    "boolean": BOOLEAN,
    "object": ATTRIBUTES,
    "array": ARRAY,
}

BY_FORMAT: Mapping[str, FieldType] = {"date": DATE, "date-time": DATE_TIME}


def type_of(data_type: str) -> FieldType:
    """Return the field type of a Marketo data type, letter case ignored."""
    return BY_DATA_TYPE.get(data_type.casefold(), TEXT)


def type_for_schema(schema: Mapping[str, Any]) -> FieldType:
    """Return the field type of a column as a catalog declares it.

    A column that may hold a string is text, whatever else the catalog allows.
    """
    declared = schema.get("type") or "string"
    types = {declared} if isinstance(declared, str) else set(declared)
    if types - {"null"} == {"string"}:
        return BY_FORMAT.get(str(schema.get("format")), TEXT)
    if "string" in types:
        return TEXT
    return next((each for name, each in BY_JSON_TYPE.items() if name in types), TEXT)
