"""Stopped after any message, as often as it takes: nothing is missing, and nothing paid twice."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.data_sets import STILL, WHOLE, assert_complete, assert_honest
from tests.support.runs import Run, StoppedError, Tap, without_bookkeeping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Without a lookback each window is asked for once, however many runs it takes.
FIXED = WHOLE | {"activity_lookback_minutes": 0}


def runs_until_done(tap: Tap, stops: Iterable[int | None]) -> list[Run]:
    """Stop run after run after so many messages each, then let one come to its end."""
    runs: list[Run] = []
    state = None
    for stop in (*stops, None):
        runs.append(tap.run(config=FIXED, state=state, stop_after=stop))
        state = runs[-1].state or state
    assert runs[-1].error is None
    return runs


def assert_paid_once(sandbox: Sandbox) -> None:
    """Check that Marketo made each file once, and that nothing runs on."""
    done = [job for job in sandbox.jobs if job.status == "Completed"]
    assert len({str(job.request) for job in done}) == len(done)
    assert {job.status for job in sandbox.jobs} <= {"Completed", "Cancelled", "Created"}


def fresh(options: Options = STILL) -> Iterator[Tap]:
    clock = SandboxClock(NOW, speed=0)
    with Sandbox(options, clock=clock) as sandbox:
        yield Tap(sandbox, TapClock(clock))


def undisturbed() -> Run:
    (run,) = [tap.run(config=FIXED) for tap in fresh()]
    assert run.error is None
    return run


@pytest.fixture(scope="module")
def whole() -> Run:
    """A run that nobody stopped."""
    return undisturbed()


def turning_points(run: Run) -> list[int]:
    """Return the places around every message that is no record, and some in between."""
    places = {0, len(run.messages) - 1}
    for place, (before, after) in enumerate(pairwise(run.messages), start=1):
        if {before["type"], after["type"]} != {"RECORD"} or place % 10 == 0:
            places.add(place)
    return sorted(places)


def test_stopped_after_any_message_a_run_is_completed_by_the_next(whole: Run) -> None:
    for place in turning_points(whole):
        for tap in fresh():
            stopped, again = runs_until_done(tap, [place])
            assert isinstance(stopped.error, StoppedError)
            assert_honest(tap.sandbox, stopped, again)
            assert_complete(tap.sandbox, stopped, again)
            assert_paid_once(tap.sandbox)
            done = [job for job in tap.sandbox.jobs if job.status == "Completed"]
            assert len(done) == 6
            assert again.state
            assert whole.state
            assert without_bookkeeping(again.state) == without_bookkeeping(whole.state)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 60), max_size=8))
@example([0, 1, 2, 3, 4, 5])
def test_stopped_again_and_again_the_union_is_the_truth(stops: list[int]) -> None:
    for tap in fresh():
        runs = runs_until_done(tap, stops)
        assert_honest(tap.sandbox, *runs)
        assert_complete(tap.sandbox, *runs)
        assert_paid_once(tap.sandbox)


class FailingClock(TapClock):
    """A clock that breaks after so many waits: an exception out of nowhere."""

    def __init__(self, sandbox_clock: SandboxClock, waits: int) -> None:
        """Take the waits that still pass."""
        super().__init__(sandbox_clock)
        self._left = waits

    def sleep(self, seconds: float) -> None:
        """Move time forward, or break."""
        self._left -= 1
        if self._left < 0:
            raise StoppedError
        super().sleep(seconds)


@pytest.mark.parametrize("waits", range(6))
def test_an_exception_in_the_worker_surfaces_and_the_next_run_goes_on(waits: int) -> None:
    clock = SandboxClock(NOW, speed=0)
    with Sandbox(STILL, clock=clock) as sandbox:
        stopped = Tap(sandbox, FailingClock(clock, waits)).run(config=FIXED)
        assert stopped.error is None or isinstance(stopped.error, StoppedError)
        again = Tap(sandbox, TapClock(clock)).run(config=FIXED, state=stopped.state)
        assert again.error is None
        assert_honest(sandbox, stopped, again)
        assert_complete(sandbox, stopped, again)
        assert_paid_once(sandbox)


def test_jobs_in_the_state_run_on_for_the_next_run() -> None:
    for slow in fresh(Options(leads=40, activities=60, job_seconds=600)):
        stopped = slow.run(config=FIXED, stop_after=3)
        left = {entry["id"] for entry in stopped.bookmark("activities")["exports"]}
        status = {job.export_id: job.status for job in slow.sandbox.jobs}
        assert {status[export_id] for export_id in left} <= {"Created", "Queued", "Processing"}
        unknown = set(status) - left
        assert {status[export_id] for export_id in unknown} <= {"Cancelled"}
