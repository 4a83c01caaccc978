"""One stream per activity type: names, columns, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import CatalogError, InvalidValueError
from tap_marketo_bulk.sandbox import Options
from tests.support.clock import NOW
from tests.support.runs import edited, selecting, without_empty_column
from tests.support.typed_activities import streams_of, table, truth_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import Command
    from tests.support.runs import Run, Tap

# Jobs take no time, so that nothing changes between the horizon and the last export.
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


def read(tap: Tap, *streams: str, edits: tuple[Any, ...] = (), **config: object) -> Run:
    """Run the tap with these streams alone, their catalog edited."""
    catalog = selecting(tap.discover(), *streams)
    for stream, edit in edits:
        catalog = edited(catalog, stream, edit)
    return tap.run(catalog=catalog, config=EVERYTHING | config)


def declaring(**types: str) -> Any:  # noqa: ANN401 - an edit of a catalog
    """Declare columns to be of other types."""

    def edit(entry: dict[str, Any]) -> None:
        for name, kind in types.items():
            entry["schema"]["properties"][name] = {"type": [kind, "null"]}

    return edit


def without(*columns: str) -> Any:  # noqa: ANN401 - an edit of a catalog
    """Make it a catalog from before these columns were there."""

    def edit(entry: dict[str, Any]) -> None:
        for name in columns:
            del entry["schema"]["properties"][name]
        crumbs = [["properties", name] for name in columns]
        entry["metadata"] = [it for it in entry["metadata"] if it["breadcrumb"] not in crumbs]

    return edit


def deselecting(*columns: str) -> Any:  # noqa: ANN401 - an edit of a catalog
    """Deselect columns."""

    def edit(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] in [["properties", name] for name in columns]:
                item["metadata"]["selected"] = False

    return edit


def test_there_is_a_stream_for_each_type_but_deletions(tap: Tap, sandbox: Sandbox) -> None:
    streams = {entry["stream"] for entry in tap.discover()["streams"]}
    assert streams == {"activities", "deleted_leads", "leads", *streams_of(sandbox)}
    assert {"activities_fill_out_form", "activities_attended_webinar_100002"} < streams


def test_typed_streams_are_not_selected_by_default(tap: Tap, sandbox: Sandbox) -> None:
    made = tap.make()
    assert not [name for name in streams_of(sandbox) if made.streams[name].selected]
    assert made.streams["activities"].selected


def test_each_attribute_has_a_typed_column(tap: Tap) -> None:
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


def test_every_stream_holds_its_type_as_the_truth_says(tap: Tap, sandbox: Sandbox) -> None:
    streams = streams_of(sandbox)
    run = read(tap, "activities", *streams)
    activities = sandbox.expected.activities(at=NOW)
    assert run.error is None
    assert run.table("activities") == activities
    for name, kind in streams.items():
        assert table(name, run) == truth_of(kind, activities), name
        assert len(run.records(name)) == len(table(name, run))
        assert table(name, run), name
        assert run.schemas[name]["key_properties"] == ["marketoGUID"]


def test_what_is_not_in_the_description_is_kept(tap: Tap, sandbox: Sandbox) -> None:
    run = read(tap, *streams_of(sandbox))
    kept = [
        record["other_attributes"]
        for name in streams_of(sandbox)
        for record in run.records(name)
        if record["other_attributes"]
    ]
    assert any(note["Undocumented Note"] for note in kept if "Undocumented Note" in note)


@pytest.mark.parametrize("maps", [{}, {DEMO: {"price": "list_price"}}])
def test_the_way_past_the_sdk_writes_the_same(
    command: Command, tap: Tap, sandbox: Sandbox, maps: dict[str, object]
) -> None:
    streams = [DEMO, "activities_visit_webpage"]
    catalog = selecting(tap.discover(), *streams)
    settings = EVERYTHING | ({"stream_maps": maps} if maps else {})
    ended = command.run(*command.config(**settings), "--catalog", command.file(catalog))
    written = [it for it in ended.messages if it["type"] == "RECORD"]
    activities = sandbox.expected.activities(at=NOW)
    for name in streams:
        records = {
            it["record"]["marketoGUID"]: without_empty_column(it["record"])
            for it in written
            if it["stream"] == name
        }
        expected = truth_of(streams_of(sandbox)[name], activities)
        if name in maps:
            expected = {k: v | {"price": v["list_price"]} for k, v in expected.items()}
        assert records == expected


# Catalogs.


def test_a_new_attribute_is_kept_apart_until_the_catalog_has_it(tap: Tap, sandbox: Sandbox) -> None:
    run = read(tap, DEMO, edits=((DEMO, without("demo_date", "list_price")),))
    expected = truth_of(streams_of(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    assert table(DEMO, run).keys() == expected.keys()
    for key, record in table(DEMO, run).items():
        full = expected[key]
        later = {
            name.casefold(): value for name, value in (record["other_attributes"] or {}).items()
        }
        assert later.get("demo date") == full["demo_date"]
        assert later.get("list price") == full["list_price"]
        assert record["demo_date_2"] == full["demo_date_2"]


def test_an_attribute_that_is_gone_is_null(tap: Tap) -> None:
    def widen(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"]["of_old"] = {"type": ["string", "null"]}

    bookmark = {"replication_key": "activityDate", "replication_key_value": "2026-01-01T00:00:00Z"}
    catalog = edited(selecting(tap.discover(), DEMO), DEMO, widen)
    run = tap.run(catalog=catalog, config=EVERYTHING, state={"bookmarks": {DEMO: bookmark}})
    assert run.records(DEMO)
    assert {record["of_old"] for record in run.records(DEMO)} == {None}


def test_a_field_that_never_was_is_told(tap: Tap) -> None:
    run = read(tap, DEMO, edits=((DEMO, declaring(shoe_size="string")),))
    assert isinstance(run.error, CatalogError)
    assert "shoe_size of activities_product_demo" in str(run.error)


def test_a_stream_that_the_settings_leave_out_is_told(tap: Tap, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), DEMO)
    run = tap.run(catalog=catalog, config=EVERYTHING | {"activity_type_ids": [2]})
    assert isinstance(run.error, CatalogError)
    assert "activity_type_ids leaves out activities_product_demo" in str(run.error)
    assert sandbox.jobs == []


def test_columns_are_only_asked_for_where_somebody_wants_them(tap: Tap, sandbox: Sandbox) -> None:
    edit = deselecting(
        *("leadId", "campaignId", "primaryAttributeValueId", "primaryAttributeValue"),
        *("actionResult", "product", "demo_date_2", "other_attributes"),
    )
    run = read(tap, DEMO, edits=((DEMO, edit),))
    assert {tuple(job.request["fields"]) for job in sandbox.jobs} == {  # type: ignore[arg-type] # a list of texts
        ("marketoGUID", "activityDate", "activityTypeId", "attributes")
    }
    wanted = {"marketoGUID", "activityDate", "activityTypeId", "demo_date", "list_price"}
    assert {frozenset(record) for record in run.records(DEMO)} == {frozenset(wanted)}
    expected = truth_of(streams_of(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    for key, record in table(DEMO, run).items():
        assert record.items() <= expected[key].items()


def test_without_attributes_that_column_stays_away(tap: Tap, sandbox: Sandbox) -> None:
    edit = deselecting("demo_date", "demo_date_2", "list_price", "other_attributes")
    read(tap, DEMO, edits=((DEMO, edit),))
    assert all("attributes" not in job.request["fields"] for job in sandbox.jobs)  # type: ignore[operator] # a list


def test_columns_of_the_children_stay_out_of_activities(tap: Tap, sandbox: Sandbox) -> None:
    edits = (("activities", deselecting("attributes", "activityTypeId", "campaignId")),)
    run = read(tap, "activities", DEMO, edits=edits)
    lacking = {"attributes", "activityTypeId", "campaignId"}
    assert run.table("activities") == {
        key: {name: value for name, value in record.items() if name not in lacking}
        for key, record in sandbox.expected.activities(at=NOW).items()
    }
    expected = truth_of(streams_of(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    assert table(DEMO, run) == expected


@pytest.mark.parametrize(
    "edit",
    [
        declaring(attributes="string", activityTypeId="string", leadId="string"),
        without("attributes", "campaignId"),
    ],
    ids=["other types", "fewer columns"],
)
def test_the_catalog_of_activities_is_not_that_of_its_types(
    tap: Tap, sandbox: Sandbox, edit: Callable[[dict[str, Any]], None]
) -> None:
    run = read(tap, "activities", DEMO, edits=(("activities", edit),))
    expected = truth_of(streams_of(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    assert table(DEMO, run) == expected


def test_the_type_that_the_catalog_declares_counts(tap: Tap) -> None:
    edit = declaring(list_price="string", leadId="string")
    run = read(tap, DEMO, edits=((DEMO, edit),))
    assert {type(record["leadId"]) for record in run.records(DEMO)} == {str}
    assert {type(record["list_price"]) for record in run.records(DEMO)} == {str, type(None)}


def test_a_value_that_does_not_fit_is_an_error_that_names_it(tap: Tap) -> None:
    edits = ((DEMO, declaring(demo_date="integer")),)
    run = read(tap, DEMO, edits=edits, invalid_values="fail")
    assert isinstance(run.error, InvalidValueError)
    assert "activities_product_demo, line " in str(run.error)
    assert "field demo_date: '20" in str(run.error)


def test_a_value_that_does_not_fit_can_be_null(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    edits = ((DEMO, declaring(demo_date="integer")),)
    run = read(tap, DEMO, edits=edits, invalid_values="null")
    expected = truth_of(streams_of(sandbox)[DEMO], sandbox.expected.activities(at=NOW))
    records = table(DEMO, run)
    for key, record in expected.items():
        original = record["demo_date"] and {"demo_date": record["demo_date"]}
        assert records[key].pop("_invalid_values", None) == original
    assert records == {k: v | {"demo_date": None} for k, v in expected.items()}
    assert "values of demo_date do not fit their type and are null" in caplog.text


def test_a_connection_test_takes_a_record_and_goes_on(tap: Tap) -> None:
    assert tap.make(config=EVERYTHING).run_sync_dry_run()
