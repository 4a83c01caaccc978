"""The ledger, compared with a model of single hours and ids."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.plan.ledger import (
    ALL,
    Gap,
    Goal,
    Ids,
    Read,
    cut,
    read_until,
    split_ids,
    unread,
    with_read,
)
from tests.support.planning import HOUR, at, goal, hours, ids_of, read, window

END = 12
# Settings name some of these ids; 9 stands for all that no setting names.
IDS = (1, 2, 3)
EVERY_ID = (*IDS, 9)
SOME_IDS = st.sets(st.sampled_from(IDS), max_size=3).map(lambda each: ids_of(*each))
FILTERS = st.sampled_from(["", "", "a", "b"])
WINDOWS = st.tuples(st.integers(0, END), st.integers(0, END)).map(
    lambda each: window(min(each), max(each) + 1)
)
READS = st.lists(
    st.builds(Read, WINDOWS, st.integers(0, END + 4).map(at), SOME_IDS, FILTERS), max_size=6
)
GOALS = st.builds(
    Goal,
    st.just("updatedAt"),
    st.integers(0, 6).map(at),
    st.integers(5, END).map(at),
    st.integers(0, 4).map(lambda each: each * HOUR),
    SOME_IDS,
    st.none() | st.integers(0, END).map(at),
    FILTERS,
)


def is_settled(each: Read, wanted: Goal, hour: int) -> bool:
    """Return whether a read settles an hour, by the rule in the text of the module."""
    begin, end = at(hour), at(hour + 1)
    if not each.window.start <= begin < end <= each.window.end:
        return False
    if each.filter_digest not in ("", wanted.filter_digest):
        return False
    if wanted.since is not None:
        return each.as_of >= wanted.since
    return end + wanted.lookback <= each.as_of


def unread_ids(reads: list[Read], wanted: Goal, hour: int) -> Ids:
    """Return the ids that are unread of an hour; an empty set for none."""
    read_ids = [each.ids for each in reads if is_settled(each, wanted, hour)]
    if ALL in read_ids:
        return frozenset()
    # Marketo cannot filter by all ids but some.
    return ALL if wanted.ids is None else wanted.ids.difference(*filter(None, read_ids))


def gaps_by_hour(gaps: list[Gap]) -> dict[int, Ids]:
    """Return the ids of gaps by hour."""
    return {
        hour: gap.ids
        for gap in gaps
        for hour in range(int(hours(gap.window.start)), int(hours(gap.window.end)))
    }


def model(reads: list[Read], wanted: Goal) -> dict[int, Ids]:
    """Return what is unread of each hour of a goal, but nothing for hours that are read."""
    goal_hours = range(int(hours(wanted.start)), int(hours(wanted.horizon)))
    found = {hour: unread_ids(reads, wanted, hour) for hour in goal_hours}
    return {hour: ids for hour, ids in found.items() if ids != frozenset()}


@given(READS, GOALS)
def test_unread_is_the_goal_without_the_hours_and_ids_that_reads_settle(
    reads: list[Read], wanted: Goal
) -> None:
    gaps = unread(reads, wanted)
    assert gaps_by_hour(gaps) == model(reads, wanted)
    for one, other in pairwise(gaps):
        assert one.window.end <= other.window.start
        assert one.window.end < other.window.start or one.ids != other.ids


@given(READS, GOALS)
def test_adding_reads_to_the_ledger_one_by_one_changes_nothing_that_is_unread(
    reads: list[Read], wanted: Goal
) -> None:
    # The reads of a full read are not older than its beginning.
    if wanted.since is not None:
        reads = [each for each in reads if each.as_of >= wanted.since]
    ledger: tuple[Read, ...] = ()
    for each in reads:
        ledger = with_read(ledger, each, wanted.lookback)
    assert unread(ledger, wanted) == unread(reads, wanted)
    assert list(ledger) == sorted(ledger, key=lambda each: each.window)


@dataclass(frozen=True)
class SimulatedRun:
    """A run: hours since the run before, its settings, and how many gaps it reads."""

    hours: int
    start: int
    lookback: int
    ids: Ids
    filter_digest: str
    gaps: int


RUNS = st.lists(
    st.builds(
        SimulatedRun,
        hours=st.integers(0, 9),
        start=st.integers(0, 9),
        lookback=st.integers(2, 5),
        ids=SOME_IDS,
        filter_digest=FILTERS,
        gaps=st.integers(0, 4),
    ),
    max_size=8,
)


@dataclass
class SimulatedTarget:
    """What was loaded: hour, id, and the only filter that a record passes."""

    ledger: tuple[Read, ...] = ()
    files: list[Read] = field(default_factory=list)
    records: set[tuple[int, int, str]] = field(default_factory=set)

    def load(self, gap: Gap, wanted: Goal, late: int) -> None:
        """Load the file for a gap: of each hour the records that are stored by the horizon."""
        file = Read(gap.window, wanted.horizon, gap.ids, wanted.filter_digest)
        for hour in gaps_by_hour([gap]):
            # Nothing that is settled by the file of an earlier run is exported again.
            missing = unread_ids(self.files, wanted, hour)
            assert missing is None or (gap.ids is not None and gap.ids <= missing)
            if at(hour + late + 0.5) <= file.as_of:
                ids = EVERY_ID if gap.ids is None else gap.ids
                passed = [file.filter_digest] if file.filter_digest else ["a", "b", "c"]
                self.records |= {(hour, each, name) for each in ids for name in passed}
        self.files.append(file)
        self.ledger = with_read(self.ledger, file, wanted.lookback)


@given(RUNS, st.integers(0, 2))
def test_whatever_runs_ask_for_nothing_is_lost_and_nothing_settled_is_read_again(
    runs: list[SimulatedRun], late: int
) -> None:
    target, horizon = SimulatedTarget(), 10
    for run in [*runs, SimulatedRun(9, 0, 2, ALL, "", 10_000)]:
        horizon += run.hours
        wanted = goal(
            horizon,
            *(run.ids or ()),
            start=run.start,
            lookback=run.lookback,
            filter_digest=run.filter_digest,
        )
        for gap in unread(target.ledger, wanted)[: run.gaps]:
            target.load(gap, wanted, late)
    expected = {
        (hour, each, name)
        for hour in range(horizon)
        for each in EVERY_ID
        for name in "abc"
        if hour + late + 0.5 <= horizon
    }
    assert target.records == expected


@pytest.mark.parametrize("lookback", [0, 2, 30])
def test_nights_leave_one_entry_and_one_for_what_may_be_stored_late(lookback: int) -> None:
    ledger: tuple[Read, ...] = ()
    for night in range(1, 400):
        wanted = goal(24 * night, lookback=lookback)
        (gap,) = unread(ledger, wanted)
        assert hours(gap.window.start) == max(0, 24 * (night - 1) - lookback)
        ledger = with_read(ledger, Read(gap.window, wanted.horizon, gap.ids), wanted.lookback)
        assert len(ledger) <= 2
    assert hours(ledger[0].window.start) == 0


def test_a_program_that_appears_each_month_leaves_one_entry_when_it_has_caught_up() -> None:
    ledger: tuple[Read, ...] = ()
    for day in range(1, 366):
        wanted = goal(24 * day, *range(1, 2 + day // 30))
        for gap in unread(ledger, wanted):
            ledger = with_read(ledger, Read(gap.window, wanted.horizon, gap.ids), wanted.lookback)
            assert len(ledger) <= 2
        assert len(ledger) == 1
    assert ledger == (read(0, 24 * 365, 24 * 365, *range(1, 14)),)


@given(READS, GOALS)
def test_the_bookmark_is_the_end_of_the_first_hours_without_a_gap(
    reads: list[Read], wanted: Goal
) -> None:
    missing = model(reads, replace(wanted, lookback=0 * HOUR))
    start, horizon = int(hours(wanted.start)), int(hours(wanted.horizon))
    first = min(missing, default=max(start, horizon))
    assert read_until(reads, wanted) == (at(first) if first > start else None)


def test_a_goal_without_time_has_no_bookmark() -> None:
    assert read_until((), goal(4, start=4)) is None
    assert read_until((), goal(3, start=4)) is None
    assert unread((), goal(3, start=4)) == []


@given(READS, st.integers(0, END + 1))
def test_reads_that_are_cut_end_at_the_instant(reads: list[Read], end: int) -> None:
    wanted = goal(END + 2)
    remaining = cut(reads, at(end))
    before, after = model(reads, wanted), model(list(remaining), wanted)
    assert all(after.get(hour) == before.get(hour) for hour in range(end))
    assert all(each.window.end <= at(end) for each in remaining)


@given(st.sets(st.integers(1, 99)), st.integers(1, 10))
def test_ids_are_split_in_order(ids: set[int], length: int) -> None:
    parts = [sorted(part or ()) for part in split_ids(frozenset(ids), length)]
    assert [each for part in parts for each in part] == sorted(ids)
    assert all(1 <= len(part) <= length for part in parts)
    assert all(len(part) == length for part in parts[:-1])


def test_all_ids_and_any_number_of_ids_are_one_set() -> None:
    assert list(split_ids(ALL, 10)) == [ALL]
    assert list(split_ids(frozenset(range(99)), None)) == [frozenset(range(99))]
