"""How often and after which waits a failed call is repeated.

python-backoff provides exponential growth and jitter; the waits go through the clock parameter.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import backoff

from tap_marketo_bulk.errors import InternalServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.errors import TransientError

logger = logging.getLogger("tap-marketo-bulk.marketo")

MAX_WAIT_SECONDS = 60.0
# With waits of up to a minute this is some minutes in all.
MAX_ATTEMPTS = 11
# Marketo also answers a badly formed URL with HTTP 500, which no wait corrects.
MAX_ATTEMPTS_AFTER_HTTP_500 = 5


class RetryBudget:
    """Counts the failed attempts of one operation and waits between them."""

    def __init__(self, clock: Clock) -> None:
        """Begin with all attempts available."""
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Make all attempts available again, because the operation progressed."""
        self._failures = 0
        self._waits = backoff_bounds()

    def wait_before_retry(self, error: TransientError, max_attempts: int = MAX_ATTEMPTS) -> None:
        """Wait as long as the error demands, plus a growing wait with jitter.

        Raises:
            TransientError: ``error``, where this was the last of ``max_attempts``.
        """
        self._failures += 1
        if isinstance(error, InternalServerError):
            max_attempts = min(max_attempts, MAX_ATTEMPTS_AFTER_HTTP_500)
        if self._failures >= max_attempts:
            error.attempts = self._failures
            raise error
        seconds = error.min_wait_seconds + backoff.full_jitter(next(self._waits))
        logger.warning("%s; retrying in %.1f s.", error.problem, seconds)
        self._clock.sleep(seconds)


def backoff_bounds() -> Iterator[float]:
    """Yield the upper bounds of the waits between attempts: 1, 2, 4, ... 60 seconds."""
    bounds = backoff.expo(max_value=MAX_WAIT_SECONDS)
    next(bounds)  # the first value starts the generator and is not a wait
    return bounds
