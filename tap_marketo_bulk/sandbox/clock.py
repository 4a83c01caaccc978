"""The sandbox's time: real, scaled, or moved by hand."""

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that starts anywhere and runs at any speed; safe to share between threads.

    ``speed`` is sandbox seconds per real second. At 0 time moves only by :meth:`advance`.
    """

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        self._start = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self._speed = speed
        self._origin = time.monotonic()
        self._advanced_seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present instant, aware and in UTC."""
        with self._lock:
            elapsed = (time.monotonic() - self._origin) * self._speed + self._advanced_seconds
        return self._start + timedelta(seconds=elapsed)

    def advance(self, seconds: float) -> None:
        """Move time forward by ``seconds`` at once."""
        with self._lock:
            self._advanced_seconds += seconds
