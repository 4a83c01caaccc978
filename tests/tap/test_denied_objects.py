"""A missing permission for custom objects, program members, or for what names active programs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import RefusedIdsError, StreamsDeniedError, StreamsWithoutFilterError
from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS, READ_ACTIVITY
from tests.support.bulk_objects import (
    ACTIVE,
    MEMBERS,
    MEMBERS_OBJECT,
    ORDERS,
    ORDERS_OBJECT,
    STREAMS,
    TWO_WINDOWS,
    UNCHANGING_OBJECTS,
    assert_no_job_is_paid_twice,
    assert_objects_complete,
    catalog_of,
    expected_active_members,
    expected_table,
    new_sandbox,
)
from tests.support.data_sets import assert_bookmarks_are_covered, loaded_rows
from tests.support.runs import with_metadata

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Options, Sandbox
    from tests.support.runs import TapRunner

DENIED = Fault("envelope", code="603", message="Access denied", times=None)
PERMISSIONS = {ORDERS: "Read-Only Custom Object", MEMBERS: "Read-Only Lead"}
OBJECTS = {ORDERS: ORDERS_OBJECT, MEMBERS: MEMBERS_OBJECT}
CALLS = [
    (call, stream) for call in ("list", "create", "enqueue", "status", "file") for stream in OBJECTS
]


@pytest.fixture
def options() -> Options:
    """The data set that these tests share; parametrize ``options`` for others."""
    return UNCHANGING_OBJECTS


@pytest.mark.parametrize(("call", "stream"), CALLS)
def test_a_stream_is_left_out_at_any_denied_call_and_complete_after_the_next_run(
    tap: TapRunner, sandbox: Sandbox, call: str, stream: str
) -> None:
    sandbox.faults.append(replace(DENIED, call=call, object=OBJECTS[stream], skip=call == "file"))
    catalog = catalog_of(tap, *STREAMS)
    first = tap.run(config=TWO_WINDOWS, catalog=catalog)
    assert type(first.error) is StreamsDeniedError
    assert f"{stream} (603 Access denied, needs the permission {PERMISSIONS[stream]})" in str(
        first.error
    )
    for other in set(STREAMS) - {stream}:
        assert first.table(other) == expected_table(sandbox, other)
    sandbox.faults.clear()
    again = tap.run(config=TWO_WINDOWS, catalog=catalog, state=first.state)
    assert again.error is None
    assert_objects_complete(sandbox, first, again)
    assert_bookmarks_are_covered(sandbox, first, again)
    assert_no_job_is_paid_twice(sandbox)


@pytest.mark.parametrize("call", ["create", "file"])
def test_active_programs_are_not_skipped_where_activities_were_denied(
    tap: TapRunner, sandbox: Sandbox, call: str
) -> None:
    sandbox.faults.append(replace(DENIED, call=call, object="activities", skip=1))
    catalog = catalog_of(tap, "activities", "leads", MEMBERS)
    first = tap.run(config=ACTIVE, catalog=catalog)
    assert type(first.error) is StreamsDeniedError
    assert first.error.streams == ("activities", MEMBERS)
    assert "replication_key_value" not in first.bookmark(MEMBERS)
    assert first.table("leads") == sandbox.expected.leads()
    sandbox.faults.clear()
    again = tap.run(config=ACTIVE, catalog=catalog, state=first.state)
    assert again.error is None
    assert loaded_rows([first, again], MEMBERS) == expected_active_members(sandbox)
    assert_no_job_is_paid_twice(sandbox)


@pytest.mark.parametrize(
    "options", [replace(UNCHANGING_OBJECTS, permissions=ALL_PERMISSIONS - {READ_ACTIVITY})]
)
@pytest.mark.parametrize("stream", ["activities", "activities_product_demo"])
def test_without_the_permission_for_activities_active_programs_and_activities_are_left_out(
    tap: TapRunner, sandbox: Sandbox, stream: str
) -> None:
    (catalog,) = [catalog_of(other, stream, "leads", MEMBERS) for other in new_sandbox()]
    run = tap.run_with_discovery(config=ACTIVE, catalog=catalog)
    assert type(run.error) is StreamsDeniedError
    assert set(run.error.streams) == {stream, MEMBERS}
    assert "Read-Only Activity" in str(run.error)
    assert run.table("leads") == sandbox.expected.leads()
    assert "replication_key_value" not in run.bookmark(MEMBERS)


def test_programs_that_cannot_be_listed_leave_out_program_members_alone(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    sandbox.faults.append(replace(DENIED, call="programs"))
    catalog = catalog_of(tap, "activities", MEMBERS)
    for config in (TWO_WINDOWS, ACTIVE):
        run = tap.run(config=config, catalog=catalog)
        assert type(run.error) is StreamsDeniedError
        assert run.error.streams == (MEMBERS,)
        assert "Read-Only Assets" in str(run.error)
        assert run.table("activities") == sandbox.expected.activities()
    sandbox.faults.clear()
    again = tap.run(config=ACTIVE, catalog=catalog, state=run.state)
    assert loaded_rows([again], MEMBERS) == expected_active_members(sandbox)


@pytest.mark.parametrize("method", ["INCREMENTAL", "FULL_TABLE"])
def test_program_members_are_left_out_where_marketo_rejects_every_filter(
    tap: TapRunner, sandbox: Sandbox, method: str
) -> None:
    rejected = Fault("envelope", call="create", object=MEMBERS_OBJECT, code="1035", times=None)
    sandbox.faults.append(rejected)
    catalog = with_metadata(
        catalog_of(tap, "leads", MEMBERS),
        MEMBERS,
        replication_method=method,
        forced_replication_method=method,
    )
    run = tap.run(config=TWO_WINDOWS, catalog=catalog)
    assert type(run.error) is StreamsWithoutFilterError
    assert run.error.streams == (MEMBERS,)
    assert run.table("leads") == sandbox.expected.leads()


def test_the_error_names_a_program_of_the_setting_that_marketo_does_not_know(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = catalog_of(tap, "leads", MEMBERS)
    first = tap.run(config=TWO_WINDOWS | {"program_ids": [1002, 9999]}, catalog=catalog)
    assert type(first.error) is RefusedIdsError
    assert "programIds 9999 of program_members (1003 " in str(first.error)
    again = tap.run(
        config=TWO_WINDOWS | {"program_ids": [1002]}, catalog=catalog, state=first.state
    )
    assert again.error is None
    members = expected_table(sandbox, MEMBERS)
    assert loaded_rows([first, again], MEMBERS) == {
        key: row for key, row in members.items() if key[1] == 1002
    }
    assert_no_job_is_paid_twice(sandbox)
