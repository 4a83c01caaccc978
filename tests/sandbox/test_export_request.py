"""The body of a create call: every rule, broken once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox
from tests.support.api_client import CREATED, MONTH, Client

from .conftest import Open


def day(**changes: str) -> dict[str, Any]:
    return {"createdAt": MONTH | changes}


LEAD_REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no fields": ({"fields": None}, "'fields' must be a list of field names"),
    "empty fields": ({"fields": []}, "'fields' must be a list of field names"),
    "field twice": ({"fields": ["id", "id"]}, "'fields' must hold every field name once, as text"),
    "field no text": ({"fields": [1]}, "'fields' must hold every field name once, as text"),
    "unknown fields": ({"fields": ["id", "x", "y"]}, "Invalid fields [x, y]"),
    "no ecids": ({"fields": ["ecids"]}, "Invalid fields [ecids]"),
    "format": ({"format": "XML"}, "Invalid format 'XML': use one of CSV, TSV, SSV"),
    "body member": ({"x": 1}, "Unknown members of the request body: x"),
    "no filter": ({"filter": {}}, "The filter must be a JSON object with members"),
    "filter list": ({"filter": [CREATED]}, "The filter must be a JSON object with members"),
    "filter name": ({"filter": {"x": 1}}, "Unknown members of the filter: x"),
    "two filters": (
        {"filter": CREATED | {"updatedAt": MONTH}},
        (
            "Exactly one filter is needed, of: createdAt, updatedAt, staticListName, "
            "staticListId, smartListName, smartListId"
        ),
    ),
    "no end": (
        {"filter": {"createdAt": {"startAt": MONTH["startAt"]}}},
        "The filter 'createdAt' lacks 'endAt'",
    ),
    "range member": (
        {"filter": day(x="")},
        "Unknown members of the filter 'createdAt': x",
    ),
    "milliseconds": (
        {"filter": day(endAt="2026-02-01T00:00:00.000Z")},
        "The filter 'createdAt' is wrong: Invalid date-time '2026-02-01T00:00:00.000Z'",
    ),
    "no zone": (
        {"filter": day(endAt="2026-02-01T00:00:00")},
        "The filter 'createdAt' is wrong: Invalid date-time '2026-02-01T00:00:00'",
    ),
    "no such day": (
        {"filter": day(endAt="2026-02-30T00:00:00Z")},
        "The filter 'createdAt' is wrong: day is out of range for month",
    ),
    "backwards": (
        {"filter": day(endAt="2026-01-19T23:59:59Z")},
        "The filter 'createdAt' ends before it starts",
    ),
    "long": (
        {"filter": day(endAt="2026-02-20T00:00:01Z")},
        "The filter 'createdAt' spans more than 31 days",
    ),
    "no list": (
        {"filter": {"staticListName": "Nope"}},
        "Invalid value 'Nope' for filter 'staticListName': no such list",
    ),
    "list id": (
        {"filter": {"smartListId": 2001}},
        "Invalid value '2001' for filter 'smartListId': no such list",
    ),
    "header": (
        {"columnHeaderNames": {"email": "E"}},
        "Unknown members of the columnHeaderNames: email",
    ),
    "header no text": (
        {"columnHeaderNames": {"id": 1}},
        "columnHeaderNames must map fields to texts",
    ),
}
FORMS = {"activityTypeIds": [2]}
ASSETS = "Primary attribute filters need activityTypeIds of one asset group"
ACTIVITY_REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no range": ({"filter": FORMS}, "The filter 'createdAt' is required"),
    "fields": ({"fields": ["leadId", "x"]}, "Invalid fields [x]"),
    "types text": (
        {"filter": CREATED | {"activityTypeIds": ["1"]}},
        "'activityTypeIds' must be a list of int values",
    ),
    "types true": (
        {"filter": CREATED | {"activityTypeIds": [True]}},
        "'activityTypeIds' must be a list of int values",
    ),
    "types empty": (
        {"filter": CREATED | {"activityTypeIds": []}},
        "'activityTypeIds' must be a list of int values",
    ),
    "types unknown": (
        {"filter": CREATED | {"activityTypeIds": [1, 9999]}},
        "Invalid activityTypeIds [9999]",
    ),
    "deletions": (
        {"filter": CREATED | {"activityTypeIds": [37]}},
        "Activity type 37 is not supported: use Get Deleted Leads",
    ),
    "ids and names": (
        {
            "filter": CREATED
            | FORMS
            | {"primaryAttributeValueIds": [1], "primaryAttributeValues": ["x"]}
        },
        "primaryAttributeValueIds and primaryAttributeValues cannot be used together",
    ),
    "many ids": (
        {"filter": CREATED | FORMS | {"primaryAttributeValueIds": list(range(51))}},
        "At most 50 primary attribute values are allowed",
    ),
    "no types": ({"filter": CREATED | {"primaryAttributeValueIds": [1]}}, ASSETS),
    "no assets": (
        {"filter": CREATED | {"activityTypeIds": [1], "primaryAttributeValueIds": [1]}},
        ASSETS,
    ),
    "two groups": (
        {"filter": CREATED | {"activityTypeIds": [2, 24], "primaryAttributeValues": ["x"]}},
        ASSETS,
    ),
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Sandbox(Options(rate_limit=1000)) as sandbox, Client(sandbox) as client:
        yield client


@pytest.mark.parametrize(("changes", "message"), LEAD_REFUSALS.values(), ids=LEAD_REFUSALS)
def test_a_wrong_request_for_leads_is_refused(
    client: Client, changes: dict[str, Any], message: str
) -> None:
    assert client.refusal(client.create(**changes)) == ("1003", message)


@pytest.mark.parametrize(("changes", "message"), ACTIVITY_REFUSALS.values(), ids=ACTIVITY_REFUSALS)
def test_a_wrong_request_for_activities_is_refused(
    client: Client, changes: dict[str, Any], message: str
) -> None:
    assert client.refusal(client.create("activities", **changes)) == ("1003", message)


def test_what_is_no_json_object_is_refused(client: Client) -> None:
    path = "/bulk/v1/leads/export/create.json"
    json = {"Content-Type": "application/json"}
    assert client.refusal(client.post(path, data="{", headers=json))[0] == "609"
    assert client.refusal(client.post(path, json=[]))[0] == "609"
    assert client.refusal(client.post(path, data={"a": "b"}))[0] == "612"


@pytest.mark.parametrize(
    "end", ["2026-02-20T00:00:00Z", "2026-02-19T18:00:00-06:00", "2026-01-20T00:00:00+0000"]
)
def test_a_range_can_be_written_in_any_zone(client: Client, end: str) -> None:
    assert client.create(filter=day(endAt=end)).json()["success"]


def test_an_unknown_field_can_be_refused_in_another_way(start: Open) -> None:
    _, client = start(unknown_field_style="1006")
    refusal = client.refusal(client.create(fields=["id", "x", "y"]))
    assert refusal == ("1006", "Field 'x' not found")


def test_a_formula_field_can_be_refused(start: Open) -> None:
    _, client = start(formula_fields="refused")
    refusal = client.refusal(client.create(fields=["id", "fullName"]))
    assert refusal == ("1003", "Invalid fields [fullName]")


def test_a_field_that_was_removed_is_refused(start: Open) -> None:
    sandbox, client = start()
    assert client.create(fields=["phone"]).json()["success"]
    sandbox.remove_field("phone")
    assert client.refusal(client.create(fields=["phone"])) == ("1003", "Invalid fields [phone]")


def test_a_subscription_can_lack_filters(start: Open) -> None:
    _, client = start(updated_at_filter=False, smart_lists=False)
    sentence = ("1035", "Unsupported filter type for target subscription")
    assert client.refusal(client.create(filter={"updatedAt": MONTH})) == sentence
    assert client.refusal(client.create(filter={"smartListId": 3001})) == sentence
    assert client.create(filter={"staticListId": 2001}).json()["success"]


def test_a_job_whose_field_is_removed_before_it_ends_fails(start: Open) -> None:
    sandbox, client = start()
    job = client.queued(fields=["id", "phone"])
    sandbox.remove_field("phone")
    sandbox.clock.advance(1)
    status = job.status()
    assert (status["status"], status["errorMsg"]) == ("Failed", "Invalid fields [phone]")
