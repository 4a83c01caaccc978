"""JSON values are converted to the types of their fields; invalid values are kept or an error."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import InvalidValueError
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
)
from tap_marketo_bulk.rows.records import (
    InvalidCells,
    RecordFields,
    RestRecordConverter,
    convert_json_column,
    convert_json_value,
)
from tap_marketo_bulk.rows.values import InvalidValueHandler, InvalidValuePolicy

NULL, FAIL = InvalidValuePolicy
TYPES = (ARRAY, ATTRIBUTES, BOOLEAN, DATE, DATE_TIME, INTEGER, NUMBER, TEXT)
SCHEMA = RecordFields(
    "deleted_leads",
    {"guid": TEXT, "date": DATE_TIME, "minutes": INTEGER, "attributes": ATTRIBUTES},
    key=("guid",),
    required=frozenset({"guid", "date"}),
)
NOON = "2026-02-01T12:00:00Z"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("value", "field_type", "expected"),
    [
        ("text", TEXT, "text"),
        ("", TEXT, ""),
        (12, TEXT, "12"),
        (True, TEXT, "true"),
        ({"ä": [1, 2.5]}, TEXT, '{"ä":[1,2.5]}'),
        (12, INTEGER, 12),
        (12.0, INTEGER, 12),
        ("12", INTEGER, 12),
        ('"12"', INTEGER, 12),
        ("", INTEGER, None),
        (12, NUMBER, 12.0),
        ("1.5", NUMBER, 1.5),
        (Decimal("0.1234567890123456789"), NUMBER, Decimal("0.1234567890123456789")),
        (Decimal("0.1234567890123456789"), TEXT, "0.1234567890123456789"),
        (True, BOOLEAN, True),
        (0, BOOLEAN, False),
        ("TRUE", BOOLEAN, True),
        ("2026-01-31", DATE, "2026-01-31"),
        ("2026-01-31T01:00:00+0100", DATE_TIME, "2026-01-31T00:00:00Z"),
        ({"a": 1}, ATTRIBUTES, {"a": 1}),
        ([{"name": "a", "value": 1}, {"name": "b"}], ATTRIBUTES, {"a": 1, "b": None}),
        ([{"name": "a"}, 1.5], ARRAY, [{"name": "a"}, 1.5]),
        ('["a", {"b": 2}]', ARRAY, ["a", {"b": 2}]),
        ('["a\\u0000"]', ARRAY, ["a"]),
    ],
)
def test_values_are_typed(value: object, field_type: FieldType, expected: object) -> None:
    found = convert_json_value(field_type, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "field_type"),
    [
        (True, INTEGER),
        (12.5, INTEGER),
        ("twelve", INTEGER),
        ([1], NUMBER),
        (math.nan, NUMBER),
        (math.inf, TEXT),
        (2, BOOLEAN),
        (20260131, DATE),
        ("yesterday", DATE_TIME),
        ([1], ATTRIBUTES),
        ("{", ATTRIBUTES),
        ({"a": 1}, ARRAY),
        ("[a, b]", ARRAY),
        ("[" * 100_000, ARRAY),
    ],
)
def test_a_value_of_another_type_does_not_fit(value: object, field_type: FieldType) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - parsers have no fixed message
        convert_json_value(field_type, value)


def test_null_fits_every_type() -> None:
    assert [convert_json_value(each, None) for each in TYPES] == [None] * len(TYPES)


@given(st.lists(JSON, max_size=4), st.sampled_from(TYPES))
def test_a_column_has_the_converted_value_or_keeps_the_original(
    values: list[object], field_type: FieldType
) -> None:
    invalid: InvalidCells = {}
    found = convert_json_column("column", field_type, values, invalid)
    assert len(found) == len(values)
    for row, (value, original) in enumerate(zip(found, values, strict=True)):
        if row in invalid:
            assert (value, invalid[row]) == (None, {"column": original})
            with pytest.raises(ValueError):  # noqa: PT011 - parsers have no fixed message
                convert_json_value(field_type, original)
        else:
            assert value == convert_json_value(field_type, original)


# Records.


def test_an_object_becomes_a_record() -> None:
    converter = RestRecordConverter(SCHEMA, InvalidValueHandler(FAIL))
    entry = {"minutes": "12", "date": "2026-02-01T12:00:00Z+0000", "guid": 17, "foreign": [1]}
    assert list(converter.convert(entry).items()) == [
        ("guid", "17"),
        ("date", NOON),
        ("minutes", 12),
        ("attributes", None),
        ("_invalid_values", None),
    ]


def test_texts_have_no_characters_that_databases_reject() -> None:
    converter = RestRecordConverter(SCHEMA, InvalidValueHandler(FAIL))
    record = converter.convert({"guid": "a\0b", "attributes": {"\0c": ["\ud800"]}})
    assert (record["guid"], record["attributes"]) == ("ab", {"c": ["\ufffd"]})


@pytest.mark.parametrize("original", ["twelve", True, [1, {"a": None}], 12.5])
def test_a_value_that_does_not_fit_is_kept_as_it_is(original: object) -> None:
    invalid_values = InvalidValueHandler(NULL)
    converter = RestRecordConverter(SCHEMA, invalid_values)
    record = converter.convert({"guid": "17", "minutes": original})
    assert record["minutes"] is None
    assert record["_invalid_values"] == {"minutes": original}
    assert invalid_values.counts == {"minutes": 1}


def test_values_are_only_counted_if_the_catalog_has_no_column_for_them() -> None:
    types = {"id": INTEGER, "size": INTEGER}
    schema = RecordFields("lists", types, ("id",), frozenset(), with_invalid_values=False)
    record = RestRecordConverter(schema, InvalidValueHandler(NULL)).convert(
        {"id": 1, "size": "big"}
    )
    assert record == {"id": 1, "size": None}


def test_a_value_that_does_not_fit_can_be_an_error_that_names_record_field_and_value() -> None:
    converter = RestRecordConverter(SCHEMA, InvalidValueHandler(FAIL))
    with pytest.raises(InvalidValueError, match="deleted_leads, guid 17, field minutes: 'twelve'"):
        converter.convert({"guid": "17", "minutes": "twelve"})


def test_a_replication_key_that_does_not_fit_is_always_an_error() -> None:
    converter = RestRecordConverter(SCHEMA, InvalidValueHandler(NULL))
    with pytest.raises(InvalidValueError, match="deleted_leads, guid 17, field date: 'yesterday'"):
        converter.convert({"guid": "17", "date": "yesterday"})


@pytest.mark.parametrize("entry", [{}, {"guid": None}])
def test_a_key_that_is_null_is_always_an_error(entry: dict[str, object]) -> None:
    converter = RestRecordConverter(SCHEMA, InvalidValueHandler(NULL))
    with pytest.raises(InvalidValueError, match="no value in its key: deleted_leads, field guid"):
        converter.convert(entry | {"date": NOON})


def test_the_first_value_that_does_not_fit_is_the_sample_in_short() -> None:
    invalid_values = InvalidValueHandler(NULL)
    converter = RestRecordConverter(SCHEMA, invalid_values)
    for number in (1, 2):
        converter.convert({"guid": str(number), "minutes": "x" * 200, "attributes": [1] * 200})
    assert invalid_values.counts == {"minutes": 2, "attributes": 2}
    start = "deleted_leads, guid 1, field"
    assert invalid_values.samples["minutes"] == f"{start} minutes: '{'x' * 80}...'"
    assert invalid_values.samples["attributes"] == f"{start} attributes: {str([1] * 200)[:80]}..."
