"""Counts, sizes, durations, instants and ids as short texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tap_marketo_bulk.texts import (
    count,
    duration,
    megabytes,
    short_id,
    short_instant,
    table_instant,
)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1234, "1,234 jobs")]
)
def test_a_count_has_its_noun_in_the_right_number(number: int, text: str) -> None:
    assert count(number, "job") == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 MB"),
        (1, "1 kB"),
        (12_400, "12 kB"),
        (99_000, "99 kB"),
        (100_000, "0.1 MB"),
        (9_940_000, "9.9 MB"),
        (38_400_000, "38 MB"),
        (500_000_000, "500 MB"),
        (1_234_000_000, "1,234 MB"),
        (2.5e9, "2,500 MB"),
    ],
)
def test_a_size_has_the_precision_that_people_need(size: float, text: str) -> None:
    assert megabytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (40.9, "41 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (3540, "59 min"),
        (3599, "1 h 00 min"),
        (11_100, "3 h 05 min"),
        (86_369, "23 h 59 min"),
        (86_370, "1 d 00 h"),
        (183_600, "2 d 03 h"),
    ],
)
def test_a_duration_has_the_precision_that_people_need(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_instant_at_midnight_utc_is_a_date() -> None:
    midnight = datetime(2026, 1, 25, tzinfo=UTC)
    assert short_instant(midnight) == "2026-01-25"
    assert short_instant(midnight + timedelta(minutes=5)) == "2026-01-25T00:05:00Z"
    elsewhere = datetime(2026, 1, 25, tzinfo=timezone(timedelta(hours=-6)))
    assert short_instant(elsewhere) == "2026-01-25T06:00:00Z"


def test_an_instant_of_a_table_is_in_utc_whatever_its_time_zone() -> None:
    instant = datetime(2026, 2, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert table_instant(instant) == "2026-01-31 23:00:00"
    assert table_instant(instant.astimezone(UTC)) == "2026-01-31 23:00:00"


def test_a_short_id_is_the_beginning_of_the_id() -> None:
    assert short_id("8f3265a2-1111-2222-3333-444455556666") == "8f3265a2"
