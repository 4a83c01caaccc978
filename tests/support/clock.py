"""Clocks whose waits take no real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.times import SystemClock

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import SandboxClock

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class TapClock:
    """The clock of the tap and of its sandbox: a wait moves the time forward at once.

    Attributes:
        pauses: Every wait, in seconds.
    """

    def __init__(self, sandbox_clock: SandboxClock) -> None:
        """Start at the sandbox's time, without waits."""
        self._sandbox_clock = sandbox_clock
        self._started = sandbox_clock.now()
        self.pauses: list[float] = []

    def now(self) -> datetime:
        """Return the sandbox's time."""
        return self._sandbox_clock.now()

    def monotonic(self) -> float:
        """Return the seconds since this clock was created."""
        return (self.now() - self._started) / timedelta(seconds=1)

    def sleep(self, seconds: float) -> None:
        """Move time forward."""
        self.pauses.append(seconds)
        self._sandbox_clock.advance(seconds)


class NoWaitClock(SystemClock):
    """Real time, but without waits between attempts."""

    def sleep(self, seconds: float) -> None:
        """Return at once."""
