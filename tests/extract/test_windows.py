"""Windows lose nothing, and stop where Marketo has settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.extract.windows import Window, horizon, split, whole_second
from tap_marketo_bulk.instants import format_instant

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-6)), timezone(timedelta(hours=5.5))])
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=ZONES)  # noqa: DTZ001 - hypothesis adds the zone
STRETCHES = st.timedeltas(timedelta(days=-1), timedelta(days=800))
LENGTHS = st.timedeltas(timedelta(hours=12), timedelta(days=31))
SECOND = timedelta(seconds=1)


@given(INSTANTS, STRETCHES, LENGTHS)
def test_windows_cover_exactly_what_was_asked_for(
    start: datetime, stretch: timedelta, length: timedelta
) -> None:
    windows = list(split(start, start + stretch, length))
    first, last = whole_second(start), whole_second(start + stretch)
    if first >= last:
        assert not windows
        return
    assert (windows[0].start, windows[-1].end) == (first, last)
    # Neighbours share their boundary second.
    assert all(left.end == right.start for left, right in pairwise(windows))


@given(INSTANTS, STRETCHES, LENGTHS)
def test_every_window_is_one_marketo_takes(
    start: datetime, stretch: timedelta, length: timedelta
) -> None:
    for window in split(start, start + stretch, length):
        assert timedelta() < window.end - window.start <= length
        for instant in (window.start, window.end):
            assert instant.microsecond == 0
            assert instant.tzinfo is UTC


def test_a_window_is_never_shorter_than_a_second() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    windows = list(split(start, start + 3 * SECOND, timedelta(microseconds=1)))
    assert [window.end - window.start for window in windows] == [SECOND] * 3


def test_a_year_by_months_of_marketo_is_twelve_windows() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    assert len(list(split(start, datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=31)))) == 12


def test_a_window_is_written_for_people() -> None:
    window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert str(window) == "2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z"


@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=3)), st.none() | INSTANTS)
def test_reading_stops_before_the_newest_minutes_and_before_the_end(
    now: datetime, lag: timedelta, end: datetime | None
) -> None:
    stop = horizon(now, lag=lag, end=end)
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
def test_instants_are_written_as_marketo_wants_them(instant: datetime, text: str) -> None:
    assert format_instant(instant) == text
