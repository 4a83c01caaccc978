"""Which column an attribute has, and which key of an activity fills it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.extract.attributes import AttributeReader, attribute_columns, snake_case
from tap_marketo_bulk.extract.fields import BOOLEAN, DATE, DATE_TIME, INTEGER, NUMBER, TEXT
from tap_marketo_bulk.marketo.activity_types import ActivityAttribute, ActivityType

names = st.text(max_size=12) | st.sampled_from(
    ["Demo Date", "Demo-Date", "demo_date", "DEMO DATE", "DemoDate", "Demo Date 2", "Δ", ""]
)


def kind(*attributes: str, primary: str | None = None, data_type: str = "string") -> ActivityType:
    """A type with attributes of these names."""
    return ActivityType(
        type_id=1,
        name="Type",
        primary_attribute=ActivityAttribute(primary, "integer") if primary else None,
        attributes=tuple(ActivityAttribute(name, data_type) for name in attributes),
    )


def columns(*attributes: str, primary: str | None = None, taken: tuple[str, ...] = ()) -> list[str]:
    """The columns of a type with these attributes."""
    return [each.column for each in attribute_columns(kind(*attributes, primary=primary), taken)]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Webform ID", "webform_id"),
        ("Client IP Address", "client_ip_address"),
        ("Choice  Number", "choice_number"),
        ("Demo-Date", "demo_date"),
        ("productName", "product_name"),
        ("SMS", "sms"),
        ("_Private_", "private"),
        ("Größe (cm)", "größe_cm"),
        ("価格", "価格"),
        ("2nd Try", "2nd_try"),
        ("?!", "_"),
    ],
)
def test_a_name_for_people_becomes_one_for_tables(name: str, column: str) -> None:
    assert snake_case(name) == column


@given(names)
def test_a_name_for_tables_stays_as_it_is(name: str) -> None:
    once = snake_case(name)
    assert once
    assert snake_case(once) == once


def test_the_primary_attribute_comes_first() -> None:
    assert columns("Source", primary="List ID") == ["list_id", "source"]


def test_attributes_of_one_name_are_numbered_in_order() -> None:
    assert columns("Demo Date", "Demo-Date", "demo date", primary="DEMO DATE") == [
        "demo_date",
        "demo_date_2",
        "demo_date_3",
        "demo_date_4",
    ]


def test_a_number_that_is_taken_is_passed_over() -> None:
    assert columns("Try", "Try 2", "try") == ["try", "try_2", "try_3"]


def test_names_that_are_taken_are_left_alone_whatever_their_case() -> None:
    assert columns("leadid", "Marketoguid", taken=("leadId", "marketoGUID")) == [
        "leadid_2",
        "marketoguid_2",
    ]


@given(st.lists(names, max_size=12), st.lists(names, max_size=3))
def test_every_attribute_has_a_column_of_its_own(attributes: list[str], more: list[str]) -> None:
    taken = ("leadId", "other_attributes")
    before = columns(*attributes, taken=taken)
    assert len({name.casefold() for name in (*before, *taken)}) == len(attributes) + len(taken)
    # What Marketo appends changes no column there was.
    assert columns(*attributes, *more, taken=taken)[: len(before)] == before


@pytest.mark.parametrize(
    ("data_type", "field_type"),
    [
        ("integer", INTEGER),
        ("Score", INTEGER),
        ("float", NUMBER),
        ("currency", NUMBER),
        ("percent", NUMBER),
        ("boolean", BOOLEAN),
        ("date", DATE),
        ("datetime", DATE_TIME),
        ("string", TEXT),
        ("url", TEXT),
        ("something new", TEXT),
    ],
)
def test_a_column_has_the_type_of_its_attribute(data_type: str, field_type: object) -> None:
    (column,) = attribute_columns(kind("A", data_type=data_type), ())
    assert column.field_type is field_type


def reader(
    *attributes: str, lacking: tuple[str, ...] = (), deselected: tuple[str, ...] = ()
) -> AttributeReader:
    """A reader of a type with these attributes, but for some columns."""
    made = attribute_columns(kind(*attributes), ())
    offered = [each.column for each in made if each.column not in lacking]
    return AttributeReader(made, offered, [name for name in offered if name not in deselected])


@pytest.mark.parametrize(
    "key",
    ["New Value", "new value", "NEW VALUE", "NewValue", "new_value", "_newvalue", "N ewValue"],
)
def test_letter_case_spaces_and_underscores_are_ignored(key: str) -> None:
    assert reader("New Value", "Old Value").read({key: 7}) == ({"new_value": 7}, {})


def test_each_key_goes_to_the_nearest_attribute() -> None:
    attributes = ("New Value", "new value", "NewValue")
    values = {"NewValue": 3, "new value": 2, "New Value": 1, "NEWVALUE": 4}
    assert reader(*attributes).read(values) == (
        {"new_value": 1, "new_value_2": 2, "new_value_3": 3},
        {"NEWVALUE": 4},
    )


@pytest.mark.parametrize("keys", [("Source", "source"), ("source", "Source")])
def test_of_two_keys_for_a_column_the_nearer_fills_it(keys: tuple[str, str]) -> None:
    values = {key: key for key in keys}
    assert reader("Source").read(values) == ({"source": "Source"}, {"source": "source"})


def test_what_has_no_column_is_kept_by_its_key() -> None:
    values = {"Source": "web", "Later Idea": {"a": [1]}, "later idea": None}
    assert reader("Source").read(values) == (
        {"source": "web"},
        {"Later Idea": {"a": [1]}, "later idea": None},
    )


def test_a_column_that_the_table_lacks_is_kept_by_its_key_and_fills_no_other() -> None:
    of_an_old_catalog = reader("Demo Date", "Demo_Date", lacking=("demo_date_2",))
    assert of_an_old_catalog.read({"Demo_Date": 1}) == ({}, {"Demo_Date": 1})


def test_a_deselected_column_is_dropped() -> None:
    assert reader("Source", "Reason", deselected=("source",)).read({"source": 1}) == ({}, {})


def test_a_type_without_attributes_keeps_everything_by_key() -> None:
    assert reader().read({"Surprise": 1}) == ({}, {"Surprise": 1})


@given(st.lists(names, max_size=8), st.dictionaries(names, st.integers(), max_size=10))
def test_nothing_is_dropped_and_nothing_is_made_up(
    attributes: list[str], activity: dict[str, int]
) -> None:
    one = reader(*attributes)
    values, other = one.read(activity)
    assert sorted([*values.values(), *other.values()]) == sorted(activity.values())
    assert other.items() <= activity.items()
    # What was worked out before makes no difference, nor does the order of keys.
    again = dict(reversed(activity.items()))
    assert sorted(one.read(again)[0]) == sorted(values)
    for name, value in reader(*attributes).read(again)[0].items():
        assert name in values
        assert value in activity.values()
