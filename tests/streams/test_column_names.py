"""The setting column_names: columns in snake_case, in every kind of stream."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import CatalogError, StateError
from tap_marketo_bulk.plan.state_format import StreamState
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


def digest(name: str) -> str:
    """Return the suffix of a column whose name in snake_case is not its own."""
    return sha256(name.encode()).hexdigest()[:6]


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
    fields = [
        *("createdAt", "created_at", "Lead_Source", "leadSource", "Custom_Field__c", "id"),
        *("_invalid_values", f"leadSource_{digest('leadSource')}"),
    ]
    names = snake_case_names(fields, always={"createdAt"})
    assert names.by_field == {
        "createdAt": "created_at",
        "created_at": f"created_at_{digest('created_at')}",
        "Lead_Source": f"lead_source_{digest('Lead_Source')}",
        "leadSource": f"lead_source_{digest('leadSource')}",
        "Custom_Field__c": "custom_field_c",
        "id": "id",
        "_invalid_values": "_invalid_values",
        fields[-1]: f"lead_source_{digest('leadSource')}_{digest(fields[-1])}",
    }
    assert names.field_of(f"lead_source_{digest('Lead_Source')}") == "Lead_Source"
    assert ColumnNames().column_of("createdAt") == "createdAt"


@given(st.lists(st.sampled_from(["a_b", "aB", "A_b", "a b", "ab", "AB"]), unique=True))
def test_no_column_depends_on_the_order_of_fields(fields: list[str]) -> None:
    names = snake_case_names(fields).by_field
    assert snake_case_names(sorted(fields)).by_field == names
    assert len(set(names.values())) == len(fields)


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


SOURCES = {name: f"lead_source_{digest(name)}" for name in ("leadSource", "Lead_Source")}


@pytest.mark.parametrize(
    "options",
    [
        Options(leads=20, activities=9, extra_fields=((name, "string"),))
        for name in ("Lead_Source", "Created_At")
    ],
    ids=["custom field", "field of every subscription"],
)
def test_values_of_fields_with_the_same_name_are_in_columns_of_their_own(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = read(tap, "leads")
    assert run.error is None
    expected = {row["id"]: row for row in sandbox.expected.leads(at=NOW).values()}
    names = {"createdAt": "created_at", "Created_At": f"created_at_{digest('Created_At')}"}
    if "Lead_Source" in next(iter(expected.values())):
        names = SOURCES
        assert "lead_source" not in run.records("leads")[0]
    for record in run.records("leads"):
        for name, column in names.items():
            assert record[column] == expected[record["id"]][name]


@pytest.mark.parametrize("appears", [True, False])
@pytest.mark.parametrize("options", [Options(leads=20, activities=9, new_leads_per_hour=0)])
def test_a_field_is_not_loaded_into_another_column_than_before_until_that_is_filled(
    tap: TapRunner, sandbox: Sandbox, *, appears: bool
) -> None:
    if not appears:
        sandbox.add_field("Lead_Source")
    first = read(tap, "leads")
    if appears:
        sandbox.add_field("Lead_Source")
    else:
        sandbox.remove_field("Lead_Source")
    columns = ("lead_source", SOURCES["leadSource"])
    then, now = columns if appears else reversed(columns)
    jobs = len(sandbox.jobs)
    refused = read(tap, "leads", state=first.state)
    assert isinstance(refused.error, CatalogError)
    assert f"leadSource of leads was loaded into the column {then} so far" in str(refused.error)
    assert f"its column is {now} now" in str(refused.error)
    assert len(sandbox.jobs) == jobs

    def select_only(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"]:
                item["metadata"]["selected"] = item["breadcrumb"][1] in ("id", "updated_at", now)

    catalog = edited(selecting(tap.discover(), "leads"), "leads", select_only)
    method = "FULL_TABLE"
    full = with_metadata(
        catalog, "leads", replication_method=method, forced_replication_method=method
    )
    filled = tap.run(catalog=full, state=first.state)
    assert {name for record in filled.records("leads") for name in record} == {
        *("id", "created_at", "updated_at", now)
    }
    later = read(tap, "leads", state=filled.state)
    last = read(tap, "leads", state=later.state)
    assert {filled.error, later.error, last.error} == {None}


@pytest.mark.parametrize("options", [Options(leads=20, activities=9)])
def test_a_catalog_whose_column_is_now_another_field_s_is_refused(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    def retitle(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"]["lead_source"]["title"] = "Lead_Source"

    tap.config = CONFIG
    catalog = edited(tap.discover(), "leads", retitle)
    run = tap.run_with_discovery(catalog=selecting(catalog, "leads"))
    assert isinstance(run.error, CatalogError)
    assert "catalog's column lead_source of leads is the field Lead_Source" in str(run.error)
    assert "lead_source is now the column of leadSource" in str(run.error)
    assert "Rename lead_source in the warehouse" in str(run.error)
    assert sandbox.jobs == []


def test_another_replication_key_is_no_other_naming() -> None:
    columns = ("updatedAt", "createdAt")
    check_bookmark_column("leads", StreamState(replication_key="createdAt"), columns)
    with pytest.raises(StateError, match="created_at, which is createdAt by the setting"):
        check_bookmark_column("leads", StreamState(replication_key="created_at"), columns)
