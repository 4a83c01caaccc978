"""The daily export quota is used up among the jobs of custom objects and program members."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import RunEndedByExportQuotaError
from tap_marketo_bulk.sandbox import Fault
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
)
from tests.support.data_sets import assert_bookmarks_are_covered, loaded_rows
from tests.support.runs import logged_warnings

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Options, Sandbox
    from tests.support.runs import TapRunner

USED_UP = Fault(
    "envelope", call="create", code="1029", message="Export daily quota 500MB exceeded.", times=None
)
FIRST_END, LAST_END = "2026-01-30T00:00:00Z", "2026-02-28T23:45:00Z"
# How many jobs are created before the quota is used up, of twelve in the order of the streams, and
# up to where the streams are complete.
PLACES = [
    (3, f"activities is complete up to {LAST_END}; {ORDERS} is complete up to {FIRST_END}; "),
    # The first of the two files of the first window.
    (9, f"leads is complete up to {LAST_END}; {MEMBERS} is not complete"),
    (10, f"leads is complete up to {LAST_END}; {MEMBERS} is complete up to {FIRST_END}"),
]


@pytest.fixture
def options() -> Options:
    """The data set that these tests share."""
    return UNCHANGING_OBJECTS


@pytest.mark.parametrize("call", ["create", "enqueue"])
@pytest.mark.parametrize(("jobs", "progress"), PLACES)
def test_when_the_quota_is_used_up_the_next_run_continues_and_pays_nothing_twice(
    tap: TapRunner, sandbox: Sandbox, call: str, jobs: int, progress: str
) -> None:
    sandbox.faults.append(replace(USED_UP, call=call, skip=jobs))
    catalog = catalog_of(tap, *STREAMS)
    first = tap.run(config=TWO_WINDOWS, catalog=catalog)
    assert type(first.error) is RunEndedByExportQuotaError
    assert "quota of 500 MB is used up" in str(first.error)
    for part in progress.split("; "):
        assert part in str(first.error)
    sandbox.faults.clear()
    again = tap.run(config=TWO_WINDOWS, catalog=catalog, state=first.state)
    assert again.error is None
    assert_objects_complete(sandbox, first, again)
    assert_bookmarks_are_covered(sandbox, first, again)
    assert_no_job_is_paid_twice(sandbox)


@pytest.mark.parametrize("policy", ["stop", "wait"])
@pytest.mark.parametrize("jobs", [3, 9])
def test_with_stop_or_wait_a_used_up_quota_is_no_error(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, policy: str, jobs: int
) -> None:
    sandbox.faults.append(replace(USED_UP, skip=jobs, times=1 if policy == "wait" else None))
    catalog, config = catalog_of(tap, *STREAMS), TWO_WINDOWS | {"on_quota_exceeded": policy}
    runs = [tap.run(config=config, catalog=catalog)]
    assert runs[0].error is None
    if policy == "stop":
        (warning,) = logged_warnings(caplog, "is used up")
        assert f"{MEMBERS} is not complete" in warning
        sandbox.faults.clear()
        runs.append(tap.run(config=config, catalog=catalog, state=runs[0].state))
    assert_objects_complete(sandbox, *runs)
    assert_bookmarks_are_covered(sandbox, *runs)
    assert_no_job_is_paid_twice(sandbox)


@pytest.mark.parametrize(("stream", "path"), [(ORDERS, ORDERS_OBJECT), (MEMBERS, MEMBERS_OBJECT)])
def test_a_quota_that_is_used_up_by_downloads_loses_no_job(
    tap: TapRunner, sandbox: Sandbox, stream: str, path: str
) -> None:
    sandbox.faults.append(replace(USED_UP, call="file", object=path, skip=1))
    catalog = catalog_of(tap, *STREAMS)
    first = tap.run(config=TWO_WINDOWS, catalog=catalog)
    assert type(first.error) is RunEndedByExportQuotaError
    assert stream in str(first.error)
    sandbox.faults.clear()
    again = tap.run(config=TWO_WINDOWS, catalog=catalog, state=first.state)
    assert_objects_complete(sandbox, first, again)
    assert_no_job_is_paid_twice(sandbox)


@pytest.mark.parametrize("jobs", [0, 1, 2, 3])
@pytest.mark.parametrize("policy", ["fail", "stop"])
def test_active_programs_are_read_although_the_quota_was_used_up_before(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, policy: str, jobs: int
) -> None:
    caplog.set_level(logging.WARNING)
    # Two jobs are for activities, which name the programs of the other two.
    sandbox.faults.append(replace(USED_UP, skip=jobs))
    catalog = catalog_of(tap, "activities", MEMBERS)
    config = ACTIVE | {"on_quota_exceeded": policy}
    first = tap.run(config=config, catalog=catalog)
    assert (type(first.error) is RunEndedByExportQuotaError) == (policy == "fail")
    progress = f"complete up to {FIRST_END}" if jobs == 3 else "not complete"
    assert f"{MEMBERS} is {progress}" in f"{first.error} {caplog.text}"
    sandbox.faults.clear()
    again = tap.run(config=config, catalog=catalog, state=first.state)
    assert again.error is None
    assert loaded_rows([first, again], MEMBERS) == expected_active_members(sandbox)
    assert_no_job_is_paid_twice(sandbox)


@pytest.mark.parametrize("options", [replace(UNCHANGING_OBJECTS, member_updated_at_filter=False)])
def test_without_the_filter_a_read_of_all_members_continues_after_the_quota_was_used_up(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    # The first call is rejected, since it has the filter.
    sandbox.faults.append(replace(USED_UP, skip=2))
    catalog = catalog_of(tap, MEMBERS)
    # A run with active programs moved the bookmark, since there were none.
    bookmark = {"replication_key": "updatedAt", "replication_key_value": FIRST_END}
    state = {"bookmarks": {MEMBERS: bookmark}}
    first = tap.run(config=TWO_WINDOWS, catalog=catalog, state=state)
    assert f"{MEMBERS} is not complete" in str(first.error)
    sandbox.faults.clear()
    again = tap.run(config=TWO_WINDOWS, catalog=catalog, state=first.state)
    assert again.error is None
    assert loaded_rows([first, again], MEMBERS) == sandbox.expected.program_members()
    assert_no_job_is_paid_twice(sandbox)
