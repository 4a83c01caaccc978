"""Marketo's day ends at midnight in the middle of the United States."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.extract.quota import US_CENTRAL, next_reset


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
def test_the_reset_is_midnight_there(now: str, reset: str) -> None:
    assert next_reset(datetime.fromisoformat(now)) == datetime.fromisoformat(reset)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_the_reset_is_the_next_midnight_and_no_other(now: datetime) -> None:
    reset = next_reset(now)
    local = reset.astimezone(US_CENTRAL)
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    assert timedelta(0) < reset - now <= timedelta(hours=25)
    assert local.date() == now.astimezone(US_CENTRAL).date() + timedelta(days=1)
