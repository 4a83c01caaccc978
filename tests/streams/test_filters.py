"""Which activities are exported, by type and by what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.clock import NOW
from tests.support.runs import selecting
from tests.support.typed_activities import filters, streams_of, table, truth_of

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import Command
    from tests.support.runs import Tap

pytestmark = pytest.mark.parametrize(
    "options", [Options(leads=50, activities=900, late_seconds=0, job_seconds=0)]
)
EVERYTHING = {"start_date": "2025-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
FORM, ADD, REMOVE, VALUE, SCORE, STATUS, MAIL = 2, 24, 25, 13, 22, 104, 6


def told(sandbox: Sandbox, **chosen: Any) -> dict[str, Any]:  # noqa: ANN401 - values of any type
    """The activities of which each of these columns has one of these values."""
    return {
        key: activity
        for key, activity in sandbox.expected.activities(at=NOW).items()
        if all(activity[name] in values for name, values in chosen.items())
    }


def test_activities_of_some_types(tap: Tap, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), "activities")
    run = tap.run(catalog=catalog, config=EVERYTHING | {"activity_type_ids": [FORM, MAIL]})
    assert run.table("activities") == told(sandbox, activityTypeId=[FORM, MAIL])
    assert {tuple(one["activityTypeIds"]) for one in filters(sandbox)} == {(FORM, MAIL)}


def test_an_empty_list_of_types_is_all_types(tap: Tap, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), "activities")
    empty: dict[str, object] = {"activity_type_ids": [], "primary_attribute_values": []}
    run = tap.run(catalog=catalog, config=EVERYTHING | empty)
    assert run.table("activities") == sandbox.expected.activities(at=NOW)


def test_typed_streams_of_other_types_are_not_offered_and_names_stay(
    tap: Tap, sandbox: Sandbox
) -> None:
    tap.config["activity_type_ids"] = [FORM, 100002]
    streams = {entry["stream"] for entry in tap.discover()["streams"]}
    typed = {"activities_fill_out_form", "activities_attended_webinar_100002"}
    assert streams == {"activities", "deleted_leads", "leads"} | typed
    run = tap.run(catalog=selecting(tap.discover(), *typed), config=EVERYTHING)
    for stream in typed:
        kind = streams_of(sandbox)[stream]
        assert table(stream, run) == truth_of(kind, sandbox.expected.activities(at=NOW))


@pytest.mark.parametrize(
    ("types", "primary", "chosen"),
    [
        ([FORM], {"primary_attribute_value_ids": [16, 95]}, {"primaryAttributeValueId": [16, 95]}),
        (
            [FORM],
            {"primary_attribute_values": ["GL_OP_ALL_2021.MPS Outbound"]},
            {"primaryAttributeValue": ["GL_OP_ALL_2021.MPS Outbound"]},
        ),
        (
            [ADD, REMOVE],
            {"primary_attribute_value_ids": [2001]},
            {"primaryAttributeValueId": [2001]},
        ),
        (
            [VALUE, SCORE],
            {"primary_attribute_values": ["Email Address", "Lead Score"]},
            {"primaryAttributeValue": ["Email Address", "Lead Score"]},
        ),
        ([STATUS], {"primary_attribute_value_ids": [1002]}, {"primaryAttributeValueId": [1002]}),
    ],
    ids=["form", "form by name", "lists", "lead fields by name", "program"],
)
def test_activities_about_some_assets(
    tap: Tap, sandbox: Sandbox, types: list[int], primary: dict[str, Any], chosen: dict[str, Any]
) -> None:
    tap.config = EVERYTHING | {"activity_type_ids": types} | primary
    typed = [name for name, kind in streams_of(sandbox).items() if kind.id in types]
    run = tap.run(catalog=selecting(tap.discover(), "activities", *typed))
    expected = told(sandbox, activityTypeId=types, **chosen)
    assert expected
    assert run.table("activities") == expected
    for name in typed:
        assert table(name, run) == truth_of(streams_of(sandbox)[name], expected)


# What Marketo does not allow, told before it is asked for an export.


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"activity_type_ids": [FORM, 37]}, "select the stream deleted_leads instead"),
        ({"primary_attribute_value_ids": [1]}, "value_ids needs activity_type_ids"),
        ({"primary_attribute_values": ["A"]}, "values needs activity_type_ids"),
        (
            {"activity_type_ids": [FORM], "primary_attribute_value_ids": list(range(51))},
            "primary_attribute_value_ids has more than 50 values",
        ),
        (
            {"activity_type_ids": [FORM], "primary_attribute_values": ["A"] * 51},
            "primary_attribute_values has more than 50 values",
        ),
        (
            {
                "activity_type_ids": [FORM],
                "primary_attribute_values": ["A"],
                "primary_attribute_value_ids": [1],
            },
            "only one of primary_attribute_value_ids, primary_attribute_values can be set",
        ),
        ({"activity_type_ids": ["Fill Out Form"]}, "activity_type_ids"),
        ({"static_list_id": 1, "smart_list_name": "A"}, "only one of static_list_id, smart_list_"),
    ],
)
def test_what_the_settings_show_is_told_before_any_call(
    command: Command, changes: dict[str, Any], words: str
) -> None:
    ended = command.run(*command.config(**changes))
    assert ended.code == 1
    assert words in ended.errors[0]
    assert command.sandbox.calls == []


@pytest.mark.parametrize(
    ("types", "words"),
    [
        ([FORM, 4711], "activity_type_ids has types that do not exist in Marketo: [4711]"),
        ([FORM, ADD], "activity_type_ids has Fill Out Form (2), Add to List (24)"),
        ([MAIL], "activity_type_ids has Send Email (6)"),
    ],
)
def test_what_only_marketo_knows_is_told_before_any_export(
    command: Command, types: list[int], words: str
) -> None:
    changes = {"activity_type_ids": types, "primary_attribute_value_ids": [16]}
    ended = command.run(*command.config(**changes))
    assert ended.code == 1
    assert words in ended.errors[0]
    assert {call.name for call in command.sandbox.calls} == {"token", "types"}


def test_fifty_are_allowed(tap: Tap) -> None:
    changes = {"activity_type_ids": [FORM], "primary_attribute_value_ids": list(range(1, 51))}
    run = tap.run(config=EVERYTHING | changes)
    assert run.error is None
