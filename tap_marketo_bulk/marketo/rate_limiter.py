"""The client's side of Marketo's rate limit, so that calls do not fail with 606."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

from tap_marketo_bulk.marketo.limits import CALL_PERIOD_SECONDS, CALLS_PER_PERIOD

if TYPE_CHECKING:
    from tap_marketo_bulk.clock import Clock

logger = logging.getLogger("tap-marketo-bulk.marketo")

# Calls do not arrive at Marketo at exactly the intervals at which they are sent.
PERIOD_SECONDS = CALL_PERIOD_SECONDS + 0.5
# Shorter waits are not logged, and longer ones not more often than this.
_LOGGED_WAIT_SECONDS = 1.0
_LOG_INTERVAL_SECONDS = 60.0


class RateLimiter:
    """Allows at most 100 calls in any 20 seconds; safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        """Begin without any call counted."""
        self._clock = clock
        self._lock = threading.Lock()
        self._call_times: deque[float] = deque(maxlen=CALLS_PER_PERIOD)
        self._next_message = clock.monotonic()

    def acquire(self) -> None:
        """Wait until another call is allowed, and count it."""
        with self._lock:
            if len(self._call_times) == CALLS_PER_PERIOD:
                wait_seconds = self._call_times[0] + PERIOD_SECONDS - self._clock.monotonic()
                if wait_seconds > 0:
                    self._log_wait(wait_seconds)
                    self._clock.sleep(wait_seconds)
            self._call_times.append(self._clock.monotonic())

    def _log_wait(self, seconds: float) -> None:
        now = self._clock.monotonic()
        if seconds > _LOGGED_WAIT_SECONDS and now >= self._next_message:
            self._next_message = now + _LOG_INTERVAL_SECONDS
            logger.info(
                "Waiting %.0f s before the next call: Marketo accepts %d calls in %d s",
                seconds,
                CALLS_PER_PERIOD,
                CALL_PERIOD_SECONDS,
            )
