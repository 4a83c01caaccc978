"""Which programs activities name: by their primary attribute, or by another one."""

from __future__ import annotations

import pytest

from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
from tap_marketo_bulk.rows.csv_file import Block
from tap_marketo_bulk.streams.active_programs import ActiveProgramFinder
from tap_marketo_bulk.streams.state_store import StateStore

FIELDS = ("marketoGUID", "activityTypeId", "primaryAttributeValueId", "attributes")


def attribute(name: str) -> ActivityAttribute:
    """Return an attribute with this name."""
    return ActivityAttribute(name, "string")


TYPES = [
    ActivityType(104, "Change Status in Progression", attribute("Program ID"), ()),
    ActivityType(
        123,
        "Change Program Member Data",
        attribute("Attribute Name"),
        (attribute("Program"), attribute("New Value")),
    ),
    ActivityType(6, "Send Email", attribute("Mailing ID"), (attribute("Step ID"),)),
    ActivityType(12, "New Lead", None, ()),
]


def programs(*rows: list[str]) -> tuple[int, ...]:
    """Return the programs that are found in rows of activities."""
    store = StateStore({}, lambda: None)
    finder = ActiveProgramFinder(TYPES, store, "program_members")
    finder.observe(FIELDS, Block(rows, 2, rows))
    return store["program_members"].pending_ids


def test_new_programs_come_after_those_that_are_pending() -> None:
    store = StateStore({}, lambda: None)
    finder = ActiveProgramFinder(TYPES, store, "program_members")
    for program in ("1005", "1002", "1005"):
        rows = [["a", "104", program, "null"]]
        finder.observe(FIELDS, Block(rows, 2, rows))
    assert store["program_members"].pending_ids == (1005, 1002)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([["a", "104", "1002", "null"], ["b", "104", "1001", "null"]], (1001, 1002)),
        ([["a", "104", "null", "null"]], ()),
        ([["a", "6", "1001", '{"Program": 1}']], ()),
        ([["a", "12", "1001", "null"]], ()),
        ([["a", "123", "5", '{"program": 1003, "New Value": "7"}']], (1003,)),
        ([["a", "123", "5", '{"Program": "1003"}']], (1003,)),
        # A name in place of an id, no attributes, and text that is no JSON object.
        ([["a", "123", "5", '{"Program": "Webinar"}']], ()),
        ([["a", "123", "5", "null"], ["b", "123", "5", "[1]"]], ()),
        ([["a", "999", "1001", "null"]], ()),
    ],
)
def test_programs_are_found_by_the_attributes_that_name_one(
    rows: list[list[str]], found: tuple[int, ...]
) -> None:
    assert programs(*rows) == found
