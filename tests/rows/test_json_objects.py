"""The text of a JSON object is parsed to a dict that every database accepts, or rejected."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk.rows.field_types import ARRAY
from tap_marketo_bulk.rows.values import parse_attributes, try_parse_attributes_column
from tests.support.cell_values import JSON


def is_rejected(text: str) -> bool:
    try:
        parse_attributes(text)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"Program Member ID":3240303,"Acquired By":true}',
            {"Program Member ID": 3240303, "Acquired By": True},
        ),
        ("{}", {}),
        ("[]", {}),
        ('[{"name":"Score","value":5},{"name":"Reason"}]', {"Score": 5, "Reason": None}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        ('{"a":0.12345678901234567890}', {"a": Decimal("0.12345678901234567890")}),
        ('{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a":"x\\u0000y"}', {"a": "xy"}),
        ('{"\\u0000a":["\\u0000"]}', {"a": [""]}),
        ('{"a":"\\ud800"}', {"a": "\ufffd"}),
        ('{"a":"two\nlines"}', {"a": "two\nlines"}),
        ('{"a":"\\\\u0000"}', {"a": "\\u0000"}),
    ],
)
def test_objects_are_read(text: str, value: dict[str, object]) -> None:
    assert parse_attributes(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"Campaign Run ID":""102938""}', {"Campaign Run ID": 102938}),
        ('{"a": ""-5"" , "b":""x, y"",\n"c":""""}', {"a": -5, "b": "x, y", "c": ""}),
        ('{"a":""007"","b":{"c":""1.5""}}', {"a": "007", "b": {"c": "1.5"}}),
        ('{"a":""1"","b":"\\u0000\\ud800"}', {"a": 1, "b": "\ufffd"}),
    ],
)
def test_values_in_doubled_quotes_are_read(text: str, value: dict[str, object]) -> None:
    assert parse_attributes(text) == value


def test_doubled_quotes_inside_a_text_are_part_of_it() -> None:
    attributes = {"a": ':""1"",', "b": ""}
    assert parse_attributes(json.dumps(attributes)) == attributes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        '{"a":""1}',
        '{"a":""1"2""}',
        '{""a"":1}',
        '{"a":""1"";}',
        "7",
        "null",
        '"text"',
        "[1]",
        '[{"value":1}]',
        '[["name", 1]]',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":1e400}',
        '{"a":1,}',
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:20],
)
def test_text_that_is_not_an_object_is_rejected(text: str) -> None:
    assert is_rejected(text)


def texts(value: object) -> list[str]:
    """Return every text of a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in texts(part)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@settings(max_examples=50)
@given(st.dictionaries(st.text(st.characters(exclude_categories=[])), JSON, max_size=3))
def test_no_text_has_characters_that_databases_reject(attributes: dict[str, object]) -> None:
    for text in texts(parse_attributes(json.dumps(attributes))):
        assert "\0" not in text
        text.encode()


STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.dictionaries(STORABLE, STORABLE | st.integers() | st.booleans() | st.none()))
def test_objects_are_read_as_written(attributes: dict[str, object]) -> None:
    for is_ascii in (True, False):
        text = json.dumps(attributes, ensure_ascii=is_ascii)
        assert parse_attributes(text) == attributes


CELLS = st.sampled_from(
    ["null", "", "{}", "[]", "7", "{", '{"a":"\\u0000"}', '{"a":"\\ud800"}', '{"a":""1""}']
) | st.dictionaries(STORABLE, JSON, max_size=2).map(json.dumps)


@given(st.lists(CELLS))
def test_a_column_is_read_as_its_cells_are(cells: list[str]) -> None:
    values = try_parse_attributes_column(cells)
    if values is not None:
        assert values == [None if cell == "null" else parse_attributes(cell) for cell in cells]


def test_a_column_of_usual_objects_and_nulls_is_read_at_once() -> None:
    column = try_parse_attributes_column(
        ['{"a":0.12345678901234567890}', "null", '{"b":"\\u00fc"}']
    )
    assert column == [{"a": Decimal("0.12345678901234567890")}, None, {"b": "ü"}]


def test_a_column_of_arrays_is_parsed_cell_by_cell() -> None:
    assert ARRAY.parse_column(['["a"]', "null"]) is None
