"""Tables, sizes and times as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tap_marketo_bulk.jobs import formatting


def test_a_table_is_as_wide_as_it_must_be() -> None:
    rows = [("a", "1,000", "x"), ("long name", "2", "")]
    assert formatting.table(("name", "bytes", "note"), rows, {"bytes"}).splitlines() == [
        "name       bytes  note",
        "a          1,000  x",
        "long name      2",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert formatting.table(("name", "bytes"), [], {"bytes"}) == "name  bytes"


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
def test_sizes(count: float, text: str) -> None:
    assert formatting.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3900, "1 h 05 min"),
        (86_399, "23 h 59 min"),
        (183_600, "2 d 03 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_instants_are_in_utc() -> None:
    moment = datetime(2026, 2, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert formatting.instant(moment) == "2026-01-31 23:00:00"
    assert formatting.instant(moment.astimezone(UTC)) == "2026-01-31 23:00:00"
    assert formatting.instant(None) == ""


def test_counts() -> None:
    assert [formatting.count(n, "job") for n in (0, 1, 1234)] == ["0 jobs", "1 job", "1,234 jobs"]


def test_paragraphs_fit_a_terminal() -> None:
    lines = formatting.paragraph("word " * 50).splitlines()
    assert max(map(len, lines)) <= 79
    assert len(lines) > 3
