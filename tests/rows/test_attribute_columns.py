"""Each attribute has a column of its own, and each key of an activity fills the right one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
from tap_marketo_bulk.rows.activities import AttributeMatcher, attribute_columns, snake_case
from tap_marketo_bulk.rows.field_types import BOOLEAN, DATE, DATE_TIME, INTEGER, NUMBER, TEXT

names = st.text(max_size=12) | st.sampled_from(
    ["Demo Date", "Demo-Date", "demo_date", "DEMO DATE", "DemoDate", "Demo Date 2", "Δ", ""]
)


def type_with(
    *attributes: str, primary: str | None = None, data_type: str = "string"
) -> ActivityType:
    """A type with attributes of these names."""
    return ActivityType(
        type_id=1,
        name="Type",
        primary_attribute=ActivityAttribute(primary, "integer") if primary else None,
        attributes=tuple(ActivityAttribute(name, data_type) for name in attributes),
    )


def columns(
    *attributes: str, primary: str | None = None, reserved: tuple[str, ...] = ()
) -> list[str]:
    """The columns of a type with these attributes."""
    return [
        each.column for each in attribute_columns(type_with(*attributes, primary=primary), reserved)
    ]


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
def test_a_display_name_becomes_a_column_name(name: str, column: str) -> None:
    assert snake_case(name) == column


@given(names)
def test_a_column_name_stays_as_it_is(name: str) -> None:
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


def test_a_number_that_is_in_use_is_not_used_again() -> None:
    assert columns("Try", "Try 2", "try") == ["try", "try_2", "try_3"]


def test_reserved_names_are_not_used_in_any_letter_case() -> None:
    assert columns("leadid", "Marketoguid", reserved=("leadId", "marketoGUID")) == [
        "leadid_2",
        "marketoguid_2",
    ]


@given(st.lists(names, max_size=12), st.lists(names, max_size=3))
def test_every_attribute_has_a_column_of_its_own(attributes: list[str], more: list[str]) -> None:
    reserved = ("leadId", "other_attributes")
    before = columns(*attributes, reserved=reserved)
    assert len({name.casefold() for name in (*before, *reserved)}) == len(attributes) + len(
        reserved
    )
    # New attributes at the end do not change the columns of the others.
    assert columns(*attributes, *more, reserved=reserved)[: len(before)] == before


@pytest.mark.parametrize(
    ("data_type", "field_type"),
    [
        ("integer", INTEGER),
        ("Score", NUMBER),
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
    (column,) = attribute_columns(type_with("A", data_type=data_type), ())
    assert column.field_type is field_type


class MatcherOfColumns:
    """A reader for a type with these attributes, some of them without a column."""

    def __init__(
        self, *attributes: str, lacking: tuple[str, ...] = (), deselected: tuple[str, ...] = ()
    ) -> None:
        """Leave out the columns that the catalog lacks and those that are deselected."""
        columns_of_type = attribute_columns(type_with(*attributes), ())
        catalog = [each.column for each in columns_of_type if each.column not in lacking]
        self.selected = [name for name in catalog if name not in deselected]
        self._matcher = AttributeMatcher(columns_of_type, catalog, self.selected)

    def read(self, attributes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the values by column, and those without a column by key."""
        values, other = self._matcher.match(attributes)
        by_column = dict(zip(self.selected, values, strict=True))
        return {name: value for name, value in by_column.items() if value is not None}, other or {}


@pytest.mark.parametrize(
    "key",
    ["New Value", "new value", "NEW VALUE", "NewValue", "new_value", "_newvalue", "N ewValue"],
)
def test_letter_case_spaces_and_underscores_are_ignored(key: str) -> None:
    assert MatcherOfColumns("New Value", "Old Value").read({key: 7}) == ({"new_value": 7}, {})


def test_each_key_goes_to_the_nearest_attribute() -> None:
    attributes = ("New Value", "new value", "NewValue")
    values = {"NewValue": 3, "new value": 2, "New Value": 1, "NEWVALUE": 4}
    assert MatcherOfColumns(*attributes).read(values) == (
        {"new_value": 1, "new_value_2": 2, "new_value_3": 3},
        {"NEWVALUE": 4},
    )


@pytest.mark.parametrize("keys", [("Source", "source"), ("source", "Source")])
def test_of_two_keys_for_a_column_the_nearer_fills_it(keys: tuple[str, str]) -> None:
    values = {key: key for key in keys}
    assert MatcherOfColumns("Source").read(values) == ({"source": "Source"}, {"source": "source"})


def test_an_attribute_without_column_is_kept_by_its_key() -> None:
    values = {"Source": "web", "Later Idea": {"a": [1]}, "later idea": None}
    assert MatcherOfColumns("Source").read(values) == (
        {"source": "web"},
        {"Later Idea": {"a": [1]}, "later idea": None},
    )


def test_a_column_that_the_table_lacks_is_kept_by_its_key_and_fills_no_other() -> None:
    of_an_old_catalog = MatcherOfColumns("Demo Date", "Demo_Date", lacking=("demo_date_2",))
    assert of_an_old_catalog.read({"Demo_Date": 1}) == ({}, {"Demo_Date": 1})


def test_a_deselected_column_is_dropped() -> None:
    assert MatcherOfColumns("Source", "Reason", deselected=("source",)).read({"source": 1}) == (
        {},
        {},
    )


def test_a_type_without_attributes_keeps_every_attribute_by_key() -> None:
    assert MatcherOfColumns().read({"Surprise": 1}) == ({}, {"Surprise": 1})


@given(st.lists(names, max_size=8), st.dictionaries(names, st.integers(), max_size=10))
def test_each_value_is_in_a_column_or_with_the_others_exactly_once(
    attributes: list[str], activity: dict[str, int]
) -> None:
    one = MatcherOfColumns(*attributes)
    values, other = one.read(activity)
    assert sorted([*values.values(), *other.values()]) == sorted(activity.values())
    assert other.items() <= activity.items()
    # The result does not depend on keys that were read before, nor on the order of keys.
    again = dict(reversed(activity.items()))
    assert sorted(one.read(again)[0]) == sorted(values)
    for name, value in MatcherOfColumns(*attributes).read(again)[0].items():
        assert name in values
        assert value in activity.values()
