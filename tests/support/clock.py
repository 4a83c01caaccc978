"""A clock that makes the tap's waits instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Condition

    from tap_marketo_bulk.sandbox import SandboxClock

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class TapClock:
    """The tap's clock over the sandbox's: waiting moves both, and takes no time.

    Attributes:
        pauses: Every wait, in seconds.
    """

    def __init__(self, sandbox_clock: SandboxClock) -> None:
        """Begin with no wait."""
        self._sandbox_clock = sandbox_clock
        self._started = sandbox_clock.now()
        self.pauses: list[float] = []

    def now(self) -> datetime:
        """Return the sandbox's present."""
        return self._sandbox_clock.now()

    def monotonic(self) -> float:
        """Return the seconds since this clock was made."""
        return (self.now() - self._started) / timedelta(seconds=1)

    def sleep(self, seconds: float) -> None:
        """Move time forward."""
        self.pauses.append(seconds)
        self._sandbox_clock.advance(seconds)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Give other threads a moment to notify; then move time forward."""
        if seconds is None:
            condition.wait()
        elif not condition.wait(0.001):
            # Datetimes have microseconds, so a smaller step would never arrive.
            self.sleep(max(seconds, 0.001))
