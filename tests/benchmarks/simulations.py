"""Runs with a simulated clock: the time and the calls of a backfill, also with a slow target."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.runs import CollectingWriter, TapRunner

if TYPE_CHECKING:
    from datetime import datetime


JOB_SECONDS = 600.0
SLOTS = 2
PIPE_BYTES = 64 * 1024
# A target that loads its batches: it reads for one second of this many, and so many bytes.
CYCLE_SECONDS = 30.0
BYTES_PER_CYCLE = 500_000


class SlowTarget(CollectingWriter):
    """Blocks while the pipe to the target is full.

    Attributes:
        blocked_seconds: How long it has blocked.
    """

    def __init__(self, clock: TapClock) -> None:
        super().__init__()
        self._clock = clock
        self._room, self._cycles = PIPE_BYTES, 0
        self.blocked_seconds = 0.0

    def write_message(self, message: Any) -> None:  # noqa: ANN401 - any Singer message
        """Write a message when there is room for it."""
        self._read()
        self._room -= len(self.format_message(message))
        while self._room < 0:
            seconds = CYCLE_SECONDS - self._clock.monotonic() % CYCLE_SECONDS
            self.blocked_seconds += seconds
            self._clock.sleep(seconds)
            self._read()
        super().write_message(message)

    def _read(self) -> None:
        cycles = int(self._clock.monotonic() // CYCLE_SECONDS)
        read = (cycles - self._cycles) * BYTES_PER_CYCLE
        self._room = min(self._room + read, PIPE_BYTES + BYTES_PER_CYCLE)
        self._cycles = cycles


@dataclass(frozen=True)
class BackfillResult:
    """The result of a simulated first run; its times are seconds of the simulated clock."""

    jobs: int
    calls: Counter[str]
    megabytes: float
    most_in_queue: int
    seconds: float
    blocked_seconds: float

    @property
    def bound_seconds(self) -> float:
        """The time that two slots need if they are always busy."""
        return self.jobs * JOB_SECONDS / SLOTS

    @property
    def ratio(self) -> float:
        """The time of the run, as a multiple of the bound."""
        return self.seconds / self.bound_seconds


def backfill(months: int, *, rows: int = 500, has_slow_target: bool = False) -> BackfillResult:
    """Export leads and activities of some months; Marketo takes ten minutes for each job.

    Args:
        months: The months.
        rows: The number of leads, and half of the number of activities.
        has_slow_target: Whether the target blocks most of the time.
    """
    clock = SandboxClock(NOW, speed=0)
    options = Options(
        leads=rows,
        activities=2 * rows,
        history_days=31 * months,
        job_seconds=JOB_SECONDS,
        status_seconds=60,
    )
    start: datetime = NOW - timedelta(days=31 * months)
    with Sandbox(options, clock=clock) as sandbox:
        tap_clock = TapClock(clock)
        target = SlowTarget(tap_clock) if has_slow_target else CollectingWriter()
        runner = TapRunner(sandbox, tap_clock, {"start_date": start.isoformat()})
        runner.make_tap(writer=target).sync_all()
        return BackfillResult(
            jobs=len(sandbox.jobs),
            calls=Counter(call.name for call in sandbox.calls),
            megabytes=sum(job.file_size or 0 for job in sandbox.jobs) / 1e6,
            most_in_queue=sandbox.peak_in_queue,
            seconds=(clock.now() - NOW) / timedelta(seconds=1),
            blocked_seconds=target.blocked_seconds if isinstance(target, SlowTarget) else 0,
        )


def calls_without_new_rows(tap: TapRunner) -> Counter[str]:
    """Run twice on a subscription without new rows; return the calls of the second run."""
    catalog: Any = tap.discover()
    first = tap.run(catalog=catalog)
    before = len(tap.sandbox.calls)
    tap.run(catalog=catalog, state=first.state)
    return Counter(call.name for call in tap.sandbox.calls[before:])
