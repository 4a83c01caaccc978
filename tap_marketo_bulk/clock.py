"""Time as a parameter: everything that waits is handed a clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threading import Condition


class Clock(Protocol):
    """What the tap needs of time."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring waits."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds."""
        ...

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait until the condition, whose lock is held, is notified, or this long at most."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds of real time."""
        time.sleep(seconds)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait for a notification, or this many seconds of real time."""
        condition.wait(seconds)
