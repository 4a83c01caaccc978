"""JSON's values in the types of columns."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.extract.fields import (
    ATTRIBUTES,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    NUMBER,
    TEXT,
    FieldType,
)
from tap_marketo_bulk.extract.json_values import JsonValues, typed

ROW: dict[str, object] = {"guid": 17}
TYPES = (ATTRIBUTES, BOOLEAN, DATE, DATE_TIME, INTEGER, NUMBER, TEXT)
json = st.recursive(
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
    ],
)
def test_values_are_typed(value: object, field_type: FieldType, expected: object) -> None:
    found = typed(value, field_type)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "field_type"),
    [
        (True, INTEGER),
        (12.5, INTEGER),
        ("twelve", INTEGER),
        ([1], NUMBER),
        (2, BOOLEAN),
        (20260131, DATE),
        ("yesterday", DATE_TIME),
        ([1], ATTRIBUTES),
        ("{", ATTRIBUTES),
    ],
)
def test_a_value_of_another_kind_does_not_fit(value: object, field_type: FieldType) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - parsers promise no message
        typed(value, field_type)


@given(json, st.sampled_from(TYPES))
def test_every_value_fits_or_is_counted(value: object, field_type: FieldType) -> None:
    values = JsonValues("activities_x", "guid", invalid_as_null=True)
    found = values.typed(value, field_type, "column", ROW)
    if found is None and value not in (None, ""):
        assert values.findings.invalid == {"column": 1}
    else:
        assert values.findings.invalid == {}


def test_null_fits_every_type() -> None:
    assert [typed(None, each) for each in TYPES] == [None] * len(TYPES)


def test_what_does_not_fit_is_an_error_that_names_everything() -> None:
    with pytest.raises(InvalidValueError) as raised:
        JsonValues("activities_x", "guid", invalid_as_null=False).typed(
            "twelve", INTEGER, "minutes", ROW
        )
    assert "activities_x 17, field minutes: 'twelve'." in str(raised.value)


def test_the_first_value_that_does_not_fit_is_kept_in_short() -> None:
    values = JsonValues("activities_x", "guid", invalid_as_null=True)
    for number in (1, 2):
        assert values.typed("x" * 200, INTEGER, "minutes", {"guid": number}) is None
    assert values.findings.invalid == {"minutes": 2}
    assert values.findings.samples["minutes"] == f"activities_x 1, field minutes: '{'x' * 79}..."
