"""What a subscription's leads are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.marketo.describe import LeadField, describe_leads
from tests.support.http_host import TOKEN, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.http_host import Host


@pytest.fixture
def describe(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> Callable[..., list[LeadField]]:
    """Return what is made of the entries of a description."""

    def fields_of(*entries: Any) -> list[LeadField]:  # noqa: ANN401 - any JSON value
        description = answer({"success": True, "result": list(entries)})
        return describe_leads(client_of(host(TOKEN, description).url))

    return fields_of


def test_fields_of_a_subscription_are_those_it_exports(client: Client, sandbox: Sandbox) -> None:
    fields = describe_leads(client)
    assert {field.name for field in fields} == set(sandbox.expected.lead_columns())


def test_a_field_has_a_name_a_label_and_a_type(
    describe: Callable[..., list[LeadField]],
) -> None:
    entry = {"displayName": "Lead Score", "dataType": "score", "rest": {"name": "leadScore"}}
    assert describe(entry) == [LeadField("leadScore", "Lead Score", "score")]


@pytest.mark.parametrize(
    "entry",
    [
        {"displayName": "SOAP only", "dataType": "string", "soap": {"name": "Soap"}},
        {"displayName": "None", "dataType": "string", "rest": None},
        {"displayName": "Nameless", "dataType": "string", "rest": {"name": ""}},
        {"displayName": "Formula", "dataType": "formula", "rest": {"name": "formula"}},
        {"displayName": "Formula", "dataType": "Formula", "rest": {"name": "formula"}},
    ],
)
def test_what_an_export_cannot_hold_is_left_out(
    describe: Callable[..., list[LeadField]], entry: dict[str, object]
) -> None:
    assert describe(entry, {"dataType": "string", "rest": {"name": "email"}}) == [
        LeadField("email", "email", "string")
    ]


def test_the_letter_case_of_a_type_does_not_matter(
    describe: Callable[..., list[LeadField]],
) -> None:
    (field,) = describe({"displayName": "Id", "dataType": "Integer", "rest": {"name": "id"}})
    assert field.data_type == "integer"


def test_a_field_without_type_is_text(describe: Callable[..., list[LeadField]]) -> None:
    assert describe({"rest": {"name": "x"}}) == [LeadField("x", "x", "string")]


def test_a_field_that_comes_twice_counts_once(
    describe: Callable[..., list[LeadField]],
) -> None:
    entries = [
        {"displayName": label, "dataType": "string", "rest": {"name": name}}
        for name, label in [("a", "First"), ("b", "Between"), ("a", "Again")]
    ]
    assert [(field.name, field.display_name) for field in describe(*entries)] == [
        ("a", "First"),
        ("b", "Between"),
    ]


def test_a_subscription_without_fields_has_none(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    assert describe_leads(client_of(host(TOKEN, answer({"success": True})).url)) == []
