"""The checks of a create body: one invalid body for each rule."""

from collections.abc import Iterator
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox
from tests.support.api_client import CREATED, MONTH, UPDATED, SandboxClient

from .conftest import StartSandbox


def created(**changes: str) -> dict[str, Any]:
    return {"createdAt": MONTH | changes}


INVALID_LEAD_BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "fields absent": ({"fields": None}, "'fields' must be a list of field names"),
    "fields empty": ({"fields": []}, "'fields' must be a list of field names"),
    "field repeated": (
        {"fields": ["id", "id"]},
        "'fields' must contain texts, and each field name once",
    ),
    "field not a text": ({"fields": [1]}, "'fields' must contain texts, and each field name once"),
    "unknown fields": ({"fields": ["id", "x", "y"]}, "Invalid fields [x, y]"),
    "ecids not available": ({"fields": ["ecids"]}, "Invalid fields [ecids]"),
    "format unknown": ({"format": "XML"}, "Invalid format 'XML': use one of CSV, TSV, SSV"),
    "member of body unknown": ({"x": 1}, "Unknown members of the request body: x"),
    "filter empty": ({"filter": {}}, "The filter must be a JSON object with members"),
    "filter not an object": (
        {"filter": [CREATED]},
        "The filter must be a JSON object with members",
    ),
    "filter unknown": ({"filter": {"x": 1}}, "Unknown members of the filter: x"),
    "two filters": (
        {"filter": CREATED | {"updatedAt": MONTH}},
        (
            "Exactly one filter is required, one of: createdAt, updatedAt, staticListName, "
            "staticListId, smartListName, smartListId"
        ),
    ),
    "range without end": (
        {"filter": {"createdAt": {"startAt": MONTH["startAt"]}}},
        "The filter 'createdAt' has no 'endAt'",
    ),
    "member of range unknown": (
        {"filter": created(x="")},
        "Unknown members of the filter 'createdAt': x",
    ),
    "instant with milliseconds": (
        {"filter": created(endAt="2026-02-01T00:00:00.000Z")},
        "The filter 'createdAt' is invalid: Invalid date-time '2026-02-01T00:00:00.000Z'",
    ),
    "instant without time zone": (
        {"filter": created(endAt="2026-02-01T00:00:00")},
        "The filter 'createdAt' is invalid: Invalid date-time '2026-02-01T00:00:00'",
    ),
    "instant with invalid day": (
        {"filter": created(endAt="2026-02-30T00:00:00Z")},
        "The filter 'createdAt' is invalid: Invalid date-time '2026-02-30T00:00:00Z'",
    ),
    "range ends before it starts": (
        {"filter": created(endAt="2026-01-19T23:59:59Z")},
        "The filter 'createdAt' ends before it starts",
    ),
    "range too long": (
        {"filter": created(endAt="2026-02-20T00:00:01Z")},
        "The filter 'createdAt' is longer than 31 days",
    ),
    "list name unknown": (
        {"filter": {"staticListName": "Nope"}},
        "Invalid value 'Nope' for filter 'staticListName': no such list",
    ),
    "list id unknown": (
        {"filter": {"smartListId": 2001}},
        "Invalid value '2001' for filter 'smartListId': no such list",
    ),
    "header of unknown field": (
        {"columnHeaderNames": {"email": "E"}},
        "Unknown members of the columnHeaderNames: email",
    ),
    "header not a text": (
        {"columnHeaderNames": {"id": 1}},
        "columnHeaderNames must map field names to texts",
    ),
}
FORM_TYPE = {"activityTypeIds": [2]}
ONE_GROUP_REQUIRED = "Filters by primary attribute require activityTypeIds of one asset group"
INVALID_ACTIVITY_BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "createdAt absent": ({"filter": FORM_TYPE}, "The filter 'createdAt' is required"),
    "fields unknown": ({"fields": ["leadId", "x"]}, "Invalid fields [x]"),
    "type ids are texts": (
        {"filter": CREATED | {"activityTypeIds": ["1"]}},
        "'activityTypeIds' must be a list of int values",
    ),
    "type ids are booleans": (
        {"filter": CREATED | {"activityTypeIds": [True]}},
        "'activityTypeIds' must be a list of int values",
    ),
    "type ids empty": (
        {"filter": CREATED | {"activityTypeIds": []}},
        "'activityTypeIds' must be a list of int values",
    ),
    "type id unknown": (
        {"filter": CREATED | {"activityTypeIds": [1, 9999]}},
        "Invalid activityTypeIds [9999]",
    ),
    "type id of Delete Lead": (
        {"filter": CREATED | {"activityTypeIds": [37]}},
        "Activity type 37 is not supported: use Get Deleted Leads",
    ),
    "primary values by id and by name": (
        {
            "filter": CREATED
            | FORM_TYPE
            | {"primaryAttributeValueIds": [1], "primaryAttributeValues": ["x"]}
        },
        "primaryAttributeValueIds and primaryAttributeValues cannot be used together",
    ),
    "too many primary values": (
        {"filter": CREATED | FORM_TYPE | {"primaryAttributeValueIds": list(range(51))}},
        "At most 50 primary attribute values are allowed",
    ),
    "primary values without type": (
        {"filter": CREATED | {"primaryAttributeValueIds": [1]}},
        ONE_GROUP_REQUIRED,
    ),
    "primary values for type without group": (
        {"filter": CREATED | {"activityTypeIds": [1], "primaryAttributeValueIds": [1]}},
        ONE_GROUP_REQUIRED,
    ),
    "primary values for two groups": (
        {"filter": CREATED | {"activityTypeIds": [2, 24], "primaryAttributeValues": ["x"]}},
        ONE_GROUP_REQUIRED,
    ),
}


INVALID_ORDER_BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "fields absent": ({"fields": None}, "'fields' must be a list of field names"),
    "field in another letter case": (
        {"fields": ["marketoGUID", "leadId"]},
        "Invalid fields [leadId]",
    ),
    "filter of leads": (
        {"filter": {"createdAt": MONTH}},
        "Unknown members of the filter: createdAt",
    ),
    "two filters": (
        {"filter": UPDATED | {"staticListId": 2001}},
        (
            "Exactly one filter is required, one of: updatedAt, staticListName, staticListId, "
            "smartListName, smartListId"
        ),
    ),
    "filter empty": ({"filter": {}}, "The filter must be a JSON object with members"),
    "range too long": (
        {"filter": {"updatedAt": MONTH | {"endAt": "2026-02-20T00:00:01Z"}}},
        "The filter 'updatedAt' is longer than 31 days",
    ),
    "list id unknown": (
        {"filter": {"staticListId": 1}},
        "Invalid value '1' for filter 'staticListId': no such list",
    ),
}
ONE_PROGRAM = {"programId": 1001}
ONE_OF_TWO = "Exactly one of the filters programId and programIds is required"
INVALID_MEMBER_BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "fields absent": ({"fields": None}, "'fields' must be a list of field names"),
    "field unknown": ({"fields": ["leadId", "x"]}, "Invalid fields [x]"),
    "program absent": ({"filter": {"statusNames": ["Member"]}}, ONE_OF_TWO),
    "programs in two filters": ({"filter": ONE_PROGRAM | {"programIds": [1002]}}, ONE_OF_TWO),
    "program id is a text": (
        {"filter": {"programId": "1001"}},
        "'programId' must be a list of int values",
    ),
    "program ids are no list": (
        {"filter": {"programIds": 1001}},
        "'programIds' must be a list of int values",
    ),
    "program ids empty": (
        {"filter": {"programIds": []}},
        "'programIds' must be a list of int values",
    ),
    "too many programs": (
        {"filter": {"programIds": list(range(1001, 1012))}},
        "'programIds' must have at most 10 values",
    ),
    "program unknown": ({"filter": {"programIds": [1001, 7]}}, "Invalid program ids [7]"),
    "filter by list": (
        {"filter": {"staticListId": 2001}},
        "Unknown members of the filter: staticListId",
    ),
    "isExhausted no boolean": (
        {"filter": ONE_PROGRAM | {"isExhausted": 1}},
        "'isExhausted' must be true or false",
    ),
    "cadence unknown": (
        {"filter": ONE_PROGRAM | {"nurtureCadence": "pause"}},
        "'nurtureCadence' must be one of norm, paus",
    ),
    "status of another channel": (
        {"filter": ONE_PROGRAM | {"statusNames": ["Attended", "Member"]}},
        "Invalid statusNames ['Attended']",
    ),
    "range too long": (
        {"filter": ONE_PROGRAM | {"updatedAt": MONTH | {"endAt": "2026-02-20T00:00:01Z"}}},
        "The filter 'updatedAt' is longer than 31 days",
    ),
    "header of added column": (
        {"columnHeaderNames": {"programId": "x"}, "filter": {"programIds": [1001]}},
        "Unknown members of the columnHeaderNames: programId",
    ),
}
ORDER, MEMBERS = "customobjects/purchaseOrder_c", "program/members"
INVALID_BODIES = [
    (object_name, name, changes, message)
    for object_name, bodies in (
        ("leads", INVALID_LEAD_BODIES),
        ("activities", INVALID_ACTIVITY_BODIES),
        (ORDER, INVALID_ORDER_BODIES),
        (MEMBERS, INVALID_MEMBER_BODIES),
    )
    for name, (changes, message) in bodies.items()
]


# The codes of the errors whose code is not 1003.
CODES = {
    **dict.fromkeys(
        (
            *("fields absent", "fields empty", "filter empty", "range without end"),
            *("createdAt absent", "program absent"),
        ),
        "1002",
    ),
    **dict.fromkeys(
        (
            *("field not a text", "filter not an object", "header not a text"),
            *("type ids are texts", "type ids are booleans", "type ids empty"),
            *("program id is a text", "program ids are no list", "program ids empty"),
            "isExhausted no boolean",
        ),
        "1001",
    ),
    **dict.fromkeys(
        ("instant with milliseconds", "instant without time zone", "instant with invalid day"),
        "704",
    ),
}


@pytest.fixture(scope="module")
def client() -> Iterator[SandboxClient]:
    with (
        Sandbox(Options(rate_limit=1000, strict=True)) as sandbox,
        SandboxClient(sandbox) as client,
    ):
        yield client


@pytest.mark.parametrize(("object_name", "name", "changes", "message"), INVALID_BODIES)
def test_an_invalid_create_body_is_rejected(
    client: SandboxClient, object_name: str, name: str, changes: dict[str, Any], message: str
) -> None:
    error = client.api_error(client.create(object_name, **changes))
    assert error == (CODES.get(name, "1003"), message)


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
    assert client.create(filter=created(endAt=end)).json()["success"]


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
