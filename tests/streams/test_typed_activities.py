"""Typed activity streams, one for each activity type: names, columns, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import CatalogError, InvalidValueError
from tap_marketo_bulk.sandbox import Options
from tests.support.clock import NOW
from tests.support.runs import edited, selecting, without_empty_column
from tests.support.typed_activities import expected_records, table, types_by_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand
    from tests.support.runs import RunResult, TapRunner

# Jobs take no time, so that no row changes between the horizon and the last export.
pytestmark = pytest.mark.parametrize(
    "options", [Options(leads=50, activities=900, late_seconds=0, job_seconds=0)]
)
EVERYTHING = {"start_date": "2025-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
DEMO = "activities_product_demo"


def schema_of(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    """The properties of a stream in a catalog."""
    entry = next(entry for entry in catalog["streams"] if entry["stream"] == stream)
    properties: dict[str, Any] = entry["schema"]["properties"]
    return properties


def read(tap: TapRunner, *streams: str, edits: tuple[Any, ...] = (), **config: object) -> RunResult:
    """Run the tap with these streams only, and with edits of their catalog entries."""
    catalog = selecting(tap.discover(), *streams)
    for stream, edit in edits:
        catalog = edited(catalog, stream, edit)
    return tap.run(catalog=catalog, config=EVERYTHING | config)


def declaring(**types: str) -> Any:  # noqa: ANN401 - an edit of a catalog
    """Return an edit that gives columns other types."""

    def edit(entry: dict[str, Any]) -> None:
        for name, json_type in types.items():
            entry["schema"]["properties"][name] = {"type": [json_type, "null"]}

    return edit


def without(*columns: str) -> Any:  # noqa: ANN401 - an edit of a catalog
    """Return an edit that removes columns, as in a catalog from before they existed."""

    def edit(entry: dict[str, Any]) -> None:
        for name in columns:
            del entry["schema"]["properties"][name]
        crumbs = [["properties", name] for name in columns]
        entry["metadata"] = [it for it in entry["metadata"] if it["breadcrumb"] not in crumbs]

    return edit


def deselecting(*columns: str) -> Any:  # noqa: ANN401 - an edit of a catalog
    """Return an edit that deselects columns."""

    def edit(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] in [["properties", name] for name in columns]:
                item["metadata"]["selected"] = False

    return edit


def test_each_activity_type_except_for_deletions_has_a_stream(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    streams = {entry["stream"] for entry in tap.discover()["streams"]}
    typed = {name for name in streams if name.startswith("activities_")}
    assert typed == set(types_by_stream(sandbox))
    assert {"activities_fill_out_form", "activities_attended_webinar_100002"} < streams


def test_typed_streams_are_not_selected_by_default(tap: TapRunner, sandbox: Sandbox) -> None:
    prepared = tap.make_tap()
    assert not [name for name in types_by_stream(sandbox) if prepared.streams[name].selected]
    assert prepared.streams["activities"].selected


def test_each_attribute_has_a_typed_column(tap: TapRunner) -> None:
    properties = schema_of(tap.discover(), DEMO)
    assert {name: (each["type"][0], each.get("format")) for name, each in properties.items()} == {
        "marketoGUID": ("string", None),
        "leadId": ("integer", None),
        "activityDate": ("string", "date-time"),
        "activityTypeId": ("integer", None),
        "campaignId": ("integer", None),
        "primaryAttributeValueId": ("integer", None),
        "primaryAttributeValue": ("string", None),
        "actionResult": ("string", None),
        "product": ("string", None),
        "demo_date": ("string", "date"),
        "demo_date_2": ("string", "date-time"),
        "list_price": ("number", None),
        "other_attributes": ("object", None),
        "_invalid_values": ("object", None),
    }
    assert properties["demo_date_2"]["title"] == "Demo-Date"


def test_each_typed_stream_emits_the_expected_records_once(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    streams = types_by_stream(sandbox)
    run = read(tap, "activities", *streams)
    activities = sandbox.expected.activities(at=NOW)
    assert run.error is None
    assert run.table("activities") == activities
    for name, activity_type in streams.items():
        assert table(name, run) == expected_records(activity_type, activities), name
        assert len(run.records(name)) == len(table(name, run))
        assert table(name, run), name
        assert run.schemas[name]["key_properties"] == ["marketoGUID"]


def test_attributes_that_get_activity_types_does_not_list_are_kept(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = read(tap, *types_by_stream(sandbox))
    kept = [
        record["other_attributes"]
        for name in types_by_stream(sandbox)
        for record in run.records(name)
        if record["other_attributes"]
    ]
    assert any(note["Undocumented Note"] for note in kept if "Undocumented Note" in note)


@pytest.mark.parametrize("maps", [{}, {DEMO: {"price": "list_price"}}])
def test_the_fast_path_and_stream_maps_write_the_expected_records(
    command: TapCommand, tap: TapRunner, sandbox: Sandbox, maps: dict[str, object]
) -> None:
    streams = [DEMO, "activities_visit_webpage"]
    catalog = selecting(tap.discover(), *streams)
    settings = EVERYTHING | ({"stream_maps": maps} if maps else {})
    result = command.run(*command.config(**settings), "--catalog", command.write_file(catalog))
    written = [it for it in result.messages if it["type"] == "RECORD"]
    activities = sandbox.expected.activities(at=NOW)
    for name in streams:
        records = {
            it["record"]["marketoGUID"]: without_empty_column(it["record"])
            for it in written
            if it["stream"] == name
        }
        expected = expected_records(types_by_stream(sandbox)[name], activities)
        if name in maps:
            expected = {k: v | {"price": v["list_price"]} for k, v in expected.items()}
        assert records == expected


# Catalogs.


def test_an_attribute_without_a_column_in_the_catalog_is_in_other_attributes(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = read(tap, DEMO, edits=((DEMO, without("demo_date", "list_price")),))
    expected = expected_records(types_by_stream(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    assert table(DEMO, run).keys() == expected.keys()
    for key, record in table(DEMO, run).items():
        expected_values = expected[key]
        others = {
            name.casefold(): value for name, value in (record["other_attributes"] or {}).items()
        }
        assert others.get("demo date") == expected_values["demo_date"]
        assert others.get("list price") == expected_values["list_price"]
        assert record["demo_date_2"] == expected_values["demo_date_2"]


def test_a_column_of_a_removed_attribute_is_null(tap: TapRunner) -> None:
    def add_column(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"]["removed"] = {"type": ["string", "null"]}

    bookmark = {"replication_key": "activityDate", "replication_key_value": "2026-01-01T00:00:00Z"}
    catalog = edited(selecting(tap.discover(), DEMO), DEMO, add_column)
    run = tap.run(catalog=catalog, config=EVERYTHING, state={"bookmarks": {DEMO: bookmark}})
    assert run.records(DEMO)
    assert {record["removed"] for record in run.records(DEMO)} == {None}


def test_a_selected_column_that_never_existed_is_an_error(tap: TapRunner) -> None:
    run = read(tap, DEMO, edits=((DEMO, declaring(shoe_size="string")),))
    assert isinstance(run.error, CatalogError)
    assert "shoe_size of activities_product_demo" in str(run.error)


def test_a_selected_stream_that_activity_type_ids_leaves_out_is_an_error(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), DEMO)
    run = tap.run(catalog=catalog, config=EVERYTHING | {"activity_type_ids": [2]})
    assert isinstance(run.error, CatalogError)
    assert "activity_type_ids leaves out activities_product_demo" in str(run.error)
    assert sandbox.jobs == []


def test_only_the_columns_that_a_selected_stream_needs_are_exported(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    edit = deselecting(
        *("leadId", "campaignId", "primaryAttributeValueId", "primaryAttributeValue"),
        *("actionResult", "product", "demo_date_2", "other_attributes"),
    )
    run = read(tap, DEMO, edits=((DEMO, edit),))
    assert {tuple(job.request["fields"]) for job in sandbox.jobs} == {  # type: ignore[arg-type] # a list of texts
        ("marketoGUID", "activityDate", "activityTypeId", "attributes")
    }
    selected = {"marketoGUID", "activityDate", "activityTypeId", "demo_date", "list_price"}
    assert {frozenset(record) for record in run.records(DEMO)} == {frozenset(selected)}
    expected = expected_records(types_by_stream(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    for key, record in table(DEMO, run).items():
        assert record.items() <= expected[key].items()


def test_attributes_are_not_exported_if_no_selected_column_needs_them(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    edit = deselecting("demo_date", "demo_date_2", "list_price", "other_attributes")
    read(tap, DEMO, edits=((DEMO, edit),))
    assert all("attributes" not in job.request["fields"] for job in sandbox.jobs)  # type: ignore[operator] # a list


def test_activities_has_no_columns_that_only_typed_streams_select(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    edits = (("activities", deselecting("attributes", "activityTypeId", "campaignId")),)
    run = read(tap, "activities", DEMO, edits=edits)
    deselected = {"attributes", "activityTypeId", "campaignId"}
    assert run.table("activities") == {
        key: {name: value for name, value in record.items() if name not in deselected}
        for key, record in sandbox.expected.activities(at=NOW).items()
    }
    expected = expected_records(types_by_stream(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    assert table(DEMO, run) == expected


@pytest.mark.parametrize(
    "edit",
    [
        declaring(attributes="string", activityTypeId="string", leadId="string"),
        without("attributes", "campaignId"),
    ],
    ids=["other types", "fewer columns"],
)
def test_the_catalog_entry_of_activities_does_not_change_typed_streams(
    tap: TapRunner, sandbox: Sandbox, edit: Callable[[dict[str, Any]], None]
) -> None:
    run = read(tap, "activities", DEMO, edits=(("activities", edit),))
    expected = expected_records(types_by_stream(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    assert table(DEMO, run) == expected


def test_values_have_the_types_that_the_catalog_declares(tap: TapRunner) -> None:
    edit = declaring(list_price="string", leadId="string")
    run = read(tap, DEMO, edits=((DEMO, edit),))
    assert {type(record["leadId"]) for record in run.records(DEMO)} == {str}
    assert {type(record["list_price"]) for record in run.records(DEMO)} == {str, type(None)}


def test_a_value_that_does_not_fit_is_an_error_that_names_it(tap: TapRunner) -> None:
    edits = ((DEMO, declaring(demo_date="integer")),)
    run = read(tap, DEMO, edits=edits, invalid_values="fail")
    assert isinstance(run.error, InvalidValueError)
    assert "activities_product_demo, line " in str(run.error)
    assert "field demo_date: '20" in str(run.error)


def test_a_value_that_does_not_fit_can_be_null(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    edits = ((DEMO, declaring(demo_date="integer")),)
    run = read(tap, DEMO, edits=edits, invalid_values="null")
    expected = expected_records(types_by_stream(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    records = table(DEMO, run)
    for key, record in expected.items():
        original = record["demo_date"] and {"demo_date": record["demo_date"]}
        assert records[key].pop("_invalid_values", None) == original
    assert records == {k: v | {"demo_date": None} for k, v in expected.items()}
    assert "values of demo_date do not fit their type and are null" in caplog.text


def test_a_connection_test_succeeds(tap: TapRunner) -> None:
    assert tap.make_tap(config=EVERYTHING).run_sync_dry_run()
