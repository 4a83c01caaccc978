"""Two years of windows with faults in every call, and with thirty runs that crash."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.clock import TapClock
from tests.support.data_sets import assert_complete
from tests.support.runs import RunResult, SimulatedCrashError, TapRunner

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import SandboxClock

# No row changes in the twelve days after the data set is created; all runs take three days.
LONG_HISTORY = Options(
    seed=648,
    leads=40,
    activities=300,
    history_days=730,
    late_seconds=0,
    new_leads_per_hour=0,
    new_activities_per_hour=0,
    job_seconds=600,
)
CONFIG = {
    "start_date": "2024-02-28",
    "end_date": "2026-02-28T23:45:00Z",
    "activity_lookback_minutes": 0,
    "request_timeout_seconds": 5,
}
WINDOWS = 2 * 24
CRASHES = 30
MAX_RUNS = 200

# The kinds of faults for all calls, for downloads, and for jobs.
FAULTS_OF_CALLS = (
    "envelope",
    "http",
    "html",
    "not_json",
    "reset",
    "lost_reply",
    "drop",
    "truncate",
)
FAULTS_OF_DOWNLOADS = ("corrupt", "extra", "ignore_range", "wrong_range")
FAULTS_OF_JOBS = ("fail", "cancelled", "vanish", "wrong_count", "wrong_size", "no_checksum", "slow")
CODES = ("601", "606", "611", "615")


def faults() -> list[Fault]:
    """Return faults for about one call in a hundred, without end."""
    rare = partial(Fault, times=None, probability=0.001)
    often = partial(Fault, times=None, probability=0.01, seconds=3600)
    return [
        *(rare(kind) for kind in FAULTS_OF_CALLS),
        *(rare("envelope", code=code) for code in CODES),
        *(often(kind, call="file") for kind in FAULTS_OF_DOWNLOADS),
        *(often(kind) for kind in FAULTS_OF_JOBS),
    ]


class CrashingClock(TapClock):
    """A clock that raises an error at a later wait."""

    waits_left = 10**9

    def sleep(self, seconds: float) -> None:
        """Move time forward, or raise an error."""
        self.waits_left -= 1
        if self.waits_left == 0:
            raise SimulatedCrashError
        super().sleep(seconds)


def run_until_crash(tap: TapRunner, generator: random.Random, state: object) -> RunResult:
    """Run until a crash at a random message, or at a random wait."""
    assert isinstance(tap.clock, CrashingClock)
    if generator.random() < 0.5:
        stop_after = generator.randrange(20)
        return tap.run_with_discovery(config=CONFIG, state=state, stop_after=stop_after)
    tap.clock.waits_left = generator.randrange(1, 12)
    run = tap.run_with_discovery(config=CONFIG, state=state)
    tap.clock.waits_left = 10**9
    return run


@pytest.mark.parametrize("keeps_state", [True, False], ids=["tap dies", "pipeline dies"])
@pytest.mark.parametrize("seed", [1, 2])
def test_after_many_faults_and_crashes_all_expected_rows_are_loaded(
    sandbox_clock: SandboxClock, seed: int, *, keeps_state: bool
) -> None:
    generator = random.Random(seed)  # noqa: S311 - not a secret
    with Sandbox(LONG_HISTORY, clock=sandbox_clock, faults=faults()) as sandbox:
        tap = TapRunner(sandbox, CrashingClock(sandbox_clock))
        runs: list[RunResult] = []
        state, crashes = None, 0
        while not runs or runs[-1].error:
            if crashes < CRASHES:
                run = run_until_crash(tap, generator, state)
            else:
                run = tap.run_with_discovery(config=CONFIG, state=state)
            assert run.error is None or isinstance(
                run.error, SimulatedCrashError | MarketoBulkError
            )
            is_crash = isinstance(run.error, SimulatedCrashError)
            crashes += is_crash
            runs.append(run)
            assert len(runs) < MAX_RUNS
            # Tap and target end together: STATE since the last completed run is lost.
            if keeps_state or not is_crash:
                state = run.state or state
        assert crashes >= CRASHES
        assert_complete(sandbox, *runs)
        # Only faults cause a second export of a window.
        completed = [job.status for job in sandbox.jobs if job.number_of_records is not None]
        assert len(completed) < 1.3 * WINDOWS
