"""The names of typed activity streams."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
from tap_marketo_bulk.rows.activities import attribute_columns
from tap_marketo_bulk.streams.activities import types_by_stream_name

TYPES = st.lists(
    st.tuples(
        st.integers(0, 30) | st.integers(100001, 100009),
        st.sampled_from(["A", "a", "A 1", "a_1", "A-2", "a 1 2", "A_12", "?", ""])
        | st.text(max_size=4),
    ),
    unique_by=lambda each: each[0],
    max_size=12,
)


def stream_names(types: list[tuple[int, str]]) -> dict[str, int]:
    activity_types = [ActivityType(type_id, name, None, ()) for type_id, name in types]
    return {name: each.type_id for name, each in types_by_stream_name(activity_types).items()}


@given(TYPES)
def test_every_type_has_a_separate_stream(types: list[tuple[int, str]]) -> None:
    assert sorted(stream_names(types).values()) == sorted(type_id for type_id, _ in types)


@given(st.text())
def test_a_stream_name_has_only_letters_digits_and_underscores(text: str) -> None:
    (name,) = stream_names([(1, text)])
    assert re.fullmatch(r"activities_\w+", name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "activities_etc_passwd"),
        ("C:\\x", "activities_c_x"),
        ("a\x1b[2J\u2028b\u202e\x9b\nc", "activities_a_2_j_b_c"),
    ],
)
def test_paths_and_control_characters_do_not_reach_a_stream_name(text: str, name: str) -> None:
    assert stream_names([(1, text)]) == {name: 1}


@given(st.text())
def test_a_column_of_an_attribute_has_only_letters_digits_and_underscores(text: str) -> None:
    attribute = ActivityAttribute(text, "string")
    (column,) = attribute_columns(ActivityType(1, "A", None, (attribute,)), ())
    assert re.fullmatch(r"\w+", column.column)


@given(TYPES)
def test_stream_names_do_not_depend_on_the_order_of_types(types: list[tuple[int, str]]) -> None:
    assert stream_names(types) == stream_names(types[::-1])


def test_types_with_the_same_name_have_their_id_as_suffix() -> None:
    types = [(3, "A"), (4, "a"), (5, "A 3"), (6, "B"), (37, "Delete Lead")]
    assert stream_names(types) == {
        "activities_a_3": 3,
        "activities_a_4": 4,
        "activities_a_3_5": 5,
        "activities_b": 6,
    }
