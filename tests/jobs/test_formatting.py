"""The formatting of sizes and times as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tap_marketo_bulk.jobs import formatting


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (12_345_678, "12.3 MB"),
        (500_000_000, "500.0 MB"),
        (2.5e9, "2.5 GB"),
        (3e12, "3000.0 GB"),
    ],
)
def test_a_size_has_a_decimal_unit(count: float, text: str) -> None:
    assert formatting.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3900, "1 h 05 min"),
        (86_399, "23 h 59 min"),
        (183_600, "2 d 03 h"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_an_instant_is_shown_in_utc() -> None:
    instant = datetime(2026, 2, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert formatting.instant(instant) == "2026-01-31 23:00:00"
    assert formatting.instant(instant.astimezone(UTC)) == "2026-01-31 23:00:00"
    assert formatting.instant(None) == ""


def test_a_count_has_the_singular_or_plural_of_its_noun() -> None:
    assert [formatting.count(n, "job") for n in (0, 1, 1234)] == ["0 jobs", "1 job", "1,234 jobs"]


def test_what_is_not_known_is_an_empty_text() -> None:
    assert [formatting.optional_duration(each) for each in (None, 0, 60)] == ["", "0 s", "1 min"]
    assert [formatting.optional_number(each) for each in (None, 0, 1234)] == ["", "0", "1,234"]
