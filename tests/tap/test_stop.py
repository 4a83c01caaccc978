"""Runs that are stopped after any message: no row is missing, and no window is exported twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.data_sets import (
    UNCHANGING,
    WHOLE_HISTORY,
    assert_bookmarks_are_covered,
    assert_complete,
)
from tests.support.runs import RunResult, SimulatedCrashError, TapRunner, without_bookkeeping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Without a lookback each window is exported once, whatever the number of runs.
NO_LOOKBACK = WHOLE_HISTORY | {"activity_lookback_minutes": 0}


def runs_until_done(tap: TapRunner, stops: Iterable[int | None]) -> list[RunResult]:
    """Stop a run after each of these numbers of messages, then run to the end."""
    runs: list[RunResult] = []
    state = None
    for stop in (*stops, None):
        runs.append(tap.run(config=NO_LOOKBACK, state=state, stop_after=stop))
        state = runs[-1].state or state
    assert runs[-1].error is None
    return runs


def assert_exported_once(sandbox: Sandbox) -> None:
    """Check that each request was exported once, and that no job is still in the queue."""
    completed = [job for job in sandbox.jobs if job.status == "Completed"]
    assert len({str(job.request) for job in completed}) == len(completed)
    assert {job.status for job in sandbox.jobs} <= {"Completed", "Cancelled", "Created"}


def new_sandbox(options: Options = UNCHANGING) -> Iterator[TapRunner]:
    """Start a sandbox, and yield a tap for it."""
    clock = SandboxClock(NOW, speed=0)
    with Sandbox(options, clock=clock) as sandbox:
        yield TapRunner(sandbox, TapClock(clock))


@pytest.fixture(scope="module")
def complete_run() -> RunResult:
    """A run that was not stopped."""
    (run,) = [tap.run(config=NO_LOOKBACK) for tap in new_sandbox()]
    assert run.error is None
    return run


def places_to_stop(run: RunResult) -> list[int]:
    """Return the places before and after each message that is not a record, and every tenth one."""
    places = {0, len(run.messages) - 1}
    for place, (before, after) in enumerate(pairwise(run.messages), start=1):
        if {before["type"], after["type"]} != {"RECORD"} or place % 10 == 0:
            places.add(place)
    return sorted(places)


def test_a_run_that_is_stopped_after_any_message_is_completed_by_the_next(
    complete_run: RunResult,
) -> None:
    for place in places_to_stop(complete_run):
        for tap in new_sandbox():
            stopped, again = runs_until_done(tap, [place])
            assert isinstance(stopped.error, SimulatedCrashError)
            assert_bookmarks_are_covered(tap.sandbox, stopped, again)
            assert_complete(tap.sandbox, stopped, again)
            assert_exported_once(tap.sandbox)
            completed = [job for job in tap.sandbox.jobs if job.status == "Completed"]
            assert len(completed) == 6
            assert again.state
            assert complete_run.state
            assert without_bookkeeping(again.state) == without_bookkeeping(complete_run.state)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 60), max_size=8))
@example([0, 1, 2, 3, 4, 5])
def test_runs_that_are_stopped_repeatedly_load_all_expected_rows_together(stops: list[int]) -> None:
    for tap in new_sandbox():
        runs = runs_until_done(tap, stops)
        assert_bookmarks_are_covered(tap.sandbox, *runs)
        assert_complete(tap.sandbox, *runs)
        assert_exported_once(tap.sandbox)


class FailingClock(TapClock):
    """A clock that raises an error after a number of waits."""

    def __init__(self, sandbox_clock: SandboxClock, waits: int) -> None:
        """Allow this number of waits."""
        super().__init__(sandbox_clock)
        self._waits_left = waits

    def sleep(self, seconds: float) -> None:
        """Move time forward, or raise an error."""
        self._waits_left -= 1
        if self._waits_left < 0:
            raise SimulatedCrashError
        super().sleep(seconds)


@pytest.mark.parametrize("waits", range(6))
def test_an_exception_in_a_wait_ends_the_run_and_the_next_run_completes_it(waits: int) -> None:
    clock = SandboxClock(NOW, speed=0)
    # Jobs of half an hour, polled once a minute: the run waits more often than the clock allows.
    with Sandbox(replace(UNCHANGING, job_seconds=1800), clock=clock) as sandbox:
        stopped = TapRunner(sandbox, FailingClock(clock, waits)).run(config=NO_LOOKBACK)
        assert isinstance(stopped.error, SimulatedCrashError)
        again = TapRunner(sandbox, TapClock(clock)).run(config=NO_LOOKBACK, state=stopped.state)
        assert again.error is None
        assert_bookmarks_are_covered(sandbox, stopped, again)
        assert_complete(sandbox, stopped, again)
        assert_exported_once(sandbox)


def test_jobs_in_state_are_not_cancelled_when_a_run_is_stopped() -> None:
    for tap in new_sandbox(Options(leads=40, activities=60, job_seconds=600)):
        stopped = tap.run(config=NO_LOOKBACK, stop_after=3)
        persisted = {entry["id"] for entry in stopped.bookmark("activities")["jobs"]}
        status = {job.export_id: job.status for job in tap.sandbox.jobs}
        assert {status[export_id] for export_id in persisted} <= {"Created", "Queued", "Processing"}
        others = set(status) - persisted
        # A job that is not enqueued yet costs nothing.
        assert {status[export_id] for export_id in others} <= {"Created"}
