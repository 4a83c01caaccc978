"""Filters of activities, by activity type and by primary attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.clock import NOW
from tests.support.runs import selecting
from tests.support.typed_activities import (
    activity_filters,
    expected_records,
    table,
    types_by_stream,
)

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand
    from tests.support.runs import TapRunner

pytestmark = pytest.mark.parametrize(
    "options", [Options(leads=50, activities=900, late_seconds=0, job_seconds=0)]
)
EVERYTHING = {"start_date": "2025-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
FORM, ADD, REMOVE, VALUE, SCORE, STATUS, MAIL = 2, 24, 25, 13, 22, 104, 6


def expected_activities(sandbox: Sandbox, **allowed: Any) -> dict[str, Any]:  # noqa: ANN401 - values of any type
    """The expected rows of activities that have one of the values in each of these columns."""
    return {
        key: activity
        for key, activity in sandbox.expected.activities(at=NOW).items()
        if all(activity[name] in values for name, values in allowed.items())
    }


def test_only_activities_of_the_types_in_the_settings_are_exported(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "activities")
    run = tap.run(catalog=catalog, config=EVERYTHING | {"activity_type_ids": [FORM, MAIL]})
    assert run.table("activities") == expected_activities(sandbox, activityTypeId=[FORM, MAIL])
    assert {tuple(one["activityTypeIds"]) for one in activity_filters(sandbox)} == {(FORM, MAIL)}


def test_an_empty_list_of_types_exports_all_types(tap: TapRunner, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), "activities")
    empty: dict[str, object] = {"activity_type_ids": [], "primary_attribute_values": []}
    run = tap.run(catalog=catalog, config=EVERYTHING | empty)
    assert run.table("activities") == sandbox.expected.activities(at=NOW)


def test_only_the_types_in_the_settings_have_streams_and_their_names_do_not_change(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    tap.config["activity_type_ids"] = [FORM, 100002]
    streams = {entry["stream"] for entry in tap.discover()["streams"]}
    typed = {"activities_fill_out_form", "activities_attended_webinar_100002"}
    assert {name for name in streams if name.startswith("activities_")} == typed
    run = tap.run(catalog=selecting(tap.discover(), *typed), config=EVERYTHING)
    for stream in typed:
        activity_type = types_by_stream(sandbox)[stream]
        assert table(stream, run) == expected_records(
            activity_type, sandbox.expected.activities(at=NOW)
        )


@pytest.mark.parametrize(
    ("types", "primary", "expected_values"),
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
def test_only_activities_with_the_primary_attributes_in_the_settings_are_exported(
    tap: TapRunner,
    sandbox: Sandbox,
    types: list[int],
    primary: dict[str, Any],
    expected_values: dict[str, Any],
) -> None:
    tap.config = EVERYTHING | {"activity_type_ids": types} | primary
    typed = [name for name, each in types_by_stream(sandbox).items() if each.id in types]
    run = tap.run(catalog=selecting(tap.discover(), "activities", *typed))
    expected = expected_activities(sandbox, activityTypeId=types, **expected_values)
    assert expected
    assert run.table("activities") == expected
    for name in typed:
        assert table(name, run) == expected_records(types_by_stream(sandbox)[name], expected)


# Settings that Marketo does not allow are an error before a job is created.


@pytest.mark.parametrize(
    ("changes", "problem"),
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
def test_an_invalid_combination_of_settings_is_an_error_before_the_first_call(
    command: TapCommand, changes: dict[str, Any], problem: str
) -> None:
    result = command.run(*command.config(**changes))
    assert result.exit_code == 1
    assert problem in result.errors[0]
    assert command.sandbox.calls == []


@pytest.mark.parametrize(
    ("types", "problem"),
    [
        ([FORM, 4711], "activity_type_ids has types that do not exist in Marketo: [4711]"),
        ([FORM, ADD], "activity_type_ids has Fill Out Form (2), Add to List (24)"),
        ([MAIL], "activity_type_ids has Send Email (6)"),
    ],
)
def test_types_that_marketo_does_not_allow_are_an_error_before_the_first_export(
    command: TapCommand, types: list[int], problem: str
) -> None:
    changes = {"activity_type_ids": types, "primary_attribute_value_ids": [16]}
    result = command.run(*command.config(**changes))
    assert result.exit_code == 1
    assert problem in result.errors[0]
    assert {call.name for call in command.sandbox.calls} == {"token", "types"}


def test_fifty_primary_attribute_values_are_allowed(tap: TapRunner) -> None:
    changes = {"activity_type_ids": [FORM], "primary_attribute_value_ids": list(range(1, 51))}
    run = tap.run(config=EVERYTHING | changes)
    assert run.error is None
