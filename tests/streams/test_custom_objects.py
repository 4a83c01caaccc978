"""The streams of custom objects: which there are, their columns, and what a second run reads."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import CatalogError, StreamsDeniedError, StreamsWithoutFilterError
from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS, READ_CUSTOM_OBJECT
from tap_marketo_bulk.streams.objects import names_by_stream
from tests.support.clock import NOW
from tests.support.data_sets import export_requests, loaded_rows
from tests.support.runs import edited, logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import RunResult, TapRunner

SMALL = Options(leads=60, activities=10, late_seconds=0, job_seconds=0, new_leads_per_hour=0)
ORDERS, TICKETS = "custom_purchase_order_c", "custom_support_ticket_v2"
API_NAMES = {ORDERS: "purchaseOrder_c", TICKETS: "SupportTicketV2"}
# All records, up to now.
EVERYTHING = {"start_date": "2025-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
DAY = 86_400


@pytest.fixture
def options() -> Options:
    """A small subscription in which nothing is delayed; parametrize ``options`` for others."""
    return SMALL


def read(tap: TapRunner, *streams: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    catalog = options.pop("catalog", None) or tap.discover()
    return tap.run(catalog=selecting(catalog, *streams), config=EVERYTHING, **options)


def test_the_streams_are_the_objects_that_bulk_extract_exports(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    entries = {entry["stream"]: entry for entry in tap.discover()["streams"]}
    assert {name for name in entries if name.startswith("custom_")} == set(API_NAMES)
    for stream, api_name in API_NAMES.items():
        columns = entries[stream]["schema"]["properties"]
        assert set(columns) == {
            *sandbox.expected.custom_object_columns(api_name),
            "_invalid_values",
        }
        root = next(it["metadata"] for it in entries[stream]["metadata"] if not it["breadcrumb"])
        assert root["selected-by-default"] is False
        assert root["table-key-properties"] == ["marketoGUID"]
        assert root["valid-replication-keys"] == ["updatedAt"]
    assert "venue_c is not offered as a stream" in caplog.text
    assert "since it is not linked to leads" in caplog.text
    assert "since it comes from a CRM" in caplog.text


def test_a_run_loads_all_records_and_the_next_one_loads_the_changes(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap, *API_NAMES)
    assert first.error is None
    for stream, api_name in API_NAMES.items():
        expected = sandbox.expected.custom_objects(api_name, at=NOW)
        assert len(expected) > 20
        assert loaded_rows([first], stream) == expected
    sandbox_clock.advance(20 * DAY)
    second = read(tap, *API_NAMES, state=first.state)
    for stream, api_name in API_NAMES.items():
        # Jobs read the data as it is when they run, a moment after the horizon.
        expected = sandbox.expected.custom_objects(api_name)
        assert loaded_rows([first, second], stream) == expected
        assert second.records(stream)
        assert {str(record["updatedAt"])[:7] for record in second.records(stream)} == {"2026-03"}
    assert len(export_requests(sandbox, "customobjects/purchaseOrder_c")) == 14 + 1


def test_only_selected_fields_are_exported_with_key_and_replication_key(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    def deselect(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"][-1:] not in ([], ["amount"]):
                item["metadata"]["selected"] = False

    run = read(tap, ORDERS, catalog=edited(tap.discover(), ORDERS, deselect))
    requests = export_requests(sandbox, "customobjects/purchaseOrder_c")
    assert {tuple(sorted(each["fields"])) for each in requests} == {
        ("amount", "marketoGUID", "updatedAt")
    }
    assert {tuple(record) for record in run.records(ORDERS)} >= {
        ("marketoGUID", "updatedAt", "amount")
    }


def test_a_removed_field_is_null_from_the_second_run_on(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def add(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"]["removedField"] = {"type": ["string", "null"]}

    catalog = edited(tap.discover(), ORDERS, add)
    assert isinstance(read_error(tap, catalog), CatalogError)
    state = {"bookmarks": {ORDERS: {"sweep_began": "2025-01-01T00:00:00Z"}}}
    run = read(tap, ORDERS, catalog=catalog, state=state)
    assert run.error is None
    assert {record["removedField"] for record in run.records(ORDERS)} == {None}
    assert len(run.records(ORDERS)) == len(sandbox.expected.custom_objects("purchaseOrder_c"))
    assert len(logged_warnings(caplog, "removedField")) == 1


def read_error(tap: TapRunner, catalog: Any) -> BaseException | None:  # noqa: ANN401 - a catalog
    return tap.run_with_discovery(catalog=selecting(catalog, ORDERS), config=EVERYTHING).error


@pytest.mark.parametrize("options", [replace(SMALL, custom_object_updated_at_filter=False)])
def test_without_the_filter_the_stream_is_left_out_and_all_others_are_read(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = read(tap, ORDERS, "leads")
    assert type(run.error) is StreamsWithoutFilterError
    assert run.error.streams == (ORDERS,)
    assert "Ask Marketo Support to enable this filter" in str(run.error)
    assert run.table("leads").keys() == sandbox.expected.leads(at=NOW).keys()


@pytest.mark.parametrize(
    "options", [replace(SMALL, permissions=ALL_PERMISSIONS - {READ_CUSTOM_OBJECT})]
)
def test_without_the_permission_no_custom_object_is_offered(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    names = {entry["stream"] for entry in tap.discover()["streams"]}
    assert not [name for name in names if name.startswith("custom_")]
    assert "custom_*: not offered, since the API user lacks the permission Read-Only" in caplog.text


def test_a_denied_description_leaves_custom_objects_out_of_discovery(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    call = "describe_custom_object"
    sandbox.faults.append(Fault("envelope", call=call, code="603", message="No", times=None))
    names = {entry["stream"] for entry in tap.discover()["streams"]}
    assert not [name for name in names if name.startswith("custom_")]
    assert "custom_*: not offered" in caplog.text


@pytest.mark.parametrize("call", ["custom_objects", "create"])
def test_when_the_permission_is_taken_away_the_other_streams_are_read(
    tap: TapRunner, sandbox: Sandbox, call: str
) -> None:
    catalog = tap.discover()
    sandbox.faults.append(
        Fault(
            "envelope",
            call=call,
            object="customobjects/purchaseOrder_c" if call == "create" else None,
            code="603",
            message="Access denied",
            times=None,
        )
    )
    run = read(tap, ORDERS, "leads", catalog=catalog)
    assert type(run.error) is StreamsDeniedError
    assert f"{ORDERS} (603 Access denied, needs the permission Read-Only Custom Object)" in str(
        run.error
    )
    assert run.table("leads").keys() == sandbox.expected.leads(at=NOW).keys()
    assert run.bookmark(ORDERS) == {}


@pytest.mark.parametrize("result", [[{"name": "purchaseOrder_c", "relationships": [{}]}], []])
def test_an_object_whose_description_cannot_be_read_does_not_end_discovery(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, result: list[Any]
) -> None:
    caplog.set_level("INFO")
    body = json.dumps({"success": True, "result": result})
    call = "describe_custom_object"
    sandbox.faults.append(Fault("http", call=call, status=200, body=body, times=None))
    names = {entry["stream"] for entry in tap.discover()["streams"]}
    assert "leads" in names
    assert not [name for name in names if name.startswith("custom_")]
    assert "its description cannot be read" in caplog.text


def test_a_selected_stream_that_may_be_either_of_two_objects_is_an_error(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = tap.discover()
    entries = [{"name": name} for name in ("purchaseOrder_c", "Purchase_Order_c")]
    body = json.dumps({"success": True, "result": entries})
    sandbox.faults.append(Fault("http", call="custom_objects", status=200, body=body, times=None))
    run = tap.run_with_discovery(catalog=selecting(catalog, ORDERS), config=EVERYTHING)
    assert isinstance(run.error, CatalogError)
    assert "Purchase_Order_c and purchaseOrder_c have the same name" in str(run.error)


def test_names_that_differ_in_letter_case_only_get_a_number() -> None:
    assert names_by_stream(["order_c", "Order_c", "order2_c"]) == {
        "custom_order_c": "Order_c",
        "custom_order2_c": "order2_c",
        "custom_order_c_2": "order_c",
    }
