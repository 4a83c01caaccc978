"""What a history consists of, and the simulation that plays it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Sandbox, SandboxClock

from .clock import START
from .run import FinishedRun, Run, run_tap
from .subscription import next_late_activity, subscription_options
from .target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .target import State

# The settings of the quiet run: nothing that the subscription has is left out.
WIDEST: Mapping[str, Any] = {
    "start_date": "2025-12-20",
    "lag_minutes": 15,
    "activity_lookback_minutes": 60,
    "on_quota_exceeded": "wait",
    "poll_seconds": 300,
}
_MAX_QUIET_RUNS = 4


@dataclass(frozen=True)
class Wait:
    """A step: time passes.

    Attributes:
        hours: How long.
        late_minutes: Then until so many minutes after the next activity that is stored at least
            ten minutes later than that; without such an activity not longer.
    """

    hours: float = 24
    late_minutes: float | None = None


@dataclass(frozen=True)
class History:
    """Steps, and the subscription in which they happen.

    Attributes:
        seed: The seed of the data set, and of everything else that is random.
        steps: What happens, before the quiet run.
        options: Options of the subscription that are not the usual ones.
        records_per_batch: The size of the batches of the targets.
        state: The state of each pipeline at the beginning.
        quiet_run: The last run; by default it has the widest settings.
        may_pay_twice: Whether the payments are not checked.
    """

    seed: int
    steps: tuple[Run | Wait, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    records_per_batch: int = 1
    state: State | None = None
    quiet_run: Run = field(default_factory=Run)
    may_pay_twice: bool = False


class Simulation:
    """Plays steps one after the other.

    Attributes:
        history: The history that is played.
        sandbox: The subscription.
        targets: The target of each pipeline.
        runs: The runs so far.
    """

    def __init__(self, history: History, sandbox: Sandbox) -> None:
        self.history = history
        self.sandbox = sandbox
        self.targets: dict[str, Target] = {}
        self.runs: list[FinishedRun] = []

    def play(self) -> None:
        """Play all steps, and then the quiet run."""
        for step in self.history.steps:
            if isinstance(step, Wait):
                self.wait(step)
            else:
                self.run(step)
        self._run_quietly()

    def wait(self, step: Wait) -> None:
        """Let time pass."""
        clock = self.sandbox.clock
        clock.advance(step.hours * 3600)
        if step.late_minutes is None:
            return
        seconds = step.late_minutes * 60
        happened_at = next_late_activity(self.sandbox, seconds + 600)
        if happened_at:
            clock.advance((happened_at - clock.now()).total_seconds() + seconds)

    def run(self, step: Run) -> FinishedRun:
        """Run the tap, and load what it writes."""
        target = self.targets.setdefault(
            step.pipeline, Target(self.history.records_per_batch, state=self.history.state)
        )
        settings = {
            name: value for name, value in {**WIDEST, **step.settings}.items() if value is not None
        }
        jobs_before = len(self.sandbox.jobs)
        run = FinishedRun(step, settings, target.state, self.sandbox.clock.now(), jobs_before)
        run_tap(self.sandbox, step, run, lambda: self.run(step.inner).jobs if step.inner else ())
        keeps = step.interruption.keeps if step.interruption and run.was_interrupted else "all"
        messages = target.confirmed(run.messages) if keeps == "confirmed" else run.messages
        target.load(messages, saves_state=step.keeps_state and keeps != "rows")
        self.runs.append(run)
        return run

    def _run_quietly(self) -> None:
        """Run without faults; again if the job of an earlier run will never have a file."""
        for _ in range(_MAX_QUIET_RUNS):
            self.wait(Wait())
            run = self.run(self.history.quiet_run)
            if run.error is None:
                return


def simulated(history: History) -> Simulation:
    """Return a simulation of a history, before its first step; close its ``sandbox`` later."""
    # The waits between attempts are random.
    random.seed(history.seed)
    options = subscription_options(history.seed, **history.options)
    return Simulation(
        history, Sandbox(options, clock=SandboxClock(START, speed=0), serves_http=False)
    )
