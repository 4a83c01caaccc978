"""Quantities as short texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tap_marketo_bulk.texts import count, duration, megabytes, short_id, short_instant


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
        (1_234_000_000, "1,234 MB"),
    ],
)
def test_a_size_has_the_precision_that_people_need(size: int, text: str) -> None:
    assert megabytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (40.9, "41 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (3540, "59 min"),
        (3599, "1 h 00 min"),
        (11_100, "3 h 05 min"),
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


def test_a_short_id_is_the_beginning_of_the_id() -> None:
    assert short_id("8f3265a2-1111-2222-3333-444455556666") == "8f3265a2"
