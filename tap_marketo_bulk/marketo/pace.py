"""Marketo's rate limit, kept on our side so that it is not met on theirs."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_marketo_bulk.clock import Clock

# Adobe: 100 calls in 20 seconds for all integrations of a subscription together.
CALLS_PER_PERIOD = 100
# Half a second more, since calls reach Marketo less evenly than they leave here.
PERIOD_SECONDS = 20.5


class Pace:
    """Lets at most 100 calls pass in any 20 seconds; safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        """Start with an empty record of calls."""
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[float] = deque(maxlen=CALLS_PER_PERIOD)

    def keep(self) -> None:
        """Wait until another call is allowed, and count it."""
        with self._lock:
            if len(self._calls) == CALLS_PER_PERIOD:
                early = self._calls[0] + PERIOD_SECONDS - self._clock.monotonic()
                if early > 0:
                    self._clock.sleep(early)
            self._calls.append(self._clock.monotonic())
