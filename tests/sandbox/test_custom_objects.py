"""Custom objects: list, describe and bulk export, compared with the expected rows."""

from datetime import timedelta
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.edge_cases import EDGE_CASE_TEXTS
from tests.support.api_client import UPDATED, SandboxClient, export_file
from tests.support.export_reader import read_file, read_rows

from .conftest import StartSandbox

ORDER = "customobjects/purchaseOrder_c"
TICKET = "customobjects/SupportTicketV2"


def test_custom_objects_are_listed_without_fields(start: StartSandbox) -> None:
    _, client = start()
    objects = {one["name"]: one for one in client.get_result("/rest/v1/customobjects.json")}
    assert list(objects) == ["purchaseOrder_c", "SupportTicketV2", "venue_c", "sfdcContract_c"]
    assert objects["purchaseOrder_c"] == {
        "name": "purchaseOrder_c",
        "displayName": "Purchase Order",
        "description": "Purchase Order of the sandbox",
        "createdAt": "2025-03-01T12:00:00Z",
        "updatedAt": "2025-03-01T12:00:00Z",
        "idField": "marketoGUID",
        "dedupeFields": ["orderNumber"],
        "searchableFields": [["orderNumber"], ["marketoGUID"], ["leadID"]],
        "relationships": [
            {"field": "leadID", "type": "child", "relatedTo": {"name": "Lead", "field": "Id"}}
        ],
    }
    related = {name: one["relationships"][0]["relatedTo"]["name"] for name, one in objects.items()}
    assert related == dict.fromkeys(objects, "Lead") | {"venue_c": "purchaseOrder_c"}


def describe(client: SandboxClient, api_name: str) -> Any:  # noqa: ANN401 - JSON
    return client.get_result(f"/rest/v1/customobjects/{api_name}/describe.json")[0]


def test_describe_returns_the_fields_of_a_custom_object(start: StartSandbox) -> None:
    sandbox, client = start()
    order = describe(client, "purchaseOrder_c")
    types = {field["name"]: field["dataType"] for field in order["fields"]}
    assert types == sandbox.expected.custom_object_columns("purchaseOrder_c")
    assert set(types.values()) == {
        *("string", "String", "text", "textarea", "email", "phone", "url", "link"),
        *("date", "datetime", "boolean", "integer", "float", "currency", "percent", "score"),
    }
    assert order["fields"][1] == {
        "name": "marketoGUID",
        "displayName": "Marketo GUID",
        "dataType": "string",
        "length": 36,
        "updateable": False,
        "crmManaged": False,
    }
    assert "length" not in order["fields"][0]


def test_one_describe_response_has_object_in_place_of_related_to(start: StartSandbox) -> None:
    _, client = start()
    assert describe(client, "SupportTicketV2")["relationships"] == [
        {"field": "personId", "type": "child", "object": {"name": "Lead", "field": "Id"}}
    ]


def test_the_fields_of_an_object_from_a_crm_are_managed_by_it(start: StartSandbox) -> None:
    _, client = start()
    fields = describe(client, "sfdcContract_c")["fields"]
    assert [field["name"] for field in fields if field["crmManaged"]] == [
        *("contractId", "contactId", "value")
    ]


def test_describe_of_an_unknown_custom_object_gives_error_1013(start: StartSandbox) -> None:
    sandbox, client = start()
    response = client.get("/rest/v1/customobjects/nope_c/describe.json")
    assert client.api_error(response) == ("1013", "Object 'nope_c' not found")
    assert sandbox.calls[-1].object == "customobjects/nope_c"


@pytest.mark.parametrize("api_name", ["purchaseOrder_c", "SupportTicketV2"])
def test_a_file_contains_the_expected_records(
    start: StartSandbox, clock: SandboxClock, api_name: str
) -> None:
    sandbox, client = start(leads=2000)
    types = sandbox.expected.custom_object_columns(api_name)
    file = export_file(client, clock, f"customobjects/{api_name}", fields=list(types))
    at = sandbox.jobs[0].started_at
    expected = sandbox.expected.custom_objects(api_name, UPDATED, at=at)
    assert read_file(file, types) == list(expected.values())
    assert len(expected) > 100
    assert len(expected) == len({row["marketoGUID"] for row in read_file(file, types)})


def test_a_file_has_only_the_requested_columns(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start()
    file = export_file(client, clock, ORDER, fields=["orderNumber", "leadID"])
    assert next(read_rows(file.decode())) == ["orderNumber", "leadID"]


def test_records_are_linked_to_leads_and_contain_edge_cases(start: StartSandbox) -> None:
    sandbox, _ = start(leads=5000)
    records = sandbox.expected.custom_objects("purchaseOrder_c").values()
    assert {record["leadID"] for record in records} <= set(sandbox.expected.leads())
    texts = {record["salesRegion"] for record in records}
    assert {text.replace("\x00", "") for text in EDGE_CASE_TEXTS} <= texts
    assert None in texts
    assert len({record["orderNumber"] for record in records}) == len(records)


def test_a_change_of_a_record_is_selected_by_updated_at(clock: SandboxClock) -> None:
    sandbox = Sandbox(Options(leads=1000, late_seconds=0), clock=clock)
    before = sandbox.expected.custom_objects("purchaseOrder_c")
    clock.advance(86_400)
    after = sandbox.expected.custom_objects("purchaseOrder_c")
    changed = {guid for guid, record in after.items() if record != before.get(guid)}
    since = sandbox.created_at + timedelta(seconds=1)
    day = {"startAt": f"{since:%FT%TZ}", "endAt": f"{clock.now():%FT%TZ}"}
    assert set(sandbox.expected.custom_objects("purchaseOrder_c", {"updatedAt": day})) == changed
    assert set(after) - set(before)
    assert changed & set(before)
    fixed = ("marketoGUID", "createdAt", "leadID", "orderNumber")
    assert all(after[guid][name] == before[guid][name] for guid in before for name in fixed)


def test_some_changes_of_records_become_visible_late(clock: SandboxClock) -> None:
    sandbox = Sandbox(Options(leads=2000, late_seconds=7200), clock=clock)
    clock.advance(86_400)
    day = {"startAt": f"{sandbox.created_at:%FT%TZ}", "endAt": f"{clock.now():%FT%TZ}"}
    early = sandbox.expected.custom_objects("purchaseOrder_c", {"updatedAt": day})
    clock.advance(7200)
    late = sandbox.expected.custom_objects("purchaseOrder_c", {"updatedAt": day})
    assert any(record != early.get(guid) for guid, record in late.items())


def test_some_new_records_become_visible_late(clock: SandboxClock) -> None:
    sandbox = Sandbox(Options(leads=3000, history_days=30, late_seconds=86_400), clock=clock)
    early = sandbox.expected.custom_objects("purchaseOrder_c")
    clock.advance(86_400)
    late = sandbox.expected.custom_objects("purchaseOrder_c")
    created = {str(record["createdAt"]) for guid, record in late.items() if guid not in early}
    assert min(created) < f"{sandbox.created_at:%FT%TZ}" < max(created)


def test_without_object_changes_nothing_happens_after_the_start(clock: SandboxClock) -> None:
    sandbox = Sandbox(Options(leads=500, object_changes=False), clock=clock)
    before = sandbox.expected.custom_objects("purchaseOrder_c")
    earlier = sandbox.created_at - timedelta(days=30)
    clock.advance(30 * 86_400)
    assert sandbox.expected.custom_objects("purchaseOrder_c") == before
    assert sandbox.expected.custom_objects("purchaseOrder_c", at=earlier) != before


def test_records_are_removed_by_option(clock: SandboxClock) -> None:
    kept = Sandbox(Options(leads=500), clock=clock).expected.custom_objects("SupportTicketV2")
    sandbox = Sandbox(Options(leads=500, removals=True), clock=clock)
    rest = sandbox.expected.custom_objects("SupportTicketV2")
    assert set(rest) < set(kept)
    clock.advance(10 * 86_400)
    assert set(rest) - set(sandbox.expected.custom_objects("SupportTicketV2"))


def test_a_list_filter_selects_the_records_of_its_members(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start()
    static_list = {"staticListId": 2001}
    file = export_file(client, clock, TICKET, fields=["personId"], filter=static_list)
    people = {int(row[0]) for row in list(read_rows(file.decode()))[1:]}
    at = sandbox.jobs[0].started_at
    assert people <= set(sandbox.expected.leads(static_list, at=at))
    records = sandbox.expected.custom_objects("SupportTicketV2", at=at).values()
    assert 0 < len(people) < len({record["personId"] for record in records})


@pytest.mark.parametrize(
    ("api_name", "message"),
    [
        ("venue_c", "Custom object 'venue_c' is not linked to leads"),
        (
            "sfdcContract_c",
            "Custom object 'sfdcContract_c' is managed by a CRM and cannot be exported",
        ),
    ],
)
def test_an_object_that_bulk_extract_does_not_export_is_refused(
    start: StartSandbox, api_name: str, message: str
) -> None:
    _, client = start()
    error = client.api_error(client.create(f"customobjects/{api_name}"))
    assert error == ("1003", message)


def test_the_name_of_an_object_must_have_its_letter_case(start: StartSandbox) -> None:
    _, client = start()
    response = client.create("customobjects/PurchaseOrder_c")
    assert client.api_error(response) == ("1013", "Object 'PurchaseOrder_c' not found")


def test_jobs_of_two_custom_objects_are_listed_separately(start: StartSandbox) -> None:
    _, client = start()
    order, ticket = client.create_job(ORDER), client.create_job(TICKET)
    for object_name, job in ((ORDER, order), (TICKET, ticket)):
        (listed,) = client.get_result(f"/bulk/v1/{object_name}/export.json")
        assert listed["exportId"] == job.export_id
    assert order.cancel().json()["result"][0]["status"] == "Cancelled"
