"""Runs with a simulated clock: the time of a backfill, and the calls of a run without new rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.runs import TapRunner

if TYPE_CHECKING:
    from datetime import datetime

JOB_SECONDS = 600.0
SLOTS = 2


@dataclass(frozen=True)
class BackfillResult:
    """The result of a simulated first run; its times are seconds of the simulated clock."""

    jobs: int
    calls: Counter[str]
    megabytes: float
    most_in_queue: int
    seconds: float

    @property
    def bound_seconds(self) -> float:
        """The time that two slots need if they are always busy."""
        return self.jobs * JOB_SECONDS / SLOTS

    @property
    def ratio(self) -> float:
        """The time of the run, as a multiple of the bound."""
        return self.seconds / self.bound_seconds


def backfill(months: int) -> BackfillResult:
    """Export leads and activities of some months; Marketo takes ten minutes for each job."""
    clock = SandboxClock(NOW, speed=0)
    options = Options(
        leads=500,
        activities=1000,
        history_days=31 * months,
        job_seconds=JOB_SECONDS,
        status_seconds=60,
    )
    start: datetime = NOW - timedelta(days=31 * months)
    with Sandbox(options, clock=clock) as sandbox:
        run = TapRunner(sandbox, TapClock(clock), {"start_date": start.isoformat()}).run()
        if run.error:
            raise run.error
        return BackfillResult(
            jobs=len(sandbox.jobs),
            calls=Counter(call.name for call in sandbox.calls),
            megabytes=sum(job.file_size or 0 for job in sandbox.jobs) / 1e6,
            most_in_queue=sandbox.peak_in_queue,
            seconds=(clock.now() - NOW) / timedelta(seconds=1),
        )


def calls_without_new_rows(tap: TapRunner) -> Counter[str]:
    """Run twice on a subscription without new rows; return the calls of the second run."""
    catalog: Any = tap.discover()
    first = tap.run(catalog=catalog)
    before = len(tap.sandbox.calls)
    tap.run(catalog=catalog, state=first.state)
    return Counter(call.name for call in tap.sandbox.calls[before:])
