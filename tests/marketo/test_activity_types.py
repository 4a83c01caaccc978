"""The activity types of a subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.marketo.activity_types import (
    ActivityType,
    Attribute,
    describe_activity_types,
)
from tests.support.http_host import TOKEN, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.http_host import Host


@pytest.fixture
def describe(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> Callable[..., list[ActivityType]]:
    """Return what is made of the entries of an answer."""

    def types_of(**content: Any) -> list[ActivityType]:  # noqa: ANN401 - any JSON value
        types = answer({"success": True} | content)
        return describe_activity_types(client_of(host(TOKEN, types).url))

    return types_of


def test_the_types_of_a_subscription_are_all_there(client: Client, sandbox: Sandbox) -> None:
    found = {kind.type_id: kind.name for kind in describe_activity_types(client)}
    assert found == {kind.id: kind.name for kind in sandbox.data_set.activity_types}


def test_a_type_has_a_primary_attribute_and_others(
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
            primary=Attribute("Webform ID", "integer"),
            attributes=(Attribute("Form Fields", "text"), Attribute("New", "string")),
        )
    ]


@pytest.mark.parametrize("more", [{}, {"primaryAttribute": None, "attributes": None}])
def test_a_type_can_be_without_attributes(
    describe: Callable[..., list[ActivityType]], more: dict[str, object]
) -> None:
    assert describe(result=[{"id": 160, "name": "Visit", **more}]) == [
        ActivityType(160, "Visit", None, ())
    ]


def test_a_type_without_name_is_called_by_its_id(
    describe: Callable[..., list[ActivityType]],
) -> None:
    assert describe(result=[{"id": 100001}])[0].name == "100001"


def test_a_subscription_can_be_without_types(describe: Callable[..., list[ActivityType]]) -> None:
    assert describe() == []


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
def test_some_types_can_be_filtered_by_what_they_are_about(name: str, group: str | None) -> None:
    assert ActivityType(1, name, None, ()).asset_group == group
