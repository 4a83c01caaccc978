"""The activity types of a subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.marketo.describe import (
    ActivityAttribute,
    ActivityType,
    describe_activity_types,
)
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.http_host import Host


@pytest.fixture
def describe(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> Callable[..., list[ActivityType]]:
    """Return the types parsed from a response with these members."""

    def types_of(**content: Any) -> list[ActivityType]:  # noqa: ANN401 - any JSON value
        types = http_response({"success": True} | content)
        return describe_activity_types(client_of(host(TOKEN_RESPONSE, types).url))

    return types_of


def test_all_types_of_the_subscription_are_returned(client: Client, sandbox: Sandbox) -> None:
    found = {each.type_id: each.name for each in describe_activity_types(client)}
    assert found == {each.id: each.name for each in sandbox.data_set.activity_types}


def test_a_type_has_a_primary_attribute_and_other_attributes(
    describe: Callable[..., list[ActivityType]],
) -> None:
    entry = {
        "id": 2,
        "name": "Fill Out Form",
        "primaryAttribute": {"name": "Webform ID", "dataType": "Integer"},
        "attributes": [{"name": "Form Fields", "dataType": "text"}, {"name": "New"}],
    }
    assert describe(result=[entry]) == [
        ActivityType(
            type_id=2,
            name="Fill Out Form",
            primary_attribute=ActivityAttribute("Webform ID", "integer"),
            attributes=(
                ActivityAttribute("Form Fields", "text"),
                ActivityAttribute("New", "string"),
            ),
        )
    ]


@pytest.mark.parametrize("more", [{}, {"primaryAttribute": None, "attributes": None}])
def test_a_type_can_have_no_attributes(
    describe: Callable[..., list[ActivityType]], more: dict[str, object]
) -> None:
    assert describe(result=[{"id": 160, "name": "Visit", **more}]) == [
        ActivityType(160, "Visit", None, ())
    ]


def test_the_name_of_a_type_without_name_is_its_id(
    describe: Callable[..., list[ActivityType]],
) -> None:
    assert describe(result=[{"id": 100001}])[0].name == "100001"


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Change Data Value", "attribute name"),
        ("change score", "attribute name"),
        ("Change Status in Progression", "marketing program"),
        ("Add to List", "static list"),
        ("Remove from List", "static list"),
        ("Fill Out Form", "web form"),
        ("Visit Webpage", None),
    ],
)
def test_some_types_have_an_asset_group_for_filters_by_primary_attribute(
    name: str, group: str | None
) -> None:
    assert ActivityType(1, name, None, ()).primary_attribute_filter_group == group


def test_names_have_no_control_characters(describe: Callable[..., list[ActivityType]]) -> None:
    attribute = {"name": "Form\u2028 Fields\x1b", "dataType": "te\x00xt"}
    assert describe(result=[{"id": 2, "name": "Fill\x1b Out", "attributes": [attribute]}]) == [
        ActivityType(2, "Fill Out", None, (ActivityAttribute("Form Fields", "text"),))
    ]
