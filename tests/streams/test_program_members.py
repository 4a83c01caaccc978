"""The stream of program members: its jobs, its columns, and what a second run reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import CatalogError, StreamsDeniedError
from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS, READ_ASSETS
from tests.support.clock import NOW
from tests.support.data_sets import export_requests, loaded_rows
from tests.support.runs import logged_warnings, selecting, with_metadata

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import RunResult, TapRunner

MEMBERS, OBJECT = "program_members", "program/members"
# Activities name the first three programs.
SMALL = Options(
    leads=60, activities=600, programs=35, late_seconds=0, job_seconds=0, new_leads_per_hour=0
)
# All members, up to now.
EVERYTHING: dict[str, Any] = {"start_date": "2025-01-01", "lag_minutes": 0, "poll_seconds": 0.001}
THREE_WINDOWS = EVERYTHING | {"start_date": "2025-12-15"}
DAY = 86_400


@pytest.fixture
def options() -> Options:
    """A small subscription in which nothing is delayed; parametrize ``options`` for others."""
    return SMALL


def read(tap: TapRunner, *streams: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    config = EVERYTHING | options.pop("config", {})
    catalog = options.pop("catalog", None) or tap.discover()
    return tap.run(catalog=selecting(catalog, MEMBERS, *streams), config=config, **options)


def members(sandbox: Sandbox, **filters: Any) -> dict[Any, Any]:  # noqa: ANN401 - values of filters
    """The expected members of all programs, as a filter of Marketo selects them."""
    return {
        key: member
        for program_id in program_ids(sandbox)
        for key, member in sandbox.expected.program_members(
            {"programId": program_id, **filters}
        ).items()
    }


def program_ids(sandbox: Sandbox) -> list[int]:
    """The ids of all programs."""
    return sorted(int(each) for each in sandbox.expected.programs())


def requested_programs(sandbox: Sandbox) -> list[int]:
    """The programs of all requests, in order."""
    requests = export_requests(sandbox, OBJECT)
    return [each for request in requests for each in request["filter"]["programIds"]]


def test_the_stream_has_the_described_columns_and_a_key_of_two(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    entry = next(each for each in tap.discover()["streams"] if each["stream"] == MEMBERS)
    columns = entry["schema"]["properties"]
    assert set(columns) == {*sandbox.expected.member_column_types(), "_invalid_values"}
    assert columns["isSpeaker"]["type"] == ["boolean", "null"]
    assert entry["key_properties"] == ["leadId", "programId"]
    assert entry["replication_key"] == "updatedAt"
    root = next(it["metadata"] for it in entry["metadata"] if not it["breadcrumb"])
    assert root["selected-by-default"] is False


@pytest.mark.parametrize(
    "options",
    [
        replace(SMALL, program_id_column="once", member_true_text="1"),
        replace(SMALL, program_id_column="twice", member_true_text="true"),
    ],
)
@pytest.mark.parametrize("file_format", ["CSV", "SSV"])
def test_a_run_loads_all_members_and_the_next_one_loads_the_changes(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock, file_format: str
) -> None:
    config = {"file_format": file_format}
    first = read(tap, config=config)
    assert first.error is None
    assert loaded_rows([first], MEMBERS) == sandbox.expected.program_members(at=NOW)
    sandbox_clock.advance(20 * DAY)
    second = read(tap, state=first.state, config=config)
    assert loaded_rows([first, second], MEMBERS) == sandbox.expected.program_members()
    assert {str(record["updatedAt"])[:7] for record in second.records(MEMBERS)} == {"2026-03"}


@pytest.mark.parametrize("programs_of", ["all", "active"])
def test_thirty_five_programs_take_four_jobs_per_window(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock, programs_of: str
) -> None:
    first = read(tap, "activities", config=THREE_WINDOWS)
    assert first.error is None
    assert len(export_requests(sandbox, OBJECT)) == 12
    # A quiet night: no activity, and no change.
    sandbox_clock.advance(3600)
    config = THREE_WINDOWS | {"program_members_of": programs_of, "activity_lookback_minutes": 0}
    second = read(tap, "activities", state=first.state, config=config | {"activity_type_ids": [12]})
    assert second.error is None
    assert len(export_requests(sandbox, OBJECT)) - 12 == (4 if programs_of == "all" else 0)
    assert second.bookmark(MEMBERS)["replication_key_value"] == "2026-03-01T01:00:00Z"


def test_only_the_programs_of_the_setting_are_read_and_added_ones_from_their_beginning(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first_ids, added = program_ids(sandbox)[:3], program_ids(sandbox)[3]
    first = read(tap, config={"program_ids": first_ids})
    assert {record["programId"] for record in first.records(MEMBERS)} == set(first_ids)
    assert {call.name for call in sandbox.calls if "/asset/" in call.path} == set()
    before = len(export_requests(sandbox, OBJECT))
    sandbox_clock.advance(DAY)
    second = read(tap, config={"program_ids": [*first_ids, added]}, state=first.state)
    assert second.error is None
    expected = members(sandbox)
    assert loaded_rows([first, second], MEMBERS) == {
        key: member for key, member in expected.items() if key[1] in [*first_ids, added]
    }
    later = export_requests(sandbox, OBJECT)[before:]
    asked = [request["filter"]["programIds"] for request in later]
    assert asked[0] == [added]
    assert asked[-1] == [*first_ids, added]


def test_active_programs_are_those_that_activities_name(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    config = {"program_members_of": "active"}
    first = read(tap, "activities", config=config)
    named = {
        activity["primaryAttributeValueId"]
        for activity in sandbox.expected.activities(at=NOW).values()
        if activity["activityTypeId"] == 104
    }
    assert named
    assert named <= set(requested_programs(sandbox)) < set(program_ids(sandbox))
    assert loaded_rows([first], MEMBERS).keys() == {
        key for key in sandbox.expected.program_members(at=NOW) if key[1] in named
    }
    # A run with all reads what the others have left out.
    sandbox_clock.advance(DAY)
    second = read(tap, state=first.state)
    assert loaded_rows([first, second], MEMBERS) == sandbox.expected.program_members()
    assert "owed" not in second.bookmark(MEMBERS)


@pytest.mark.parametrize("options", [replace(SMALL, leads=100, activities=60, programs=5)])
@pytest.mark.parametrize("first_hidden", [0, 1], ids=["granted later", "missing once"])
@pytest.mark.parametrize("programs_of", ["all", "active"])
def test_a_program_that_marketo_did_not_list_is_read_once_it_is_listed(
    tap: TapRunner,
    sandbox: Sandbox,
    sandbox_clock: SandboxClock,
    programs_of: str,
    first_hidden: int,
) -> None:
    """Neither a workspace granted later nor an incomplete listing loses members."""
    named = 1001
    config = {"program_members_of": programs_of, "activity_lookback_minutes": 0}
    config |= {"start_date": "2025-11-01"}
    streams = ["activities"] if programs_of == "active" else []
    runs: list[RunResult] = []
    for number in range(3):
        sandbox_clock.advance(3 * DAY)
        is_hidden = number == first_hidden
        hide = Fault("hide", call="programs", item=named, times=None)
        sandbox.faults[:] = [hide] if is_hidden else []
        before = len(export_requests(sandbox, OBJECT))
        state = runs[-1].state if runs else None
        runs.append(read(tap, *streams, config=config, state=state))
        assert runs[-1].error is None
        later = export_requests(sandbox, OBJECT)[before:]
        asked = {each for request in later for each in request["filter"]["programIds"]}
        assert not (is_hidden and named in asked)
    starts = [
        (each, request["filter"]["updatedAt"]["startAt"])
        for request in export_requests(sandbox, OBJECT)
        for each in request["filter"]["programIds"]
    ]
    assert len(starts) == len(set(starts))
    assert "unlisted" not in runs[-1].bookmark(MEMBERS)
    truth = read(tap, config=config | {"program_members_of": "all", "program_ids": [named]})
    expected, loaded = loaded_rows([truth], MEMBERS), loaded_rows(runs, MEMBERS)
    assert expected
    assert {key: loaded.get(key) for key in expected} == expected


def test_a_typed_stream_names_active_programs_too(tap: TapRunner) -> None:
    stream = "activities_change_status_in_progression"
    run = read(tap, stream, config={"program_members_of": "active"})
    assert run.error is None
    assert run.records(MEMBERS)
    assert run.records(stream)
    assert "activities" not in run.schemas


def test_active_programs_stay_pending_until_they_were_read(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    config = {"program_members_of": "active"}
    fault = Fault("envelope", call="create", object=OBJECT, code="1003", message="No", times=None)
    sandbox.faults.append(fault)
    first = read(tap, "activities", config=config)
    assert first.error is not None
    pending = first.bookmark(MEMBERS)["pending"]
    assert pending
    sandbox.faults.clear()
    sandbox_clock.advance(3600)
    only_new_leads = config | {"activity_type_ids": [12], "activity_lookback_minutes": 0}
    second = read(tap, "activities", state=first.state, config=only_new_leads)
    assert second.error is None
    assert {record["programId"] for record in second.records(MEMBERS)} <= set(pending)
    assert set(requested_programs(sandbox)) == set(pending)
    assert "pending" not in second.bookmark(MEMBERS)


def test_active_programs_need_activities_that_no_stream_map_removes(tap: TapRunner) -> None:
    maps = {"activities": "__NULL__"}
    run = read(tap, "activities", config={"program_members_of": "active", "stream_maps": maps})
    assert isinstance(run.error, CatalogError)
    assert "program_members needs the records of activities" in str(run.error)


def test_a_read_without_dates_has_one_job_for_ten_programs_whatever_backfills_there_are(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    backfill = {"start": "2025-03-01T00:00:00Z", "end": "2025-06-01T00:00:00Z", "types": [1001]}
    bookmark = {
        "replication_key": "updatedAt",
        "replication_key_value": "2026-01-01T00:00:00Z",
        "coverage": {"start": "2025-01-01T00:00:00Z"},
        "backfills": [backfill],
    }
    catalog = with_metadata(tap.discover(), MEMBERS, replication_method="FULL_TABLE")
    run = read(tap, catalog=catalog, state={"bookmarks": {MEMBERS: bookmark}})
    assert run.error is None
    assert len(export_requests(sandbox, OBJECT)) == 4
    assert "backfills" not in run.bookmark(MEMBERS)


def test_active_programs_need_a_stream_of_activities(tap: TapRunner) -> None:
    catalog = selecting(tap.discover(), MEMBERS, "activity_types")
    run = tap.run_with_discovery(
        catalog=catalog, config=EVERYTHING | {"program_members_of": "active"}
    )
    assert isinstance(run.error, CatalogError)
    assert "select activities, or set program_members_of to all" in str(run.error)


@pytest.mark.parametrize("options", [replace(SMALL, member_updated_at_filter=False)])
@pytest.mark.parametrize("programs_of", ["all", "active"])
def test_without_the_filter_each_run_reads_all_members_with_one_warning(
    tap: TapRunner,
    sandbox: Sandbox,
    sandbox_clock: SandboxClock,
    caplog: pytest.LogCaptureFixture,
    programs_of: str,
) -> None:
    config = {"program_members_of": programs_of}
    first = read(tap, "activities", config=config)
    assert first.error is None
    assert len(logged_warnings(caplog, "no updatedAt filter for program members")) == 1
    expected = sandbox.expected.program_members(at=NOW)
    if programs_of == "active":
        programs = set(requested_programs(sandbox))
        expected = {key: member for key, member in expected.items() if key[1] in programs}
    assert loaded_rows([first], MEMBERS) == expected
    assert first.bookmark(MEMBERS) == {}
    sandbox_clock.advance(DAY)
    second = read(tap, "activities", config=config, state=first.state)
    assert second.error is None
    if programs_of == "all":
        assert loaded_rows([second], MEMBERS) == sandbox.expected.program_members()


@pytest.mark.parametrize("programs_of", ["all", "active"])
def test_a_full_table_has_all_members_without_dates(
    tap: TapRunner, sandbox: Sandbox, programs_of: str
) -> None:
    catalog = tap.discover()
    for entry in catalog["streams"]:
        root = next(it["metadata"] for it in entry["metadata"] if not it["breadcrumb"])
        root["forced-replication-method"] = root["replication-method"] = "FULL_TABLE"
        entry["replication_method"] = "FULL_TABLE"
    config = {"start_date": "2026-02-28", "program_members_of": programs_of}
    run = read(tap, "activities", catalog=catalog, config=config)
    assert run.error is None
    assert loaded_rows([run], MEMBERS) == sandbox.expected.program_members(at=NOW)
    assert {tuple(each["filter"]) for each in export_requests(sandbox, OBJECT)} == {("programIds",)}


@pytest.mark.parametrize("options", [replace(SMALL, permissions=ALL_PERMISSIONS - {READ_ASSETS})])
def test_programs_are_listed_with_the_permission_for_assets_or_set(tap: TapRunner) -> None:
    run = read(tap, "leads")
    assert type(run.error) is StreamsDeniedError
    assert "program_members (603 Access denied, needs the permission Read-Only Assets)" in str(
        run.error
    )
    assert run.records("leads")
    run = read(tap, config={"program_ids": [1001, 1002]})
    assert run.error is None
    assert {record["programId"] for record in run.records(MEMBERS)} == {1001, 1002}


def test_a_program_that_becomes_visible_later_is_read_from_the_start_date(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = tap.discover()
    sandbox.faults.append(Fault("hide", call="programs", item=1002, times=None))
    first = read(tap, catalog=catalog)
    sandbox.faults.clear()
    second = read(tap, catalog=catalog, state=first.state)
    assert 1002 not in {program for _, program in first.table(MEMBERS)}
    assert {program for _, program in second.table(MEMBERS)} == {1002}
    assert loaded_rows([first, second], MEMBERS) == sandbox.expected.program_members()
    assert read(tap, catalog=catalog, state=second.state).records(MEMBERS) == []
