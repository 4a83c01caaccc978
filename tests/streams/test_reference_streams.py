"""The reference streams: their records, what a second run reads, and missing permissions."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import (
    CatalogError,
    RunEndedByExportQuotaError,
    StreamsDeniedError,
)
from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS, READ_ASSETS, READ_LEAD
from tap_marketo_bulk.streams.reference import REFERENCE_STREAMS
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import logged_warnings, selecting, with_metadata, without_bookkeeping

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.command import TapCommand
    from tests.support.runs import RunResult, TapRunner

SMALL = Options(leads=10, activities=10, late_seconds=0)
DEFINITIONS = {each.name: each for each in REFERENCE_STREAMS}
INCREMENTAL = [each.name for each in REFERENCE_STREAMS if each.replication_key == "updatedAt"]
FULL = [each.name for each in REFERENCE_STREAMS if each.replication_key is None]
BY_DEFAULT = {"lead_describe", "activity_types"}
HORIZON = "2026-02-28T23:45:00Z"
DAY = 86400
# Nothing is created or changed in the last second before it.
AFTER_START = 3601
UP_TO_NOW = {"lag_minutes": 0}
# Discovery needs Read-Only Lead.
LISTS_ONLY = {
    "streams": [
        {
            "tap_stream_id": "lists",
            "stream": "lists",
            "schema": DEFINITIONS["lists"].schema(),
            "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
        }
    ]
}
NO_ASSETS = replace(SMALL, permissions=ALL_PERMISSIONS - {READ_ASSETS})


@pytest.fixture
def options() -> Options:
    """The options of a small subscription in which nothing is late."""
    return SMALL


def read(tap: TapRunner, *names: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    """Run the tap with these streams only."""
    return tap.run(catalog=selecting(tap.discover(), *names), **options)


def table(name: str, *runs: RunResult) -> dict[tuple[object, ...], Any]:
    """The records of a stream by key, of each key the last one."""
    key = DEFINITIONS[name].key
    return {
        tuple(record[column] for column in key): record
        for run in runs
        for record in run.records(name)
    }


def expected_table(sandbox: Sandbox, name: str) -> dict[tuple[object, ...], Any]:
    """The expected records of a stream by key, from the entries of the API."""
    entries: Iterable[dict[str, Any]] = getattr(sandbox.expected, name)().values()
    records = [expected_record(name, entry) for entry in entries]
    return {tuple(record[column] for column in DEFINITIONS[name].key): record for record in records}


def expected_record(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The record of an entry: every column, and all other members in ``other``."""
    entry = dict(entry)
    if name == "lead_describe":
        for api in ("rest", "soap"):
            members = entry.pop(api, None) or {}
            entry |= {f"{api}Name": members.get("name")}
            entry |= {f"{api}ReadOnly": members.get("readOnly")}
    if name == "folders":
        entry |= entry.pop("folderId")
    if name == "tags":
        entry["applicableProgramTypes"] = entry["applicableProgramTypes"].strip("[]").split(",")
    columns = DEFINITIONS[name].columns
    other = {member: entry[member] for member in entry if member not in columns}
    return {column: entry.get(column) for column in columns} | {"other": other or None}


# Records.


@pytest.mark.parametrize(
    "options",
    [
        replace(SMALL, many_assets=250, undocumented_members=True, draft_entries=True),
        replace(SMALL, asset_order="id", left_out_fields=("title",)),
        replace(SMALL, asset_order="updatedAt", end_at_inclusive=True, forms_need_folder=True),
    ],
)
def test_every_stream_has_the_expected_records(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    sandbox_clock.advance(AFTER_START)
    expected = {name: expected_table(sandbox, name) for name in DEFINITIONS if name != "usage"}
    run = read(tap, *expected, config=UP_TO_NOW)
    assert run.error is None
    for name, records in expected.items():
        assert table(name, run) == records, name
        assert len(run.records(name)) >= len(records) > 0


@pytest.mark.parametrize("options", [replace(SMALL, undocumented_members=True)])
def test_undocumented_members_are_kept_in_other(tap: TapRunner) -> None:
    run = read(tap, "emails")
    others = [record["other"] for record in run.records("emails")]
    assert others
    assert all(other == {"sandboxDetails": {"rank": 1.5}} for other in others)


def test_the_first_read_has_assets_from_before_the_start_date(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    sandbox_clock.advance(AFTER_START)
    run = read(tap, "programs", config=UP_TO_NOW | {"start_date": "2026-02-28"})
    assert run.error is None
    assert {key[0] for key in table("programs", run)} == set(sandbox.expected.programs())


def test_two_streams_are_selected_by_default_and_discovery_makes_no_call_for_any(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = tap.discover()
    selected = {
        entry["stream"]
        for entry in catalog["streams"]
        for item in entry["metadata"]
        if not item["breadcrumb"] and item["metadata"]["selected"]
    }
    assert selected & set(DEFINITIONS) == BY_DEFAULT
    assert {entry["stream"] for entry in catalog["streams"]} >= set(DEFINITIONS)
    assert {call.name for call in sandbox.calls} == {"token", "describe", "types"}


# What a second run reads.


@pytest.mark.parametrize("name", INCREMENTAL)
def test_a_second_run_reads_only_changes(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock, name: str
) -> None:
    first = read(tap, name)
    bookmark = {"replication_key": "updatedAt", "replication_key_value": HORIZON}
    assert without_bookkeeping(first.states[-1]) == {"bookmarks": {name: bookmark}}
    sandbox_clock.advance(3 * DAY + AFTER_START)
    second = read(tap, name, state=first.state, config=UP_TO_NOW)
    assert second.error is None
    assert all(record["updatedAt"] >= HORIZON for record in second.records(name))
    assert set(table(name, first)) - set(table(name, second))
    assert table(name, first, second) == expected_table(sandbox, name)


def test_an_incremental_stream_can_be_read_in_full(tap: TapRunner, sandbox: Sandbox) -> None:
    first = read(tap, "programs")
    catalog = with_metadata(
        selecting(tap.discover(), "programs"),
        "programs",
        forced_replication_method="FULL_TABLE",
        replication_method="FULL_TABLE",
    )
    again = tap.run(catalog=catalog, state=first.state, config=UP_TO_NOW)
    assert table("programs", again) == expected_table(sandbox, "programs")


@pytest.mark.parametrize("name", FULL)
def test_a_full_table_is_read_whole_by_each_run_and_has_no_bookmark(
    tap: TapRunner, sandbox: Sandbox, name: str
) -> None:
    first = read(tap, name)
    second = read(tap, name, state=first.state)
    assert first.error is second.error is None
    assert first.bookmark(name) == second.bookmark(name) == {}
    assert table(name, second) == expected_table(sandbox, name)


def test_a_full_table_with_a_replication_key_in_the_catalog_is_an_error(tap: TapRunner) -> None:
    catalog = with_metadata(
        selecting(tap.discover(), "forms"), "forms", replication_key="updatedAt"
    )
    run = tap.run_with_discovery(catalog=catalog)
    assert type(run.error) is CatalogError
    assert "can only filter by no column of it" in str(run.error)


# Usage.


def test_usage_is_read_again_from_the_day_of_the_bookmark(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    sandbox.faults.append(Fault("envelope", call="weekly_usage", code="604", times=1))
    first = read(tap, "usage")
    assert first.error is None
    assert len(first.records("usage")) == 7
    today = first.records("usage")[-1]
    assert (today["date"], today["other"]) == ("2026-02-28", None)
    assert today["users"] == [{"userId": sandbox.client_id, "count": today["total"]}]
    assert today["errorTotal"] == sum(each["count"] for each in today["errors"])
    assert first.bookmark("usage")["replication_key"] == "date"
    sandbox_clock.advance(2 * DAY)
    second = read(tap, "usage", state=first.state)
    dates = [record["date"] for record in second.records("usage")]
    assert dates == ["2026-02-28", "2026-03-01", "2026-03-02"]
    assert second.records("usage")[0]["total"] > today["total"]


# Permissions.


@pytest.mark.parametrize(
    "options", [replace(UNCHANGING, permissions=ALL_PERMISSIONS - {READ_ASSETS})]
)
def test_a_missing_permission_leaves_out_its_streams_and_no_others(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("activities", "channels", "leads", "programs", "usage")
    run = read(tap, *names, config=WHOLE_HISTORY)
    assert run.table("leads") == sandbox.expected.leads()
    assert run.table("activities") == sandbox.expected.activities()
    assert run.records("usage")
    assert run.records("channels") == run.records("programs") == []
    assert type(run.error) is StreamsDeniedError
    assert run.error.streams == ("channels", "programs")
    assert "channels, programs (603 Access denied, needs the permission Read-Only Assets)" in str(
        run.error
    )
    assert run.bookmark("programs") == {}
    assert len(logged_warnings(caplog, "lacks the permission Read-Only Assets")) == 2


@pytest.mark.parametrize("options", [NO_ASSETS])
@pytest.mark.parametrize("names", [("programs",), ("leads", "programs"), ("forms", "leads")])
def test_the_run_ends_with_the_error_whatever_stream_is_last(
    tap: TapRunner, names: tuple[str, ...]
) -> None:
    run = read(tap, *names)
    assert type(run.error) is StreamsDeniedError
    assert bool(run.records("leads")) == ("leads" in names)


@pytest.mark.parametrize("options", [NO_ASSETS])
def test_the_command_ends_with_one_message_and_exit_code_1(
    command: TapCommand, tap: TapRunner
) -> None:
    catalog = command.write_file(selecting(tap.discover(), "activity_types", "programs"))
    result = command.run(*command.config(), "--catalog", catalog)
    assert result.exit_code == 1
    assert len(result.errors) == 1
    assert "needs the permission Read-Only Assets" in result.errors[0]
    assert any(message["type"] == "RECORD" for message in result.messages)


@pytest.mark.parametrize("options", [NO_ASSETS])
def test_a_connection_test_warns_of_streams_that_nobody_may_have_selected(
    command: TapCommand,
) -> None:
    result = command.run(*command.config(), "--test")
    assert result.exit_code == 0
    assert any("programs is left out" in line for line in result.log)


@pytest.mark.parametrize("options", [NO_ASSETS])
@pytest.mark.parametrize("policy", ["fail", "stop"])
def test_the_quota_and_a_missing_permission_are_both_reported(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    message = "Export daily quota 500MB exceeded."
    fault = Fault("envelope", call="create", code="1029", message=message, times=None)
    sandbox.faults.append(fault)
    run = read(tap, "leads", "programs", "usage", config={"on_quota_exceeded": policy})
    error = RunEndedByExportQuotaError if policy == "fail" else StreamsDeniedError
    assert type(run.error) is error
    assert run.records("usage")
    assert "quota of 500 MB is used up" in caplog.text + str(run.error)
    assert "programs (603 Access denied" in caplog.text + str(run.error)


@pytest.mark.parametrize("options", [NO_ASSETS])
def test_lists_are_read_without_permission_for_assets(
    tap: TapRunner,
    sandbox: Sandbox,
    sandbox_clock: SandboxClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    first = read(tap, "lists", config=UP_TO_NOW)
    assert first.error is None
    assert caplog.text.count("Static lists are read by /rest/v1/lists.json") == 1
    entries = sandbox.expected.lead_database_lists()
    assert table("lists", first) == {
        (key,): expected_record("lists", entry) for key, entry in entries.items()
    }
    sandbox_clock.advance(3 * DAY)
    second = read(tap, "lists", state=first.state)
    assert table("lists", second)
    assert set(table("lists", first)) - set(table("lists", second))


@pytest.mark.parametrize(
    "options", [replace(SMALL, permissions=ALL_PERMISSIONS - {READ_ASSETS, READ_LEAD})]
)
def test_lists_need_one_of_two_permissions(tap: TapRunner, sandbox: Sandbox) -> None:
    run = tap.run(catalog=LISTS_ONLY)
    assert [call.name for call in sandbox.calls] == ["token", "static_lists", "lists"]
    assert type(run.error) is StreamsDeniedError
    assert "lists (603 Access denied, needs the permission Read-Only Lead)" in str(run.error)
