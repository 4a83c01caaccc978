"""The state of a stream as this version writes and reads it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import StateError
from tap_marketo_bulk.plan.ledger import ALL, Read
from tap_marketo_bulk.plan.state_changes import with_known_reads
from tap_marketo_bulk.plan.state_format import (
    FullRead,
    LatestJobs,
    Ledger,
    StreamState,
    UnfinishedJob,
    dump_stream_state,
    format_ids,
    load_stream_state,
    parse_ids,
)
from tap_marketo_bulk.plan.windows import Window
from tests.support.planning import KEY, START, at, read, window

INSTANTS = st.integers(0, 10**6).map(lambda seconds: at(seconds / 3600))
WINDOWS = st.builds(Window, INSTANTS, INSTANTS)
TEXTS = st.text(max_size=5)
IDS = st.none() | st.frozensets(st.integers(1, 99), max_size=5)
READS = st.lists(st.builds(Read, WINDOWS, INSTANTS, IDS, TEXTS), max_size=3).map(tuple)
JOBS = st.builds(
    UnfinishedJob,
    TEXTS,
    WINDOWS,
    TEXTS,
    INSTANTS,
    IDS,
    st.booleans(),
    st.lists(TEXTS, max_size=2).map(tuple),
)
STATES = st.builds(
    StreamState,
    replication_key=st.just(KEY),
    ledgers=st.fixed_dictionaries(
        {KEY: st.builds(Ledger, READS, st.none() | INSTANTS)},
        optional={"createdAt": st.builds(Ledger, READS.filter(bool), st.none() | INSTANTS)},
    ),
    full_read=st.none() | st.builds(FullRead, INSTANTS, READS),
    pending_ids=st.lists(st.integers(1, 99), max_size=2).map(tuple),
    pending_reads=READS,
    latest_jobs=st.none() | st.builds(LatestJobs, INSTANTS, st.lists(TEXTS, max_size=2).map(tuple)),
    jobs=st.lists(JOBS, max_size=3).map(tuple),
    unknown=st.dictionaries(st.sampled_from(["partitions", "x"]), st.integers()),
)
BOOKMARK = {"replication_key": KEY, "replication_key_value": "2026-01-02T00:00:00Z"}


def known(raw: dict[str, Any]) -> Ledger:
    """Return the ledger of a state, for a run that reads all ids from ``START`` on."""
    return with_known_reads(load_stream_state("leads", raw), START, ALL, ALL, "").ledger(KEY)


@given(STATES)
def test_a_state_that_is_written_is_read_without_a_change(state: StreamState) -> None:
    assert load_stream_state("leads", dump_stream_state(state)) == state


def test_an_empty_state_is_a_new_stream() -> None:
    assert load_stream_state("leads", {}) == StreamState()
    assert dump_stream_state(StreamState()) == {}


def test_the_bookmark_is_in_the_keys_that_singer_tools_expect() -> None:
    state = StreamState(KEY, {KEY: Ledger((read(0, 24, 24, 1, 2, 3, 7),), at(24))})
    assert dump_stream_state(state) == BOOKMARK | {
        "read_to": "2026-01-02T00:00:00Z",
        "reads": [
            {
                "start": "2026-01-01T00:00:00Z",
                "end": "2026-01-02T00:00:00Z",
                "as_of": "2026-01-02T00:00:00Z",
                "ids": "1-3,7",
            }
        ],
    }


@given(st.frozensets(st.integers(0, 200)))
def test_ids_are_written_as_ranges(ids: frozenset[int]) -> None:
    text = format_ids(ids)
    assert parse_ids(text) == ids
    gaps = sum(each - 1 not in ids for each in ids)
    assert text.count(",") == max(0, gaps - 1)


def test_a_bookmark_alone_stands_for_a_read_since_the_start_date() -> None:
    assert known(BOOKMARK) == Ledger((read(0, 24, 24),), at(24))


def test_a_bookmark_alone_that_is_before_the_start_date_stands_for_no_time() -> None:
    early = known(BOOKMARK | {"replication_key_value": "2025-01-01T00:00:00Z"})
    assert [each.window.start == each.window.end for each in early.reads or ()] in ([], [True])


@pytest.mark.parametrize("reads", [[(0, 48, 50)], [(0, 10, 50), (10, 48, 60)]])
def test_reads_are_cut_at_a_bookmark_that_somebody_moved_back(
    reads: list[tuple[int, int, int]],
) -> None:
    state = StreamState(KEY, {KEY: Ledger(tuple(read(*each) for each in reads), at(48))})
    ledger = known(dump_stream_state(state) | BOOKMARK)
    assert ledger.bookmark == at(24)
    assert [(each.window.end, each.as_of) for each in ledger.reads or ()][-1] == (
        at(24),
        at(reads[-1][2]),
    )


def test_reads_are_extended_to_a_bookmark_that_somebody_moved_forward() -> None:
    state = StreamState(KEY, {KEY: Ledger((read(0, 9, 9, 1), read(4, 10, 12, 2)), at(9))})
    ledger = known(dump_stream_state(state) | BOOKMARK)
    assert ledger == Ledger((read(0, 24, 24, 1), read(4, 10, 12, 2)), at(24))


def test_without_its_bookmark_a_stream_is_read_again() -> None:
    raw = dump_stream_state(StreamState(KEY, {KEY: Ledger((read(0, 9, 9),), at(9))}))
    del raw["replication_key_value"]
    assert known(raw) == Ledger()


def test_another_replication_key_has_its_own_ledger() -> None:
    ledgers = {KEY: Ledger((read(0, 9, 9),), at(9)), "createdAt": Ledger((read(5, 9, 9),), at(9))}
    raw = dump_stream_state(StreamState("createdAt", ledgers))
    assert raw["ledgers"].keys() == {KEY}
    assert load_stream_state("leads", raw).ledgers == ledgers


def test_the_latest_jobs_are_those_of_the_latest_second() -> None:
    def with_job(state: StreamState, export_id: str, hour: float | None) -> StreamState:
        added = UnfinishedJob(export_id, window(0, len(state.jobs)), "x", at(9))
        return state.with_job(added, None if hour is None else at(hour))

    state = with_job(with_job(StreamState(), "a", 5), "b", 5)
    assert state.latest_jobs == LatestJobs(at(5), ("a", "b"))
    assert with_job(state, "c", 4).latest_jobs == with_job(state, "c", None).latest_jobs
    assert with_job(state, "c", 4).latest_jobs == state.latest_jobs
    assert with_job(state, "d", 6).latest_jobs == LatestJobs(at(6), ("d",))


def test_a_job_replaces_one_for_the_same_request() -> None:
    first, second, other = (
        UnfinishedJob("a", window(0, 9), "x", at(9)),
        UnfinishedJob("b", window(0, 9), "x", at(10)),
        UnfinishedJob("c", window(0, 9), "y", at(10)),
    )
    state = StreamState(jobs=(first, other)).with_job(second, None)
    assert state.jobs == (other, second)
    assert state.without_jobs({"b"}).jobs == (other,)


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {"replication_key_value": 7},
        {"replication_key": KEY, "replication_key_value": "soon"},
        {"jobs": {"id": "x"}},
        {"jobs": ["x"]},
        {"jobs": [{"id": "x"}]},
        {"replication_key": KEY, "reads": [{"start": "soon"}]},
        {"replication_key": KEY, "reads": 7},
        {"ledgers": []},
        {"ledgers": {KEY: {"reads": [{"start": "soon"}]}}},
        {"full_read": {"reads": []}},
        {"latest_jobs": {"created": "soon"}},
        {"pending": 1},
        {"pending": ["x"]},
        {"pending": [[1]]},
        {"pending_reads": [{}]},
        {"horizon": "soon"},
        {"exports": ["x"]},
        {"exports": [{"id": "x"}]},
        {"owed": [{"start": "soon"}]},
    ],
)
def test_a_state_that_this_tap_does_not_write_is_an_error(raw: object) -> None:
    with pytest.raises(StateError, match="leads"):
        load_stream_state("leads", raw)
