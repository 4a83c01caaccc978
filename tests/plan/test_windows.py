"""Windows cover the whole time range up to the horizon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.plan.windows import Window, split, sync_horizon, whole_second
from tap_marketo_bulk.times import format_instant

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-6)), timezone(timedelta(hours=5.5))])
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=ZONES)  # noqa: DTZ001 - hypothesis adds the zone
SPANS = st.timedeltas(timedelta(days=-1), timedelta(days=800))
LENGTHS = st.timedeltas(timedelta(hours=12), timedelta(days=31))
SECOND = timedelta(seconds=1)


@given(INSTANTS, SPANS, LENGTHS)
def test_windows_cover_exactly_the_given_time_range(
    start: datetime, span: timedelta, length: timedelta
) -> None:
    first, last = whole_second(start), whole_second(start + span)
    windows = list(split(Window(first, last), length))
    if first >= last:
        assert not windows
        return
    assert (windows[0].start, windows[-1].end) == (first, last)
    # Neighbours share the second between them.
    assert all(left.end == right.start for left, right in pairwise(windows))


@given(INSTANTS, SPANS, LENGTHS)
def test_every_window_is_a_date_range_that_marketo_accepts(
    start: datetime, span: timedelta, length: timedelta
) -> None:
    for window in split(Window(whole_second(start), whole_second(start + span)), length):
        assert timedelta() < window.end - window.start <= length
        for instant in (window.start, window.end):
            assert instant.microsecond == 0
            assert instant.tzinfo is UTC


def test_a_window_is_never_shorter_than_a_second() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    windows = list(split(Window(start, start + 3 * SECOND), timedelta(microseconds=1)))
    assert [window.end - window.start for window in windows] == [SECOND] * 3


def test_a_year_in_windows_of_31_days_is_twelve_windows() -> None:
    year = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    assert len(list(split(year, timedelta(days=31)))) == 12


def test_a_window_as_text_has_both_instants() -> None:
    window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert str(window) == "2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z"


@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=3)), st.none() | INSTANTS)
def test_the_horizon_is_before_the_lag_and_before_the_end_date(
    now: datetime, lag: timedelta, end: datetime | None
) -> None:
    stop = sync_horizon(now, lag=lag, end=end)
    bounds = [now - lag, *([end] if end else [])]
    assert min(bounds) - SECOND < stop <= min(bounds)
    assert stop.microsecond == 0
    assert stop.tzinfo is UTC


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31T00:00:00Z"),
        (datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC), "2026-01-31T23:59:59Z"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))), "2025-12-31T23:00:00Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_instants_are_formatted_for_marketo(instant: datetime, text: str) -> None:
    assert format_instant(instant) == text
