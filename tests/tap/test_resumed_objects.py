"""Runs that continue an interrupted one while programs, lists and members change in between."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.bulk_objects import (
    ACTIVE,
    MEMBERS,
    MEMBERS_OBJECT,
    TWO_WINDOWS,
    UNCHANGING_OBJECTS,
    assert_no_job_is_paid_twice,
    catalog_of,
    expected_active_members,
    expected_table,
    has_jobs,
    is_record_of,
    named_programs,
    paid_jobs,
)
from tests.support.data_sets import export_requests, loaded_rows
from tests.support.runs import SimulatedCrashError

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
    from tests.support.runs import TapRunner

LISTS = "list_members"
LIST_IDS: dict[str, Any] = TWO_WINDOWS | {"list_ids": [2001, 2002, 2003]}
ONE_WINDOW: dict[str, Any] = {
    "start_date": "2026-01-30",
    "lag_minutes": 0,
    "activity_lookback_minutes": 0,
}
NO_FILTER = replace(UNCHANGING_OBJECTS, member_updated_at_filter=False)
CHANGING = replace(UNCHANGING_OBJECTS, object_changes=True)
HOUR, DAY = 3600, 86_400


@pytest.fixture
def options() -> Options:
    """The data set that these tests share; parametrize ``options`` for others."""
    return UNCHANGING_OBJECTS


def program_lists(sandbox: Sandbox) -> list[list[int]]:
    """Return the programs of each job for program members."""
    requests = export_requests(sandbox, MEMBERS_OBJECT)
    return [request["filter"]["programIds"] for request in requests]


def completed_jobs(sandbox: Sandbox) -> int:
    """Return how many jobs were completed."""
    return sum(job.status == "Completed" for job in sandbox.jobs)


def test_leads_and_list_members_find_their_own_jobs_without_their_state(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = catalog_of(tap, "leads", LISTS)
    # The read of lists has begun, and its jobs are lost.
    before = {"bookmarks": {LISTS: {"full_read": {"since": "2026-02-28T00:00:00Z"}}}}
    first = tap.run(config=LIST_IDS, catalog=catalog, state=before)
    assert first.error is None
    paid = len(paid_jobs(sandbox))
    caplog.set_level("INFO")
    again = tap.run(config=LIST_IDS, catalog=catalog, state=before)
    assert again.error is None
    assert_no_job_is_paid_twice(sandbox)
    assert len(paid_jobs(sandbox)) == paid
    assert again.table("leads") == sandbox.expected.leads()
    assert again.table(LISTS) == first.table(LISTS)
    assert "leads: resuming 2 jobs" in caplog.text
    assert f"{LISTS}: resuming {paid - 2} jobs" in caplog.text


def test_a_later_run_does_not_look_for_leads_in_the_jobs_of_lists(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = catalog_of(tap, "leads", LISTS)
    config = LIST_IDS | {"end_date": "2026-02-28T20:00:00Z"}
    first = tap.run(config=config, catalog=catalog)
    caplog.set_level("INFO")
    second = tap.run(config=LIST_IDS, catalog=catalog, state=first.state)
    assert second.error is None
    assert "that the state did not have" not in caplog.text
    assert loaded_rows([first, second], "leads") == sandbox.expected.leads()


def test_a_resumed_read_of_lists_leaves_no_job_for_the_next_run(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    catalog = catalog_of(tap, LISTS)
    config = LIST_IDS | {"end_date": None}
    stopped = tap.run(config=config, catalog=catalog, stop_when=has_jobs(LISTS, 1))
    assert isinstance(stopped.error, SimulatedCrashError)
    sandbox_clock.advance(HOUR)
    resumed = tap.run(config=config, catalog=catalog, state=stopped.state)
    jobs = completed_jobs(sandbox)
    assert jobs == 3
    assert resumed.bookmark(LISTS) == {}
    sandbox_clock.advance(HOUR)
    fresh = tap.run(config=config, catalog=catalog, state=resumed.state)
    assert completed_jobs(sandbox) == jobs + 3
    assert fresh.table(LISTS) == resumed.table(LISTS)


@pytest.mark.parametrize("options", [replace(CHANGING, member_updated_at_filter=False)])
def test_without_the_filter_active_programs_stay_pending_after_a_file_of_an_earlier_run(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    config = ONE_WINDOW | {"program_members_of": "active"}
    catalog = catalog_of(tap, "activities", MEMBERS)
    stopped = tap.run(config=config, catalog=catalog, stop_when=is_record_of(MEMBERS))
    assert isinstance(stopped.error, SimulatedCrashError)
    pending = stopped.bookmark(MEMBERS)["pending"]
    sandbox_clock.advance(DAY)
    resumed = tap.run(config=config, catalog=catalog, state=stopped.state)
    assert resumed.error is None
    assert len(paid_jobs(sandbox, MEMBERS_OBJECT)) == 1
    # The file is a day old, and the activities of this day can have named the programs again.
    assert resumed.bookmark(MEMBERS)["pending"] == pending
    fresh = tap.run(config=config, catalog=catalog, state=resumed.state)
    assert "pending" not in fresh.bookmark(MEMBERS)
    programs = set(pending)
    expected = {
        key: row for key, row in expected_table(sandbox, MEMBERS).items() if key[1] in programs
    }
    assert fresh.table(MEMBERS) == expected


@pytest.mark.parametrize("options", [replace(CHANGING, new_assets_per_day=1)])
def test_after_a_program_was_created_only_the_request_with_it_is_made_anew(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    catalog = catalog_of(tap, MEMBERS)
    stopped = tap.run(config=ONE_WINDOW, catalog=catalog, stop_when=is_record_of(MEMBERS))
    assert isinstance(stopped.error, SimulatedCrashError)
    sandbox_clock.advance(DAY)
    again = tap.run(config=ONE_WINDOW, catalog=catalog, state=stopped.state)
    assert again.error is None
    # The window of the interrupted run, with both of its jobs, and the one after it.
    assert [len(each) for each in program_lists(sandbox)] == [10, 10, 1, 10, 10, 1]
    assert_no_job_is_paid_twice(sandbox)
    assert loaded_rows([stopped, again], MEMBERS) == {
        key: row
        for key, row in expected_table(sandbox, MEMBERS).items()
        if row["updatedAt"] >= ONE_WINDOW["start_date"]
    }


@pytest.mark.parametrize("added", [2, 12])
def test_programs_that_were_added_to_the_setting_are_read_wherever_a_run_was_stopped(
    tap: TapRunner, sandbox: Sandbox, added: int
) -> None:
    ids = sorted(int(each) for each in sandbox.expected.programs())
    catalog = catalog_of(tap, MEMBERS)
    first_ids = ids[:8]
    runs = [
        tap.run(
            config=TWO_WINDOWS | {"program_ids": first_ids, "end_date": "2026-02-20"},
            catalog=catalog,
        )
    ]
    config = TWO_WINDOWS | {"program_ids": ids[: 8 + added]}
    # After the first backfill job, and after a record of it; then to the end.
    for stop in (has_jobs(MEMBERS, 1), is_record_of(MEMBERS), None):
        runs.append(tap.run(config=config, catalog=catalog, state=runs[-1].state, stop_when=stop))
    assert runs[-1].error is None
    assert "backfills" not in runs[-1].bookmark(MEMBERS)
    assert_no_job_is_paid_twice(sandbox)
    members = expected_table(sandbox, MEMBERS)
    assert loaded_rows(runs, MEMBERS) == {
        key: row for key, row in members.items() if key[1] in ids[: 8 + added]
    }


def test_added_programs_are_read_by_a_later_run_of_all_after_active_ones(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    ids = sorted(int(each) for each in sandbox.expected.programs())
    catalog = catalog_of(tap, "activities", MEMBERS)
    settings = {"program_ids": ids[1:3]}
    runs = [tap.run(config=ACTIVE | settings | {"end_date": "2026-02-20"}, catalog=catalog)]
    settings = {"program_ids": ids[:5]}
    runs.append(tap.run(config=ACTIVE | settings, catalog=catalog, state=runs[-1].state))
    for stop in (is_record_of(MEMBERS), None):
        runs.append(
            tap.run(
                config=TWO_WINDOWS | settings, catalog=catalog, state=runs[-1].state, stop_when=stop
            )
        )
    assert runs[-1].error is None
    members = expected_table(sandbox, MEMBERS)
    assert loaded_rows(runs, MEMBERS) == {
        key: row for key, row in members.items() if key[1] in ids[:5]
    }
    assert {"owed", "backfills"}.isdisjoint(runs[-1].bookmark(MEMBERS))


def test_a_pending_program_that_does_not_exist_any_more_is_not_requested(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = catalog_of(tap, "activities", MEMBERS)
    state = {"bookmarks": {MEMBERS: {"pending": [999, 1005]}}}
    run = tap.run(config=ACTIVE, catalog=catalog, state=state)
    assert run.error is None
    programs = sorted({1005, *named_programs(sandbox)})
    assert list(map(sorted, program_lists(sandbox))) == 2 * [programs]
    assert "pending" not in run.bookmark(MEMBERS)
    assert set(run.table(MEMBERS)) == {
        key for key in expected_table(sandbox, MEMBERS) if key[1] in programs
    }


def test_programs_that_do_not_exist_any_more_do_not_stay_pending(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = catalog_of(tap, "activities", MEMBERS)
    state = {"bookmarks": {MEMBERS: {"pending": [999]}}}
    config = ACTIVE | {"activity_type_ids": [12]}
    run = tap.run(config=config, catalog=catalog, state=state)
    assert run.error is None
    assert export_requests(sandbox, MEMBERS_OBJECT) == []
    assert "pending" not in run.bookmark(MEMBERS)
    assert run.bookmark(MEMBERS)["replication_key_value"] == "2026-02-28T23:45:00Z"


@pytest.mark.parametrize("lookback", [0, 60])
def test_active_members_are_loaded_once_by_any_number_of_interrupted_runs(
    tap: TapRunner, sandbox: Sandbox, lookback: int
) -> None:
    catalog = catalog_of(tap, "activities", MEMBERS)
    config = ACTIVE | {"activity_lookback_minutes": lookback}
    first_end = {"end_date": "2026-01-10T00:00:00Z"}
    runs = [tap.run(config=config | first_end, catalog=catalog)]
    for stop in (is_record_of("activities"), has_jobs(MEMBERS, 1), is_record_of(MEMBERS), None):
        runs.append(tap.run(config=config, catalog=catalog, state=runs[-1].state, stop_when=stop))
    assert runs[-1].error is None
    # The runs after the first read the programs that activities named since then.
    loaded, programs = loaded_rows(runs[1:], MEMBERS), named_programs(sandbox, "2026-01-10")
    assert loaded == {
        key: row
        for key, row in expected_active_members(sandbox).items()
        if key[1] in programs and row["updatedAt"] >= "2026-01-10"
    }
    assert loaded
    filters: list[Any] = [job.request["filter"] for job in paid_jobs(sandbox, MEMBERS_OBJECT)]
    assert len({str(each) for each in filters}) == len(filters)
    starts = {each["updatedAt"]["startAt"] for each in filters}
    begin = first_end["end_date"] if not lookback else "2026-01-09T23:00:00Z"
    assert min(starts - {"2025-12-30T00:00:00Z"}) == begin
