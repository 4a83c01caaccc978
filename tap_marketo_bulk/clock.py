"""The clock: everything that waits takes one as a parameter, so that tests need no real waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threading import Condition


class Clock(Protocol):
    """The present, and ways to wait."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never decrease, to measure waits with."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds."""
        ...

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait until the condition is notified, at most ``seconds``; its lock must be held."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never decrease."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds of real time."""
        time.sleep(seconds)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait for a notification, or this many seconds of real time."""
        condition.wait(seconds)
