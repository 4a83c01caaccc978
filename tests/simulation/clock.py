"""The simulated clock: a wait takes no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Condition

    from tap_marketo_bulk.sandbox import SandboxClock

START = datetime(2026, 3, 1, tzinfo=UTC)
# The longest run is one that waits for the daily quota again and again.
_MAX_DAYS = 60


class EndlessRunError(BaseException):
    """A run waits without end."""


class SimulatedClock:
    """The clock of one run of the tap, which moves the clock of the sandbox.

    ``ahead_seconds`` is how far it is ahead of the sandbox's clock.
    """

    def __init__(self, sandbox_clock: SandboxClock, ahead_seconds: float = 0.0) -> None:
        self._sandbox_clock = sandbox_clock
        self._ahead = timedelta(seconds=ahead_seconds)
        self._started_at = sandbox_clock.now()

    def now(self) -> datetime:
        """Return the time of the tap's machine."""
        return self._sandbox_clock.now() + self._ahead

    def monotonic(self) -> float:
        """Return the seconds since the run began."""
        return (self._sandbox_clock.now() - self._started_at).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Move the time forward; raises ``EndlessRunError`` after many days."""
        if self.monotonic() > _MAX_DAYS * 86_400:
            raise EndlessRunError
        # The time has a resolution of microseconds: a shorter step would not move it.
        self._sandbox_clock.advance(max(seconds, 0.001))

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait a millisecond for a notification; without one, move the time forward."""
        if seconds is None:
            condition.wait()
        elif not condition.wait(0.001):
            self.sleep(seconds)
