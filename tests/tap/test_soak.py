"""Two years of windows on a bad day: faults in every call, and a run that dies thirty times."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.clock import TapClock
from tests.support.data_sets import assert_complete
from tests.support.runs import Run, StoppedError, Tap

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import SandboxClock

# Nothing happens in it for twelve days after its birth, and the soak takes three.
LONG = Options(
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
KILLS = 30
MOST_RUNS = 200

# Each call suffers one of these in a hundred.
EVERYWHERE = ("envelope", "http", "html", "not_json", "reset", "lost_reply", "drop", "truncate")
IN_FILES = ("corrupt", "extra", "ignore_range", "wrong_range")
OF_JOBS = ("fail", "cancelled", "vanish", "wrong_count", "wrong_size", "no_checksum", "slow")
CODES = ("601", "606", "611", "615")


def faults() -> list[Fault]:
    """Return what goes wrong in about one call in a hundred, for ever."""
    rare = partial(Fault, times=None, probability=0.001)
    often = partial(Fault, times=None, probability=0.01, seconds=3600)
    return [
        *(rare(kind) for kind in EVERYWHERE),
        *(rare("envelope", code=code) for code in CODES),
        *(often(kind, call="file") for kind in IN_FILES),
        *(often(kind) for kind in OF_JOBS),
    ]


class MortalClock(TapClock):
    """A clock that breaks after so many waits."""

    waits_left = 10**9

    def sleep(self, seconds: float) -> None:
        """Move time forward, or break."""
        self.waits_left -= 1
        if self.waits_left == 0:
            raise StoppedError
        super().sleep(seconds)


def go_on(state: object) -> dict[str, object]:
    return {"config": CONFIG, "state": state}


def doomed(tap: Tap, chance: random.Random, state: object) -> Run:
    """Run until it dies of a crash while writing, or of one out of nowhere while waiting."""
    assert isinstance(tap.clock, MortalClock)
    if chance.random() < 0.5:
        return tap.attempt(**go_on(state), stop_after=chance.randrange(20))
    tap.clock.waits_left = chance.randrange(1, 12)
    run = tap.attempt(**go_on(state))
    tap.clock.waits_left = 10**9
    return run


@pytest.mark.parametrize("seed", [1, 2])
def test_a_soak_ends_with_the_truth(sandbox_clock: SandboxClock, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    with Sandbox(LONG, clock=sandbox_clock, faults=faults()) as sandbox:
        tap = Tap(sandbox, MortalClock(sandbox_clock))
        runs: list[Run] = []
        state, kills = None, 0
        while not runs or runs[-1].error:
            run = doomed(tap, chance, state) if kills < KILLS else tap.attempt(**go_on(state))
            assert run.error is None or isinstance(run.error, StoppedError | MarketoBulkError)
            kills += isinstance(run.error, StoppedError)
            runs.append(run)
            assert len(runs) < MOST_RUNS
            state = run.state or state
        assert kills >= KILLS
        assert_complete(sandbox, *runs)
        # Only faults made Marketo work again: at most one job of theirs in the queue each.
        ended = [job.status for job in sandbox.jobs if job.number_of_records is not None]
        assert len(ended) < 1.3 * WINDOWS
