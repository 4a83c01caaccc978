"""The checks of a create body: one invalid body for each rule."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox
from tests.support.api_client import MONTH, UPDATED, SandboxClient

from .conftest import StartSandbox

ORDER, MEMBERS = "customobjects/purchaseOrder_c", "program/members"
ONE_PROGRAM = {"programId": 1001}
# Each row: the export object, the rule, the changes of a valid body, the code and the message.
INVALID_BODIES = json.loads(Path(__file__).with_name("invalid_bodies.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def client() -> Iterator[SandboxClient]:
    with (
        Sandbox(Options(rate_limit=1000, strict=True)) as sandbox,
        SandboxClient(sandbox) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("object_name", "changes", "error"),
    [
        pytest.param(name, changes, tuple(error), id=f"{name}, {rule}")
        for name, rule, changes, *error in INVALID_BODIES
    ],
)
def test_an_invalid_create_body_is_rejected(
    client: SandboxClient, object_name: str, changes: dict[str, Any], error: tuple[str, str]
) -> None:
    assert client.api_error(client.create(object_name, **changes)) == error


def test_a_create_body_that_is_not_a_json_object_is_rejected(client: SandboxClient) -> None:
    path = "/bulk/v1/leads/export/create.json"
    headers = {"Content-Type": "application/json"}
    assert client.api_error(client.post(path, data="{", headers=headers))[0] == "609"
    assert client.api_error(client.post(path, json=[]))[0] == "609"
    assert client.api_error(client.post(path, data={"a": "b"}))[0] == "612"


@pytest.mark.parametrize(
    "end", ["2026-02-20T00:00:00Z", "2026-02-19T18:00:00-06:00", "2026-01-20T00:00:00+0000"]
)
def test_a_range_can_be_in_any_time_zone(client: SandboxClient, end: str) -> None:
    assert client.create(filter={"createdAt": MONTH | {"endAt": end}}).json()["success"]


def test_the_error_for_an_unknown_field_can_be_1006(start: StartSandbox) -> None:
    _, client = start(unknown_field_style="1006")
    error = client.api_error(client.create(fields=["id", "x", "y"]))
    assert error == ("1006", "Field 'x' not found")


def test_a_removed_field_is_an_unknown_field(start: StartSandbox) -> None:
    sandbox, client = start()
    assert client.create(fields=["phone"]).json()["success"]
    sandbox.remove_field("phone")
    assert client.api_error(client.create(fields=["phone"])) == ("1003", "Invalid fields [phone]")


@pytest.mark.parametrize(
    ("object_name", "option", "unsupported", "supported"),
    [
        ("leads", "updated_at_filter", UPDATED, {"staticListId": 2001}),
        ("leads", "smart_lists", {"smartListId": 3001}, UPDATED),
        (ORDER, "custom_object_updated_at_filter", UPDATED, {"smartListId": 3001}),
        (ORDER, "smart_lists", {"smartListName": "Nobody"}, {"staticListId": 2001}),
        (MEMBERS, "member_updated_at_filter", ONE_PROGRAM | UPDATED, ONE_PROGRAM),
    ],
)
def test_a_filter_can_be_unsupported(
    start: StartSandbox,
    object_name: str,
    option: str,
    unsupported: dict[str, Any],
    supported: dict[str, Any],
) -> None:
    _, client = start(**{option: False})
    error = client.api_error(client.create(object_name, filter=unsupported))
    assert error == ("1035", "Unsupported filter type for target subscription")
    assert client.create(object_name, filter=supported).json()["success"]


def test_a_job_fails_if_one_of_its_fields_is_removed_before_it_ends(start: StartSandbox) -> None:
    sandbox, client = start()
    job = client.enqueue_job(fields=["id", "phone"])
    sandbox.remove_field("phone")
    sandbox.clock.advance(1)
    status = job.status()
    assert (status["status"], status["errorMsg"]) == ("Failed", "Invalid fields [phone]")


def test_column_header_names_can_be_rejected(start: StartSandbox) -> None:
    sandbox, client = start(column_headers="rejected")
    renamed = client.create(columnHeaderNames={"id": "number"})
    assert client.api_error(renamed) == ("1003", "columnHeaderNames is not supported")
    assert sandbox.jobs == []
    assert client.create().json()["success"]


def test_column_header_names_can_be_ignored(start: StartSandbox) -> None:
    sandbox, client = start(column_headers="ignored")
    job = client.enqueue_job(columnHeaderNames={"id": "number"})
    sandbox.clock.advance(1)
    assert job.get_file().text.startswith("id\n")
