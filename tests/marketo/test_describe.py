"""The fields of a subscription's leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.marketo.describe import (
    ObjectField,
    describe_lead_fields,
    flat_lead_field_entries,
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
) -> Callable[..., list[ObjectField]]:
    """Return the fields parsed from a response with these entries."""

    def fields_of(*entries: Any) -> list[ObjectField]:  # noqa: ANN401 - any JSON value
        description = http_response({"success": True, "result": list(entries)})
        return describe_lead_fields(client_of(host(TOKEN_RESPONSE, description).url))

    return fields_of


def test_the_fields_of_the_subscription_are_those_it_exports(
    client: Client, sandbox: Sandbox
) -> None:
    fields = describe_lead_fields(client)
    assert {field.name for field in fields} == set(sandbox.expected.lead_columns())


def test_a_field_has_a_name_a_display_name_and_a_type(
    describe: Callable[..., list[ObjectField]],
) -> None:
    entry = {"displayName": "Lead Score", "dataType": "score", "rest": {"name": "leadScore"}}
    assert describe(entry) == [ObjectField("leadScore", "Lead Score", "score")]


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
def test_fields_that_an_export_cannot_contain_are_left_out(
    describe: Callable[..., list[ObjectField]], entry: dict[str, object]
) -> None:
    assert describe(entry, {"dataType": "string", "rest": {"name": "email"}}) == [
        ObjectField("email", "email", "string")
    ]


def test_the_letter_case_of_a_type_does_not_matter(
    describe: Callable[..., list[ObjectField]],
) -> None:
    (field,) = describe({"displayName": "Id", "dataType": "Integer", "rest": {"name": "id"}})
    assert field.data_type == "integer"


def test_a_formula_does_not_hide_another_field_with_its_name(
    describe: Callable[..., list[ObjectField]],
) -> None:
    entries = [{"dataType": kind, "rest": {"name": "total"}} for kind in ("formula", "integer")]
    assert describe(*entries) == [ObjectField("total", "total", "integer")]


def test_entries_of_fields_need_no_id(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    entry = {"displayName": "E-Mail", "rest": {"name": "email", "readOnly": False}, "soap": None}
    description = http_response({"success": True, "result": [entry]})
    assert flat_lead_field_entries(client_of(host(TOKEN_RESPONSE, description).url)) == [
        {"displayName": "E-Mail", "restName": "email", "restReadOnly": False}
    ]


def test_the_type_of_a_field_without_type_is_string(
    describe: Callable[..., list[ObjectField]],
) -> None:
    assert describe({"rest": {"name": "x"}}) == [ObjectField("x", "x", "string")]


def test_of_two_fields_with_one_name_the_first_is_returned(
    describe: Callable[..., list[ObjectField]],
) -> None:
    entries = [
        {"displayName": label, "dataType": "string", "rest": {"name": name}}
        for name, label in [("a", "First"), ("b", "Between"), ("a", "Again")]
    ]
    assert [(field.name, field.display_name) for field in describe(*entries)] == [
        ("a", "First"),
        ("b", "Between"),
    ]


def test_display_names_and_types_have_no_control_characters(
    describe: Callable[..., list[ObjectField]],
) -> None:
    entry = {
        "displayName": "E\x1b[0m-Mail\u202e",
        "dataType": "str\x00ing",
        "rest": {"name": "email"},
    }
    assert describe(entry) == [ObjectField("email", "E[0m-Mail", "string")]


@pytest.mark.parametrize("control", "\x00\n\x1b\x7f\x85\x9b\u200f\u2028\u202e\u2066\ud800")
def test_a_field_with_control_characters_in_its_name_is_left_out_with_a_warning(
    describe: Callable[..., list[ObjectField]], caplog: pytest.LogCaptureFixture, control: str
) -> None:
    named = [
        {"dataType": "string", "rest": {"name": name}} for name in (f"e{control}mail", "email")
    ]
    assert [field.name for field in describe(*named)] == ["email"]
    (message,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert message.isprintable()
    assert "is left out, since its name has control characters" in message
