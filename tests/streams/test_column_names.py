"""The setting column_names: columns in snake_case, in every kind of stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import CatalogError, StateError
from tap_marketo_bulk.plan.ledger import StreamState
from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.streams.catalog import ColumnNames, check_bookmark_column, snake_case_names
from tests.support.clock import NOW
from tests.support.data_sets import export_requests
from tests.support.runs import SimulatedCrashError, edited, selecting, with_metadata

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import RunResult, TapRunner

CONFIG: dict[str, Any] = {
    "column_names": "snake_case",
    "start_date": "2025-01-01",
    "lag_minutes": 0,
    "poll_seconds": 0.001,
    "list_ids": [2001],
}
KEYS = {"leads": ("id",), "program_members": ("lead_id", "program_id")}
ORDERS = "custom_purchase_order_c"
DAY = 86_400


@pytest.fixture
def options() -> Options:
    """A small subscription in which nothing is delayed."""
    return Options(
        leads=50,
        activities=200,
        late_seconds=0,
        job_seconds=0,
        extra_fields=(("LeadID", "string"),),
    )


def read(tap: TapRunner, *streams: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    config = CONFIG | options.pop("config", {})
    tap.config = config
    catalog = options.pop("catalog", None) or tap.discover()
    return tap.run(catalog=selecting(catalog, *streams), **options)


def renamed(rows: dict[Any, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the names of columns in snake_case."""
    names = snake_case_names(next(iter(rows.values())))
    return [{names.column_of(name): value for name, value in row.items()} for row in rows.values()]


def by_key(stream: str, rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Return rows by the key of a stream."""
    columns = KEYS.get(stream, ("marketo_guid",))
    return {tuple(row[name] for name in columns): row for row in rows}


def test_names_are_in_snake_case_and_each_column_has_a_name_of_its_own() -> None:
    names = snake_case_names(
        ["createdAt", "Custom_Field__c", "created_at", "id", "_invalid_values"]
    )
    assert names.by_field == {
        "createdAt": "created_at",
        "Custom_Field__c": "custom_field_c",
        "created_at": "created_at_2",
        "id": "id",
        "_invalid_values": "_invalid_values",
    }
    assert names.field_of("created_at_2") == "created_at"
    assert ColumnNames().column_of("createdAt") == "createdAt"


def test_every_column_is_in_snake_case_and_its_title_is_the_name_of_the_field(
    tap: TapRunner,
) -> None:
    tap.config = CONFIG
    entries = {entry["stream"]: entry for entry in tap.discover()["streams"]}
    for entry in entries.values():
        columns = entry["schema"]["properties"]
        assert [name for name in columns if name != name.lower()] == []
        keys = [*entry["key_properties"], *filter(None, [entry.get("replication_key")])]
        assert set(keys) <= set(columns)
    leads = entries["leads"]["schema"]["properties"]
    assert leads["updated_at"]["title"] == "updatedAt"
    assert entries["leads"]["replication_key"] == "updated_at"
    assert entries["program_members"]["key_properties"] == ["lead_id", "program_id"]
    assert entries["tags"]["key_properties"] == ["tag_type"]


def test_records_are_the_expected_rows_with_other_names(tap: TapRunner, sandbox: Sandbox) -> None:
    streams = ("leads", "activities", "program_members", ORDERS, "list_members", "deleted_leads")
    run = read(tap, *streams, "programs")
    assert run.error is None
    expected: dict[str, dict[Any, dict[str, Any]]] = {
        "leads": sandbox.expected.leads(at=NOW),
        "activities": sandbox.expected.activities(at=NOW),
        "program_members": sandbox.expected.program_members(at=NOW),
        ORDERS: sandbox.expected.custom_objects("purchaseOrder_c", at=NOW),
    }
    for stream, rows in expected.items():
        assert by_key(stream, run.records(stream)) == by_key(stream, renamed(rows))
    assert {"list_id", "lead_id"} == set(run.records("list_members")[0])
    assert {"created_at", "head_start", "other"} <= set(run.records("programs")[0])
    assert "marketo_guid" in run.schemas["deleted_leads"]["schema"]["properties"]
    # Marketo is asked by its own names.
    filters = [request["filter"] for request in export_requests(sandbox, "leads")]
    assert {name for each in filters for name in each} == {"updatedAt", "staticListId"}


def test_typed_streams_have_the_same_attribute_columns_and_other_common_ones(
    tap: TapRunner,
) -> None:
    stream = "activities_product_demo"
    usual = read(tap, stream, config={"column_names": "marketo"}).records(stream)
    other = read(tap, stream).records(stream)
    names = snake_case_names(usual[0])
    assert usual
    assert other == [{names.column_of(name): value for name, value in row.items()} for row in usual]


def test_bookmarks_have_the_new_names_and_a_stopped_run_is_completed(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap, "leads", "activities", stop_after=40)
    assert isinstance(first.error, SimulatedCrashError)
    second = read(tap, "leads", "activities", state=first.state)
    assert second.error is None
    assert second.bookmark("leads")["replication_key"] == "updated_at"
    assert second.bookmark("activities")["replication_key"] == "activity_date"
    jobs = [str(job.request) for job in sandbox.jobs if job.status == "Completed"]
    assert len(jobs) == len(set(jobs))
    sandbox_clock.advance(DAY)
    third = read(tap, "leads", state=second.state)
    assert third.error is None
    records = [each for run in (first, second, third) for each in run.records("leads")]
    loaded, expected = by_key("leads", records), by_key("leads", renamed(sandbox.expected.leads()))
    # A lead that was deleted since stays in the table.
    assert {key: row for key, row in loaded.items() if key in expected} == expected


def test_a_replication_key_of_the_catalog_is_a_column(tap: TapRunner, sandbox: Sandbox) -> None:
    tap.config = CONFIG
    catalog = with_metadata(tap.discover(), "leads", replication_key="created_at")
    run = read(tap, "leads", catalog=catalog)
    assert run.error is None
    filters = [request["filter"] for request in export_requests(sandbox, "leads")]
    assert {name for each in filters for name in each} == {"createdAt"}


@pytest.mark.parametrize("options", [Options(leads=20, activities=9, updated_at_filter=False)])
def test_without_the_updated_at_filter_the_bookmark_has_the_new_name(tap: TapRunner) -> None:
    run = read(tap, "leads")
    assert run.error is None
    assert run.bookmark("leads")["replication_key"] == "updated_at"
    assert read(tap, "leads", state=run.state).error is None


def test_invalid_values_have_the_names_of_columns(tap: TapRunner) -> None:
    def declare(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"]["first_name"]["type"] = ["integer", "null"]

    tap.config = CONFIG
    run = read(tap, "leads", catalog=edited(tap.discover(), "leads", declare))
    assert any("first_name" in (row.get("_invalid_values") or {}) for row in run.records("leads"))


@pytest.mark.parametrize("stream", ["leads", "programs"])
def test_a_state_with_the_other_names_is_refused(tap: TapRunner, stream: str) -> None:
    first = read(tap, stream, config={"column_names": "marketo"})
    assert first.error is None
    second = read(tap, stream, state=first.state)
    assert isinstance(second.error, StateError)
    assert second.messages == []
    assert f"the bookmark of {stream} is about the column updatedAt, which is updated_at" in str(
        second.error
    )


@pytest.mark.parametrize("naming", ["marketo", "snake_case"])
@pytest.mark.parametrize("stream", ["leads", "program_members", "tags", "activities_product_demo"])
def test_a_catalog_with_the_other_names_is_refused(
    tap: TapRunner, sandbox: Sandbox, stream: str, naming: str
) -> None:
    tap.config = CONFIG | {"column_names": naming}
    catalog = tap.discover()
    other = "snake_case" if naming == "marketo" else "marketo"
    tap.config = CONFIG | {"column_names": other}
    state = {"bookmarks": {stream: {"sweep_began": "2026-01-01T00:00:00Z"}}}
    run = tap.run_with_discovery(catalog=selecting(catalog, stream), state=state)
    assert isinstance(run.error, CatalogError)
    assert "discovered with another setting of column_names" in str(run.error)
    assert sandbox.jobs == []


def test_another_replication_key_is_no_other_naming() -> None:
    state = StreamState(replication_key="createdAt")
    check_bookmark_column("leads", state, ("updatedAt", "createdAt"))
