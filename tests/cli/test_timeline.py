"""The timeline: which job was in which slot, and when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.cli.timeline import make_timeline, timeline_cells
from tap_marketo_bulk.marketo.exports import JobStatus
from tests.support.past_job import past_job

if TYPE_CHECKING:
    from tap_marketo_bulk.cli.reports import PastJob
    from tap_marketo_bulk.cli.timeline import Timeline

# 06:00 in US Central time.
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def timeline(*jobs: PastJob, now: datetime = NOON, days: int = 7) -> Timeline:
    return make_timeline(jobs, now, days, 100)


def ids(found: Timeline, day: int = -1) -> list[list[str]]:
    return [[each.job.job.export_id for each in slot] for slot in found.days[day].slots]


@pytest.mark.parametrize(
    ("spans", "slots"),
    [
        # In any order.
        (["d 09:00 09:30", "c 08:00 09:30", "b 07:30 09:00", "a 07:00 08:00"], ["ac", "bd"]),
        # The third job begins a minute before a slot becomes free.
        (["a 07:00 08:00", "b 07:00 09:00", "c 07:59 08:30"], ["ac", "b"]),
        (["a 07:00 08:00", "b 07:00 08:00", "c 07:00 08:00"], ["a", "b", "c"]),
    ],
    ids=["at the same time", "a little early", "more than two at the same time"],
)
def test_jobs_are_in_the_slot_that_becomes_free_first(spans: list[str], slots: list[str]) -> None:
    jobs = [
        past_job(name, started=f"{start}:00", finished=f"{end}:00")
        for name, start, end in map(str.split, spans)
    ]
    assert ids(timeline(*jobs)) == [list(slot) for slot in slots]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=12))
def test_each_job_is_in_one_slot_and_no_slot_has_two_at_once(spans: list[tuple[int, int]]) -> None:
    jobs = [
        past_job(
            str(number), started=f"{7 + hour:02}:00:00", finished=f"{7 + hour + more:02}:30:00"
        )
        for number, (hour, more) in enumerate(spans)
    ]
    found = timeline(*jobs, now=NOON + timedelta(hours=6))
    assert sorted(each for slot in ids(found) for each in slot) == sorted(
        map(str, range(len(jobs)))
    )
    for slot in found.days[-1].slots:
        assert all(before.end <= each.start for before, each in pairwise(slot))
        assert [each.number for each in slot] == list(range(len(slot)))


def test_a_day_is_one_of_the_daily_quota() -> None:
    before = past_job("a", started="05:00:00", finished="05:59:00", size=10_000_000)
    across = past_job("b", started="05:30:00", finished="06:30:00", size=20_000_000)
    found = timeline(before, across)
    assert [day.day for day in found.days] == [date(2026, 1, 14), date(2026, 1, 15)]
    assert [ids(found, day) for day in (0, 1)] == [[["a"], ["b"]], [[], ["b"]]]
    assert [day.usage.used_bytes for day in found.days] == [10_000_000, 20_000_000]
    assert found.days[0].end == found.days[1].start == datetime(2026, 1, 15, 6, tzinfo=UTC)
    minutes = [
        [day.busy_time(slot) // timedelta(minutes=1) for slot in (0, 1)] for day in found.days
    ]
    assert minutes == [[59, 30], [0, 30]]


def test_days_without_a_job_are_shown_after_the_first_with_one() -> None:
    old = past_job("a", started="2026-01-12T12:00:00Z", finished="2026-01-12T13:00:00Z")
    assert [day.day.day for day in timeline(old).days] == [12, 13, 14, 15]
    assert [day.day.day for day in timeline(old, days=2).days] == [14, 15]
    assert timeline(old, days=2).object_paths == ()
    assert timeline(old).object_paths == ("leads",)
    assert [day.day.day for day in timeline().days] == [15]


def test_a_job_that_is_processed_ends_at_the_present() -> None:
    found = timeline(past_job("a", status=JobStatus.PROCESSING, started="11:00:00"))
    assert found.days[-1].busy_time(0) == timedelta(hours=1)


def test_jobs_without_times_are_counted() -> None:
    jobs = [
        past_job("a"),
        past_job("b", status=JobStatus.PROCESSING),
        past_job("c", status=JobStatus.CANCELLED, started="11:00:00"),
        # These were not processed.
        past_job("d", status=JobStatus.CANCELLED),
        past_job("e", status=JobStatus.QUEUED),
    ]
    found = timeline(*jobs)
    assert ids(found) == [[], []]
    assert found.without_times == 3


def busy_parts(found: Timeline, slot: int = 0) -> list[float | None]:
    cells = timeline_cells(found.days[-1], slot, 24, found.now)
    return [None if each.busy is None else round(each.busy, 2) for each in cells]


def test_cells_have_the_part_of_their_time_that_was_used() -> None:
    job = past_job("a", started="06:30:00", finished="08:15:00")
    after = past_job("b", status=JobStatus.PROCESSING, started="11:45:00")
    found = timeline(job, after, now=NOON + timedelta(minutes=15))
    assert busy_parts(found) == [0.5, 1.0, 0.25, 0, 0, 0, 0, *[None] * 17]
    # Of the hour that is not over, only what has passed counts.
    assert busy_parts(found, slot=1) == [0, 0, 0, 0, 0, 0.25, 1.0, *[None] * 17]


@pytest.mark.parametrize(
    ("status", "shown"), [(JobStatus.COMPLETED, "long"), (JobStatus.FAILED, "short")]
)
def test_a_cell_shows_the_job_that_failed_or_the_longest(status: JobStatus, shown: str) -> None:
    jobs = [
        past_job("long", started="06:00:00", finished="06:40:00"),
        past_job("short", started="06:40:00", finished="06:50:00", status=status),
        past_job("other", started="06:00:00", finished="07:00:00"),
    ]
    found = timeline(*jobs)
    cell = timeline_cells(found.days[-1], 0, 24, NOON)[0]
    assert cell.shown
    assert cell.shown.job.job.export_id == shown
    assert cell.busy == pytest.approx(5 / 6)


def test_an_idle_cell_shows_no_job() -> None:
    job = past_job("a", started="06:00:00", finished="07:00:00")
    cells = timeline_cells(timeline(job).days[-1], 0, 24, NOON)
    assert [bool(each.shown) for each in cells[:3]] == [True, False, False]


def test_a_job_that_begins_and_ends_in_one_second_is_shown() -> None:
    found = timeline(past_job("a", started="07:00:00", finished="07:00:00"))
    assert found.days[-1].busy_time(0) == timedelta(seconds=1)


def test_the_day_on_which_clocks_are_put_back_has_25_hours() -> None:
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    job = past_job("a", started="2026-11-01T05:00:00Z", finished="2026-11-02T06:00:00Z")
    day = timeline(job, now=now).days[0]
    assert day.busy_time(0) == day.end - day.start == timedelta(hours=25)
    assert {each.busy for each in timeline_cells(day, 0, 24, now)} == {1.0}
