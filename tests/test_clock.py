"""The system clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from tap_marketo_bulk.times import SystemClock


def test_now_is_the_current_time_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_waits_take_the_given_seconds() -> None:
    clock, condition = SystemClock(), threading.Condition()
    started = clock.monotonic()
    clock.sleep(0.01)
    with condition:
        clock.wait(condition, 0.01)
    assert clock.monotonic() - started >= 0.02
