"""Waiting between tries, with python-backoff's growth and jitter but a clock of our own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import backoff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.errors import TransientError

logger = logging.getLogger("tap-marketo-bulk.marketo")

LONGEST_PAUSE_SECONDS = 60.0
# With pauses of up to a minute this is some minutes of patience.
TRIES = 11


class Patience:
    """Bounded patience with one thing that fails in passing."""

    def __init__(self, clock: Clock) -> None:
        """Have all patience left."""
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """Have all patience left again, since something came of the last try."""
        self._failures = 0
        self._pauses = growing_pauses()

    def spend(self, error: TransientError, tries: int = TRIES) -> None:
        """Wait before another try: what the error asks for, and a growing, jittered bit more.

        Raises:
            TransientError: This was the last of so many ``tries``.
        """
        self._failures += 1
        if self._failures >= tries:
            error.tries = self._failures
            raise error
        seconds = error.pause_seconds + backoff.full_jitter(next(self._pauses))
        logger.warning("%s Trying again in %.1f s.", error, seconds)
        self._clock.sleep(seconds)


def growing_pauses() -> Iterator[float]:
    """Yield the upper bounds of pauses between tries: 1, 2, 4, ... 60 seconds."""
    pauses = backoff.expo(max_value=LONGEST_PAUSE_SECONDS)
    next(pauses)  # the generator's start, not a pause
    return pauses
