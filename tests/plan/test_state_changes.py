"""How the state changes with each file: bookmarks, full reads, and pending ids."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tap_marketo_bulk.plan.ledger import UNDATED, Goal, Read, unread
from tap_marketo_bulk.plan.state_changes import (
    after_read,
    reads_for,
    with_begun_full_read,
    without_pending_ids_if_read,
)
from tap_marketo_bulk.plan.state_format import FullRead, Ledger, StreamState
from tests.support.planning import HOUR, KEY, at, goal, ids_of, read, window

FIELDS = frozenset({"city", "id"})


def bookmark_hours(state: StreamState, key: str = KEY) -> float | None:
    """Return the hours of the bookmark of a ledger."""
    bookmark = state.ledger(key).bookmark
    return None if bookmark is None else (bookmark - at(0)) / HOUR


def test_the_bookmark_is_the_end_of_the_files_without_a_gap_before_it() -> None:
    wanted, state = goal(30, lookback=2), StreamState()
    for file, bookmark in ((read(10, 20, 30), None), (read(0, 10, 30), 20), (read(20, 30, 30), 30)):
        state = after_read(state, wanted, file)
        assert bookmark_hours(state) == bookmark
    assert state.replication_key == KEY
    assert [each.window for each in unread(reads_for(state, wanted), wanted)] == [window(28, 30)]


def test_a_bookmark_never_moves_back() -> None:
    state = StreamState(KEY, {KEY: Ledger((read(10, 30, 30),), at(30))})
    # An earlier start date: what is before the ledger's first read is a gap.
    state = after_read(state, goal(40, start=0), read(0, 5, 40))
    assert bookmark_hours(state) == 30
    assert bookmark_hours(after_read(state, goal(40), read(5, 10, 40))) == 30
    assert bookmark_hours(after_read(state, goal(40, start=10), read(30, 40, 40))) == 40


def test_a_full_read_is_in_progress_until_its_last_file_was_read() -> None:
    state = with_begun_full_read(StreamState(), at(20), FIELDS)
    assert state.full_read == FullRead(at(20), fields=FIELDS)
    # A later run continues the same one.
    assert with_begun_full_read(state, at(30), FIELDS) == state
    wanted = goal(30, since=20)
    state = after_read(state, wanted, read(0, 20, 20))
    assert unread(reads_for(state, wanted), wanted)[0].window == window(20, 30)
    state = after_read(state, wanted, read(20, 30, 30))
    assert state.full_read is None
    # The next one begins again.
    assert unread(reads_for(state, wanted), wanted)[0].window == window(0, 30)
    # Its files count for an incremental read by the same filter, too.
    assert unread(reads_for(state, goal(30)), goal(30)) == []


def test_after_an_incremental_read_an_interrupted_full_read_begins_again() -> None:
    interrupted = StreamState(full_read=FullRead(at(30), (read(0, 10, 30),)))
    assert after_read(interrupted, goal(40), read(0, 40, 40)).full_read is None


def test_a_full_read_in_place_of_an_incremental_one_sets_the_bookmark_to_its_beginning() -> None:
    wanted, state = replace(goal(30, since=20), ledger="createdAt"), StreamState()
    state = with_begun_full_read(state, at(20), FIELDS)
    state = after_read(state, wanted, read(0, 20, 20), KEY)
    assert state.replication_key is None
    state = after_read(state, wanted, read(20, 30, 30), KEY)
    assert (state.replication_key, bookmark_hours(state)) == (KEY, 20)
    # A record may have changed after its file was made, but not before the read began.
    (gap,) = unread(reads_for(state, goal(40)), goal(40))
    assert gap.window == window(20, 40)


def test_a_bookmark_after_the_beginning_of_such_a_read_stays() -> None:
    state = StreamState(KEY, {KEY: Ledger((read(0, 25, 25),), at(25))})
    wanted = replace(goal(30, since=20), ledger="createdAt")
    state = after_read(with_begun_full_read(state, at(20), FIELDS), wanted, read(0, 30, 30), KEY)
    assert bookmark_hours(state) == 25


def test_a_read_without_dates_ends_with_the_last_of_its_ids() -> None:
    wanted = Goal("", UNDATED.start, UNDATED.end, ids=ids_of(1, 2), since=at(20))
    state = with_begun_full_read(StreamState(), at(20), FIELDS)
    state = after_read(state, wanted, Read(UNDATED, at(20), ids_of(1)))
    assert [gap.ids for gap in unread(reads_for(state, wanted), wanted)] == [ids_of(2)]
    state = after_read(state, wanted, Read(UNDATED, at(30), ids_of(2)))
    assert state == StreamState(fields=FIELDS)


PENDING = StreamState(KEY, {KEY: Ledger((), at(10))}, pending_ids=(1, 2))


def test_pending_ids_are_read_since_the_bookmark_and_move_it_to_the_horizon() -> None:
    wanted = goal(30, 1, 2, start=10, is_of_pending_ids=True)
    state = after_read(PENDING, wanted, read(10, 30, 30, 1))
    assert (state.pending_ids, bookmark_hours(state)) == ((1, 2), 10)
    assert [gap.ids for gap in unread(reads_for(state, wanted), wanted)] == [ids_of(2)]
    state = after_read(state, wanted, read(10, 30, 30, 2))
    assert state == StreamState(KEY, {KEY: Ledger((), at(30))})


def test_pending_ids_that_an_interrupted_run_read_are_read_on_from_there() -> None:
    first = goal(30, 1, start=10, is_of_pending_ids=True)
    state = after_read(PENDING, first, read(10, 20, 30, 1))
    later = goal(40, 1, 2, start=10, is_of_pending_ids=True)
    assert [(gap.window, gap.ids) for gap in unread(reads_for(state, later), later)] == [
        (window(10, 20), ids_of(2)),
        (window(20, 40), ids_of(1, 2)),
    ]


@pytest.mark.parametrize("pending_ids", [(), (7,)])
def test_without_an_id_to_read_the_bookmark_moves_to_the_horizon(
    pending_ids: tuple[int, ...],
) -> None:
    # None of the pending ids exists any more.
    wanted = replace(goal(30, start=10, is_of_pending_ids=True), ids=frozenset())
    state = replace(PENDING, pending_ids=pending_ids)
    state = without_pending_ids_if_read(state, wanted)
    assert (state.pending_ids, bookmark_hours(state)) == ((), 30)


def test_ids_stay_pending_after_a_full_read_of_all() -> None:
    state = replace(PENDING, full_read=FullRead(at(30)))
    assert after_read(state, goal(30, since=30), read(0, 30, 30)).pending_ids == (1, 2)
    of_pending = goal(30, 1, 2, since=30, is_of_pending_ids=True)
    assert after_read(state, of_pending, read(0, 30, 30, 1, 2)).pending_ids == ()


def test_the_ledger_of_all_ids_is_not_changed_by_pending_ones() -> None:
    state = StreamState(KEY, {KEY: Ledger((read(0, 10, 10),), at(10))}, pending_ids=(1,))
    state = after_read(state, goal(30, 1, start=10, is_of_pending_ids=True), read(10, 30, 30, 1))
    assert unread(reads_for(state, goal(40)), goal(40))[0].window == window(10, 40)
