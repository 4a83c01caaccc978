"""The daily quota is reset at midnight US Central."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.exports.quota import (
    US_CENTRAL,
    PastExports,
    QuotaUsage,
    day_start,
    next_reset,
    quota_day,
    retry_after_quota,
)


@pytest.mark.parametrize(
    ("now", "reset"),
    [
        ("2026-01-15T12:00:00Z", "2026-01-16T06:00:00Z"),
        ("2026-07-15T12:00:00Z", "2026-07-16T05:00:00Z"),
        ("2026-01-15T05:59:59Z", "2026-01-15T06:00:00Z"),
        ("2026-01-15T06:00:00Z", "2026-01-16T06:00:00Z"),
        # The days on which clocks are put forward and back.
        ("2026-03-08T06:30:00Z", "2026-03-09T05:00:00Z"),
        ("2026-11-01T05:30:00Z", "2026-11-02T06:00:00Z"),
    ],
)
def test_the_reset_is_at_midnight_us_central(now: str, reset: str) -> None:
    assert next_reset(datetime.fromisoformat(now)) == datetime.fromisoformat(reset)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_the_reset_is_the_next_midnight(now: datetime) -> None:
    reset = next_reset(now)
    local = reset.astimezone(US_CENTRAL)
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    assert timedelta(0) < reset - now <= timedelta(hours=25)
    assert local.date() == now.astimezone(US_CENTRAL).date() + timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "retry"),
    [
        ("2026-03-01T05:00:00Z", "2026-03-01T06:00:00Z"),
        # A quota that is still used up shortly after the reset is tried again soon.
        ("2026-03-01T06:06:00Z", "2026-03-01T06:11:00Z"),
        ("2026-03-01T06:36:00Z", "2026-03-02T06:00:00Z"),
    ],
    ids=["before", "shortly after", "long after"],
)
def test_a_used_up_quota_is_tried_again_at_the_reset_or_soon_after_it(now: str, retry: str) -> None:
    assert retry_after_quota(datetime.fromisoformat(now)) == datetime.fromisoformat(retry)


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        # The days on which clocks are put forward and back.
        (date(2026, 3, 8), "2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z"),
        (date(2026, 11, 1), "2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"),
    ],
)
def test_the_day_and_the_reset_follow_daylight_saving_time(day: date, start: str, end: str) -> None:
    begin = datetime.fromisoformat(start)
    assert day_start(day) == begin
    assert quota_day(begin) == day
    assert PastExports().usage_of_day(day).reset == datetime.fromisoformat(end)


def test_a_quota_that_is_used_up_has_nothing_left() -> None:
    usage = QuotaUsage(120, 1, 100, datetime(2026, 1, 16, 6, tzinfo=UTC))
    assert usage.share == pytest.approx(1.2)
    assert usage.remaining_bytes == 0
    assert QuotaUsage(25, 1, 100, usage.reset).remaining_bytes == 75
