"""The client keeps to Marketo's rate limit, and says when that takes time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.marketo.limits import CALLS_PER_PERIOD
from tap_marketo_bulk.marketo.transport import PERIOD_SECONDS, RateLimiter

if TYPE_CHECKING:
    from tests.support.clock import TapClock


@pytest.fixture
def limiter(clock: TapClock, caplog: pytest.LogCaptureFixture) -> RateLimiter:
    caplog.set_level(logging.INFO)
    return RateLimiter(clock)


def acquire(limiter: RateLimiter, calls: int) -> None:
    for _ in range(calls):
        limiter.acquire()


def test_the_calls_of_a_period_do_not_wait(
    limiter: RateLimiter, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    acquire(limiter, CALLS_PER_PERIOD)
    assert clock.pauses == []
    assert caplog.messages == []


def test_the_next_call_waits_for_the_end_of_the_period_and_says_so(
    limiter: RateLimiter, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    acquire(limiter, 1)
    clock.sleep(5)
    acquire(limiter, CALLS_PER_PERIOD)
    assert clock.pauses == [5, PERIOD_SECONDS - 5]
    assert caplog.messages == [
        "Waiting 16 s before the next call: Marketo accepts 100 calls in 20 s"
    ]
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_a_wait_of_a_second_is_not_logged(
    limiter: RateLimiter, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    acquire(limiter, 1)
    clock.sleep(PERIOD_SECONDS - 1)
    acquire(limiter, CALLS_PER_PERIOD)
    assert len(clock.pauses) == 2
    assert caplog.messages == []


def test_long_waits_are_logged_once_a_minute_at_most(
    limiter: RateLimiter, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    acquire(limiter, 6 * CALLS_PER_PERIOD)
    assert len([pause for pause in clock.pauses if pause > 1]) == 5
    assert len(caplog.messages) == 2
