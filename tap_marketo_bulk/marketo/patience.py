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

LONGEST_PAUSE_SECONDS = 60


def growing_pauses() -> Iterator[float]:
    """Yield the upper bounds of pauses between tries: 1, 2, 4, ... 60 seconds."""
    pauses = backoff.expo(max_value=LONGEST_PAUSE_SECONDS)
    next(pauses)  # the generator's start, not a pause
    return pauses


def pause(clock: Clock, error: TransientError, pauses: Iterator[float]) -> None:
    """Wait before another try: what the error asks for, and a growing, jittered bit more."""
    seconds = error.pause_seconds + backoff.full_jitter(next(pauses))
    logger.warning("%s; trying again in %.1f s.", str(error).rstrip("."), seconds)
    clock.sleep(seconds)
