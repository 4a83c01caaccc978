"""A column that is parsed at once has the values that its cells have one by one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.rows.field_types import (
    NUMBER,
    TEXT,
    FieldType,
)
from tests.support.cell_values import CELL_TYPES

NUMBERS = st.integers().map(str) | st.decimals(allow_nan=False, allow_infinity=False).map(str)
DATES = st.dates().map(str)
# Cells that are nearly right, and cells that would be right together with their neighbours.
UNUSUAL = st.sampled_from(
    [
        *(
            "",
            " ",
            "null",
            "NULL",
            "nan",
            "1,2",
            "5-3",
            "-0",
            "+1",
            ".5",
            "5.",
            "1e3",
            "1E400",
            "0x1",
        ),
        *(
            " 1",
            "1\n",
            "\t1",
            "\r",
            "1_0",
            "²",
            "007",
            "9" * 20,
            "9" * 400,
            "0.1234567890123456789",
        ),
        *("true", "FALSE", "0", "1", "yes", '"5"', '"', "[1", "2]", "[", "]", "{}", "{", "}"),
        *("2023-02-29", "2024-02-29", "0000-01-01", "20230119", "2023-W03-4", "2023-01-32"),
        *('2023-01-01","2023-01-01', "2023-01-01T24:00:00Z", "2023-01-01T23:59:60Z"),
        *("2023-01-01T00:00:00+0100", "2023-01-01t00:00:00z", "2023-01-01 00:00:00Z"),
        *("٢023-01-01", '{"a":[{}', "{}]},{}", '{"a":1}{"b":2}', '{"a":\n1}'),
    ]
)
CELLS = (
    UNUSUAL
    | NUMBERS
    | DATES
    | st.datetimes().map(lambda instant: f"{instant:%Y-%m-%dT%H:%M:%SZ}")
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
)


def one_by_one(field_type: FieldType, cells: list[str]) -> list[object]:
    """Parse each cell for itself; raises ``ValueError`` if one is invalid."""
    empty = ("null",) if field_type is TEXT else ("null", "")
    return [None if cell in empty else field_type.parse(cell) for cell in cells]


@pytest.mark.parametrize("field_type", CELL_TYPES.values(), ids=CELL_TYPES)
@given(cells=st.lists(CELLS, min_size=1, max_size=4))
def test_a_column_has_the_values_of_its_cells(field_type: FieldType, cells: list[str]) -> None:
    values = field_type.parse_column(cells)
    if values is not None:
        assert list(values) == one_by_one(field_type, cells)


@pytest.mark.parametrize("field_type", CELL_TYPES.values(), ids=CELL_TYPES)
@given(data=st.data())
def test_a_column_of_near_misses_has_the_values_of_its_cells(
    field_type: FieldType, data: st.DataObject
) -> None:
    cells = data.draw(st.lists(UNUSUAL, min_size=1, max_size=3))
    values = field_type.parse_column(cells)
    if values is not None:
        assert list(values) == one_by_one(field_type, cells)


@pytest.mark.parametrize(
    ("name", "cells", "values"),
    [
        ("text", ["a", "null", ""], ["a", None, ""]),
        ("integer", ["12", "null", "-5", "9223372036854775807"], [12, None, -5, 2**63 - 1]),
        ("number", ["12.5", "null", "-5", "123456789012.34"], [12.5, None, -5.0, 123456789012.34]),
        (
            "boolean",
            ["true", "false", "1", "0", "null", ""],
            [True, False, True, False, None, None],
        ),
        ("date", ["2024-02-29", "null"], ["2024-02-29", None]),
        ("date-time", ["2024-02-29T23:59:59Z", "null"], ["2024-02-29T23:59:59Z", None]),
        ("object", ['{"a":1}', "null"], [{"a": 1}, None]),
    ],
)
def test_usual_cells_are_parsed_at_once(name: str, cells: list[str], values: list[object]) -> None:
    parsed = CELL_TYPES[name].parse_column(cells)
    assert parsed is not None
    assert list(parsed) == values
    assert list(map(type, parsed)) == list(map(type, values))


@pytest.mark.parametrize("name", CELL_TYPES)
def test_a_column_of_nulls_is_parsed_at_once(name: str) -> None:
    parsed = CELL_TYPES[name].parse_column(["null", "null"])
    assert parsed is not None
    assert list(parsed) == [None, None]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("integer", "12.0"),
        ("integer", "9223372036854775808"),
        ("integer", " 1"),
        ("integer", "1\t"),
        ("number", "0.1234567890123456"),
        ("number", "1e5"),
        ("number", "1E5"),
        ("boolean", "TRUE"),
        ("date", "2023-02-29"),
        ("date-time", "2023-01-01T00:00:00+0000"),
        ("object", "[]"),
    ],
)
def test_unusual_cells_are_left_to_the_cell_parser(name: str, cell: str) -> None:
    assert CELL_TYPES[name].parse_column([cell, "null"]) is None


@given(st.lists(st.decimals(-(10**9), 10**9, places=5), min_size=1))
def test_numbers_keep_their_digits(numbers: list[Decimal]) -> None:
    parsed = NUMBER.parse_column([str(number) for number in numbers])
    if parsed is not None:
        assert [Decimal(repr(value)) for value in parsed] == numbers
