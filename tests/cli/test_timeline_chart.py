"""The timeline as it is drawn: with colors, with letters, and in all widths."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tap_marketo_bulk.cli.console import write
from tap_marketo_bulk.cli.timeline import make_timeline, timeline_renderable
from tap_marketo_bulk.marketo.exports import JobStatus
from tests.support.past_job import past_job
from tests.support.terminal import terminal, without_codes, written

NOW = datetime(2026, 1, 16, 0, tzinfo=UTC)
JOBS = [
    past_job("a", started="06:00:00", finished="09:00:00", size=30_000_000),
    past_job("b", started="09:00:00", finished="10:20:00", status=JobStatus.FAILED),
    past_job("c", started="06:00:00", finished="08:00:00", path="activities"),
    past_job("d", started="08:00:00", finished="09:15:00", path="activities", size=90_000_000),
]
LAST = "Marketo shows each API user their own jobs only"


def drawn(width: int, *, has_colors: bool) -> list[str]:
    console = terminal(width)
    write(
        console, timeline_renderable(make_timeline(JOBS, NOW, 7, 100), width, has_colors=has_colors)
    )
    return [line.rstrip() for line in without_codes(written(console)).splitlines()]


def test_letters_show_the_objects_where_there_are_no_colors() -> None:
    assert drawn(60, has_colors=False)[:5] == [
        "day   slot 00    06    12    18     busy       exported",
        "01-15    1 AAAa..............        18%    120 MB 120%",
        "         2 LLLXx.............        24% ━━━━━━━━━━━━━━",
        "",
        "A activities   L leads   X failed or cancelled   . idle",
    ]


def test_blocks_show_the_used_part_of_each_cell() -> None:
    lines = drawn(60, has_colors=True)
    assert lines[1].startswith("01-15    1 ███▒·")
    assert lines[2].startswith("         2 ████▒·")
    assert lines[4] == "█ activities   █ leads   █ failed or cancelled   · idle"


@pytest.mark.parametrize(
    ("width", "hours"), [(70, 24), (80, 48), (110, 72), (130, 96), (180, 144), (999, 144)]
)
def test_a_wider_terminal_gets_more_cells(width: int, hours: int) -> None:
    lines = drawn(width, has_colors=False)
    assert max(map(len, lines[:4])) <= width
    # Three quarters of the day are over.
    assert sum(lines[1].count(each) for each in "Aa.") - lines[1].count(".0") == hours * 3 // 4


def test_objects_with_the_same_letters_get_others() -> None:
    paths = ["customobjects/aa_c", "a", "program/members", "customobjects/4", "x"]
    jobs = [
        past_job(path, path=path, started=f"{hour:02}:00:00", finished=f"{hour:02}:59:00")
        for hour, path in enumerate(paths, start=6)
    ]
    console = terminal(200)
    write(console, timeline_renderable(make_timeline(jobs, NOW, 7, 100), 200, has_colors=False))
    lines = without_codes(written(console)).splitlines()
    assert lines[4].split() == [
        *("A", "a", "B", "customobjects/4", "C", "customobjects/aa_c", "M", "program/members"),
        *("D", "x", "X", "failed", "or", "cancelled", ".", "idle"),
    ]


def test_more_objects_than_letters_share_a_question_mark() -> None:
    jobs = [
        past_job(str(each), path=str(each), started="07:00:00", finished="08:00:00")
        for each in range(30)
    ]
    console = terminal(400)
    write(console, timeline_renderable(make_timeline(jobs, NOW, 7, 100), 400, has_colors=False))
    assert "Z 4   ? 5" in without_codes(written(console))


def test_a_day_that_begins_now_is_not_busy() -> None:
    midnight = datetime(2026, 1, 15, 6, tzinfo=UTC)
    job = past_job("a", started="05:00:00", finished="06:00:00")
    console = terminal(100)
    write(
        console, timeline_renderable(make_timeline([job], midnight, 1, 100), 100, has_colors=False)
    )
    lines = without_codes(written(console)).splitlines()
    assert lines[1].split() == ["01-15", "1", "0%", "0", "MB", "0%"]


def test_the_notes_name_the_time_zone_and_the_jobs_that_are_missing() -> None:
    console = terminal(200)
    found = make_timeline([*JOBS, past_job("e")], NOW, 7, 100)
    write(console, timeline_renderable(found, 200, has_colors=True))
    notes = [line.rstrip() for line in without_codes(written(console)).splitlines()[-3:]]
    assert notes[0] == (
        "Days and hours are those of US Central time: the daily quota, here 100 MB, is reset at "
        "00:00 (06:00 UTC)."
    )
    assert notes[1].startswith(LAST)
    assert notes[2] == (
        "Marketo did not report when 1 job began and ended; the chart does not show them."
    )
