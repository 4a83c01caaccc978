"""The descriptions of program members and custom objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.describe import (
    describe_custom_object,
    describe_member_fields,
    export_object_path,
    list_custom_objects,
)
from tap_marketo_bulk.sandbox import Fault

if TYPE_CHECKING:
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.sandbox import Sandbox


def respond_with(sandbox: Sandbox, call: str, result: Any) -> None:  # noqa: ANN401 - JSON
    """Have the sandbox respond to a call with this result."""
    body = json.dumps({"success": True, "result": result})
    sandbox.faults.append(Fault("http", call=call, status=200, body=body, times=None))


def test_fields_have_marketos_names_and_types_in_lower_case(client: Client) -> None:
    fields = {field.name: field for field in describe_member_fields(client)}
    assert fields["leadId"].data_type == "integer"
    assert fields["dietaryNeeds"].display_name == "Dietary Needs"
    described = describe_custom_object(client, "SupportTicketV2")
    types = {field.name: field.data_type for field in described.fields}
    assert (types["severity"], types["openedAt"]) == ("integer", "datetime")


def test_objects_that_are_linked_to_leads_are_exported(client: Client) -> None:
    problems = {
        name: describe_custom_object(client, name).export_problem
        for name in list_custom_objects(client)
    }
    assert problems == {
        "purchaseOrder_c": None,
        "SupportTicketV2": None,
        "venue_c": "it is not linked to leads",
        "sfdcContract_c": "it comes from a CRM",
    }


def test_a_field_whose_name_has_control_characters_is_left_out_with_a_warning(
    client: Client, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    named = [{"name": "a\x1b[31m"}, {"name": "b"}, {"name": "b"}]
    respond_with(sandbox, "describe_members", [{"fields": named}])
    fields = describe_member_fields(client)
    assert [(each.name, each.display_name, each.data_type) for each in fields] == [
        ("b", "b", "string")
    ]
    assert "The field a[31m is left out" in caplog.text


@pytest.mark.parametrize(
    "result", [[], [{}, {}], [{}], [{"fields": [{}]}], [{"fields": [], "relationships": [{}]}]]
)
def test_a_description_of_another_shape_is_an_error(
    client: Client, sandbox: Sandbox, result: list[Any]
) -> None:
    respond_with(sandbox, "describe_custom_object", result)
    with pytest.raises(InvalidResponseError):
        describe_custom_object(client, "purchaseOrder_c")


@pytest.mark.parametrize("result", [[], [{}, {}], [{}], [{"fields": [{}]}]])
def test_a_description_of_members_of_another_shape_is_an_error(
    client: Client, sandbox: Sandbox, result: list[Any]
) -> None:
    respond_with(sandbox, "describe_members", result)
    with pytest.raises(InvalidResponseError):
        describe_member_fields(client)


def test_an_api_name_is_one_segment_of_a_path() -> None:
    assert export_object_path("a/../b c") == "customobjects/a%2F..%2Fb%20c"
