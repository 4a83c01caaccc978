"""Runs of all export objects that are stopped after any message, with and without their STATE."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.bulk_objects import (
    ACTIVE,
    MEMBERS,
    STREAMS,
    TWO_WINDOWS,
    UNCHANGING_OBJECTS,
    assert_no_job_is_paid_twice,
    assert_objects_complete,
    catalog_of,
    expected_active_members,
    new_sandbox,
    paid_jobs,
)
from tests.support.data_sets import assert_bookmarks_are_covered, loaded_rows
from tests.support.runs import RunResult, SimulatedCrashError, without_bookkeeping

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Options
    from tests.support.runs import TapRunner

NO_FILTER = replace(UNCHANGING_OBJECTS, member_updated_at_filter=False)


def places_to_stop(run: RunResult, every: int) -> list[int]:
    """Return the places before and after each message but records, and every nth of these."""
    places = {0, len(run.messages) - 1}
    for place, (before, after) in enumerate(pairwise(run.messages), start=1):
        if {before["type"], after["type"]} != {"RECORD"} or place % every == 0:
            places.add(place)
    return sorted(places)


def stop_and_run_again(
    tap: TapRunner, place: int, config: dict[str, Any], *streams: str, keeps_state: bool
) -> tuple[RunResult, RunResult]:
    """Stop a run after this number of messages, and run again, with or without its STATE."""
    catalog = catalog_of(tap, *streams)
    stopped = tap.run(config=config, catalog=catalog, stop_after=place)
    assert isinstance(stopped.error, SimulatedCrashError)
    state = stopped.state if keeps_state else None
    again = tap.run(config=config, catalog=catalog, state=state)
    assert again.error is None
    return stopped, again


@pytest.fixture(scope="module")
def complete_run() -> RunResult:
    """A run of all objects that was not stopped."""
    (run,) = [
        tap.run(config=TWO_WINDOWS, catalog=catalog_of(tap, *STREAMS)) for tap in new_sandbox()
    ]
    assert run.error is None
    return run


def test_a_run_that_is_stopped_after_any_message_is_completed_by_the_next(
    complete_run: RunResult,
) -> None:
    for place in places_to_stop(complete_run, 5):
        for tap in new_sandbox():
            runs = stop_and_run_again(tap, place, TWO_WINDOWS, *STREAMS, keeps_state=True)
            assert_objects_complete(tap.sandbox, *runs)
            assert_bookmarks_are_covered(tap.sandbox, *runs)
            assert_no_job_is_paid_twice(tap.sandbox)
            completed = [job for job in tap.sandbox.jobs if job.status == "Completed"]
            assert len(completed) == 2 * 4 + 2 * 2
            states = [without_bookkeeping(run.state or {}) for run in (runs[1], complete_run)]
            assert states[0] == states[1]


def test_a_run_that_is_stopped_after_any_message_is_completed_without_its_state(
    complete_run: RunResult,
) -> None:
    for place in range(1, len(complete_run.messages), 6):
        for tap in new_sandbox():
            runs = stop_and_run_again(tap, place, TWO_WINDOWS, *STREAMS, keeps_state=False)
            assert_objects_complete(tap.sandbox, runs[1])
            assert_no_job_is_paid_twice(tap.sandbox)


@pytest.mark.parametrize(
    ("options", "keeps_state"),
    [(UNCHANGING_OBJECTS, True), (UNCHANGING_OBJECTS, False), (NO_FILTER, True)],
)
def test_active_programs_are_read_wherever_a_run_is_stopped(
    options: Options, *, keeps_state: bool
) -> None:
    streams = ("activities", MEMBERS)
    (complete,) = [
        tap.run(config=ACTIVE, catalog=catalog_of(tap, *streams)) for tap in new_sandbox(options)
    ]
    for place in places_to_stop(complete, 8):
        for tap in new_sandbox(options):
            runs = stop_and_run_again(tap, place, ACTIVE, *streams, keeps_state=keeps_state)
            members = expected_active_members(tap.sandbox)
            assert members
            assert loaded_rows(runs, MEMBERS) == members
            assert_no_job_is_paid_twice(tap.sandbox)
            assert "pending" not in runs[1].bookmark(MEMBERS)


@pytest.mark.parametrize(
    ("stream", "options"), [(MEMBERS, NO_FILTER), ("list_members", UNCHANGING_OBJECTS)]
)
def test_a_read_without_dates_is_resumed_wherever_a_run_is_stopped(
    stream: str, options: Options
) -> None:
    config = TWO_WINDOWS | {"list_ids": [2001, 2002, 2003]}
    for tap in new_sandbox(options):
        complete = tap.run(config=config, catalog=catalog_of(tap, stream))
        paid = len(paid_jobs(tap.sandbox))
    assert complete.table(stream)
    for place in places_to_stop(complete, 8):
        for tap in new_sandbox(options):
            runs = stop_and_run_again(tap, place, config, stream, keeps_state=True)
            assert loaded_rows(runs, stream) == complete.table(stream)
            assert_no_job_is_paid_twice(tap.sandbox)
            assert len(paid_jobs(tap.sandbox)) == paid
            assert runs[1].bookmark(stream) == {}
