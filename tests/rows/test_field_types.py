"""Every data type and every JSON Schema has a field type, and its values are of that type."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.rows.field_types import (
    ARRAY,
    ATTRIBUTES,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    NUMBER,
    TEXT,
    FieldType,
    type_for_schema,
    type_of,
)
from tests.support.cell_values import CELL_TYPES, JSON
from tests.support.written_values import written

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (float, Decimal),
    "boolean": (bool,),
    "object": (dict,),
}
LIKELY = st.from_regex(r"[-+]?[0-9.]{0,20}([eE][-+]?[0-9]{1,6})?", fullmatch=True) | st.from_regex(
    r"[0-9W-]{10}([T ][0-9:.]{8}[Z+0-9:-]{0,6})?"
)


@pytest.mark.parametrize("field_type", CELL_TYPES.values(), ids=CELL_TYPES)
@given(text=st.text() | LIKELY | JSON.map(json.dumps))
def test_arbitrary_text_gives_a_value_of_the_declared_type_or_is_rejected(
    field_type: FieldType, text: str
) -> None:
    declared = field_type.schema["type"]
    assert isinstance(declared, list)
    try:
        value = field_type.parse(text)
    except ValueError:
        return
    assert type(value) in PYTHON_TYPES[declared[0]]
    assert not isinstance(value, float) or math.isfinite(value)
    written(value)


@pytest.mark.parametrize(
    ("data_type", "field_type"),
    [
        *((name, TEXT) for name in ("string", "email", "phone", "url", "text", "textarea")),
        *((name, TEXT) for name in ("reference", "lead_function", "array", "link", "novel", "")),
        *((name, INTEGER) for name in ("integer", "Integer")),
        *((name, NUMBER) for name in ("float", "currency", "percent", "Percent", "score")),
        ("boolean", BOOLEAN),
        ("date", DATE),
        ("datetime", DATE_TIME),
        ("DateTime", DATE_TIME),
    ],
)
def test_every_data_type_of_marketo_has_a_field_type(data_type: str, field_type: FieldType) -> None:
    assert type_of(data_type) is field_type
    assert type_for_schema(field_type.schema) is field_type


@pytest.mark.parametrize(
    ("schema", "field_type"),
    [
        ({}, TEXT),
        ({"type": "string"}, TEXT),
        ({"type": "integer"}, INTEGER),
        ({"type": ["null", "integer"]}, INTEGER),
        ({"type": ["integer", "number", "null"]}, NUMBER),
        ({"type": ["number"], "format": "singer.decimal"}, NUMBER),
        ({"type": ["integer", "string"]}, TEXT),
        ({"type": ["string", "null"], "format": "uri"}, TEXT),
        ({"type": ["null", "string"], "format": "date-time", "title": "Seen"}, DATE_TIME),
        ({"type": ["object", "null"]}, ATTRIBUTES),
        ({"type": ["array", "null"]}, ARRAY),
        ({"type": "null"}, TEXT),
        ({"anyOf": [{"type": "integer"}]}, TEXT),
    ],
)
def test_a_field_has_the_type_that_the_catalog_declares(
    schema: dict[str, object], field_type: FieldType
) -> None:
    assert type_for_schema(schema) is field_type


def test_scores_and_percents_may_have_decimals() -> None:
    assert [type_of(name).parse("12.5") for name in ("score", "percent")] == [12.5, 12.5]
