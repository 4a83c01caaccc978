"""Reads of some records only, and reads without dates: their bookmarks, and what stays pending."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tap_marketo_bulk.plan.ledger import (
    BookmarkCoverage,
    IncrementalReadMode,
    PartialReadMode,
    StreamState,
    UndatedReadMode,
    after_window,
    owed_windows,
    state_when_read_begins,
)
from tests.support.planning import HOUR, START, at, export, window

KEY = "updatedAt"
PARTIAL = PartialReadMode(KEY, 2 * HOUR)
ALL = IncrementalReadMode(KEY)
PENDING = StreamState(pending_ids=(1, 2))


def read_partially(
    state: StreamState, start: float, end: float, horizon: float, read_horizon: float | None = None
) -> StreamState:
    made = at(horizon if read_horizon is None else read_horizon)
    return after_window(state, PARTIAL, window(start, end), read_horizon=made, horizon=at(horizon))


def test_the_first_partial_read_begins_at_the_start_date() -> None:
    assert owed_windows(PENDING, PARTIAL, start=START, horizon=at(9)) == (window(0, 9),)


def test_the_next_partial_read_begins_with_the_lookback_before_the_last_horizon() -> None:
    state = read_partially(PENDING, 0, 9, 9)
    assert owed_windows(state, PARTIAL, start=START, horizon=at(20)) == (window(7, 20),)


@pytest.mark.parametrize(("end", "begins"), [(4, 4), (8, 7)])
def test_an_interrupted_partial_read_continues_where_it_ended(end: float, begins: float) -> None:
    state = read_partially(PENDING, 0, end, 9)
    assert state.pending_ids == (1, 2)
    assert owed_windows(state, PARTIAL, start=START, horizon=at(9)) == (window(begins, 9),)


def test_a_read_of_all_records_reads_once_what_was_read_partially() -> None:
    state = StreamState(KEY, at(9))
    state = read_partially(state, 7, 20, 20)
    state = read_partially(state, 18, 30, 30)
    # All records up to hour 9 were read before.
    assert owed_windows(state, ALL, start=START, horizon=at(40)) == (window(9, 40),)


def test_pending_ids_are_read_up_to_the_horizon_of_the_run_that_ends_the_read() -> None:
    state = read_partially(PENDING, 0, 5, 9, read_horizon=5)
    assert state.pending_ids == (1, 2)
    assert read_partially(state, 5, 9, 9).pending_ids == ()


def test_a_read_without_dates_is_in_progress_until_its_last_file_was_read() -> None:
    mode, wanted = UndatedReadMode(), BookmarkCoverage(START)
    state = state_when_read_begins(PENDING, mode, wanted, at(9))
    assert state.full_read_began == at(9)
    # The next run continues the same read.
    assert state_when_read_begins(state, mode, wanted, at(20)) == state
    state = replace(state, exports=(export(0, 9, 9), export(0, 20, 20)))
    ended = after_window(state, mode, window(0, 20), read_horizon=at(20), horizon=at(20))
    assert ended == StreamState()


def test_ids_stay_pending_after_a_read_without_dates_with_the_file_of_an_earlier_run() -> None:
    ended = after_window(
        PENDING, UndatedReadMode(), window(0, 20), read_horizon=at(9), horizon=at(20)
    )
    assert ended == PENDING
