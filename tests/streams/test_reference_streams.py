"""The reference streams: their records, what a second run reads, and the usage of the API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import CatalogError
from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.streams.reference import REFERENCE_STREAMS
from tests.support.reference_tables import (
    DAY,
    DEFINITIONS,
    SMALL,
    UP_TO_NOW,
    expected_table,
    read,
    table,
)
from tests.support.runs import selecting, with_metadata, without_bookkeeping

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import TapRunner

INCREMENTAL = [each.name for each in REFERENCE_STREAMS if each.replication_key == "updatedAt"]
FULL = [each.name for each in REFERENCE_STREAMS if each.replication_key is None]
BY_DEFAULT = {"lead_describe", "activity_types"}
HORIZON = "2026-02-28T23:45:00Z"
# Nothing is created or changed in the last second before it.
AFTER_START = 3601
# The run may wait for any time: no asset changes meanwhile.
UNCHANGING = replace(SMALL, object_changes=False)


@pytest.fixture
def options() -> Options:
    """The options of a small subscription in which nothing is late."""
    return SMALL


# Records.


@pytest.mark.parametrize(
    "options",
    [
        replace(UNCHANGING, many_assets=250, undocumented_members=True, draft_entries=True),
        replace(UNCHANGING, asset_order="id", left_out_fields=("title",)),
        replace(UNCHANGING, asset_order="updatedAt", end_at_inclusive=True, forms_need_folder=True),
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
    described = {
        "describe",
        "types",
        "custom_objects",
        "describe_custom_object",
        "describe_members",
    }
    assert {call.name for call in sandbox.calls} == {"token", *described}


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
