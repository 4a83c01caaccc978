"""Clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_marketo_bulk.times import StepTakingClock, SystemClock

if TYPE_CHECKING:
    from tests.support.clock import TapClock


def test_now_is_the_current_time_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_waits_take_the_given_seconds() -> None:
    clock = SystemClock()
    started = clock.monotonic()
    clock.sleep(0.01)
    assert clock.monotonic() - started >= 0.01


def test_during_the_waits_of_a_clock_something_else_is_done(clock: TapClock) -> None:
    working, done = StepTakingClock(clock), list[float]()
    working.sleep(5)
    working.work_for = done.append
    working.sleep(7)
    assert (clock.pauses, done) == ([5], [7])
    assert (working.now(), working.monotonic()) == (clock.now(), clock.monotonic())
