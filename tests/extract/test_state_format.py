"""The state of a stream: what this version writes, and what earlier versions wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import StateError
from tap_marketo_bulk.plan.ledger import (
    Backfill,
    BookmarkCoverage,
    IncrementalReadMode,
    LastPersistedJobs,
    StreamState,
    UnfinishedExport,
    owed_windows,
)
from tap_marketo_bulk.plan.state_format import dump_stream_state, load_stream_state
from tap_marketo_bulk.plan.windows import Window

DAY = datetime(2026, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
INSTANTS = st.integers(0, 10**6).map(lambda seconds: DAY + timedelta(seconds=seconds))
WINDOWS = st.builds(Window, INSTANTS, INSTANTS)
TEXTS = st.text(max_size=5)
TYPES = st.lists(st.integers(1, 99), max_size=2).map(tuple)
EXPORTS = st.builds(
    UnfinishedExport, TEXTS, WINDOWS, TEXTS, INSTANTS, st.lists(TEXTS, max_size=2).map(tuple)
)
STATES = st.builds(
    StreamState,
    replication_key=st.none() | TEXTS,
    bookmark=st.none() | INSTANTS,
    horizon=st.none() | INSTANTS,
    owed=st.none() | st.lists(WINDOWS, max_size=2).map(tuple),
    full_read_began=st.none() | INSTANTS,
    full_read_reached=st.none() | INSTANTS,
    coverage=st.none() | st.builds(BookmarkCoverage, INSTANTS, TYPES),
    backfills=st.lists(st.builds(Backfill, WINDOWS, TYPES), max_size=2).map(
        lambda each: tuple(one for one in each if one.window.start < one.window.end)
    ),
    pending_ids=TYPES,
    last_persisted_jobs=st.none()
    | st.builds(LastPersistedJobs, INSTANTS, st.lists(TEXTS, max_size=2).map(tuple)),
    exports=st.lists(EXPORTS, max_size=3).map(tuple),
    unknown=st.dictionaries(st.sampled_from(["partitions", "x"]), st.integers()),
)


@given(STATES)
def test_a_state_that_is_written_is_read_without_a_change(state: StreamState) -> None:
    assert load_stream_state("leads", dump_stream_state(state)) == state


def test_an_empty_state_is_a_new_stream() -> None:
    assert load_stream_state("leads", {}) == StreamState()
    assert dump_stream_state(StreamState()) == {}


# One example of each state that version 0.1 wrote. Every later version must read them.

JOB = {
    "id": "8f3265a2",
    "start": "2026-01-20T00:00:00Z",
    "end": "2026-02-01T00:00:00Z",
    "request": "0123456789abcdef",
}
OF_VERSION_0_1: dict[str, dict[str, Any]] = {
    "complete": {"replication_key": "updatedAt", "replication_key_value": "2026-02-01T00:00:00Z"},
    "interrupted": {
        "horizon": "2026-02-01T00:00:00Z",
        "replication_key": "activityDate",
        "replication_key_value": "2026-01-20T00:00:00Z",
        "exports": [JOB],
    },
    "first window": {"exports": [JOB | {"without": ["zip"]}]},
    "sweep": {"sweep_began": "2026-02-01T00:00:00Z", "sweep_reached": "2026-01-01T00:00:00Z"},
    "no zone": {"replication_key": "updatedAt", "replication_key_value": "2026-02-01T00:00:00"},
}


# What version 0.2 writes, with every key.
OF_VERSION_0_2 = {
    "replication_key": "activityDate",
    "replication_key_value": "2026-02-01T00:00:00Z",
    "horizon": "2026-02-02T00:00:00Z",
    "owed": [{"start": "2026-01-31T23:00:00Z", "end": "2026-02-01T00:00:00Z"}],
    "coverage": {"start": "2026-01-01T00:00:00Z", "types": [12]},
    "backfills": [{"start": "2025-12-01T00:00:00Z", "end": "2026-01-01T00:00:00Z", "types": [1]}],
    "sweep_began": "2026-02-01T00:00:00Z",
    "sweep_reached": "2026-01-20T00:00:00Z",
    "latest_jobs": {"created": "2026-02-01T00:15:02Z", "ids": ["8f3265a2"]},
    "exports": [JOB | {"horizon": "2026-02-02T00:00:00Z", "without": ["zip"]}],
    "added_by_another_program": 1,
}
# What version 0.3 writes of program members, beside the keys of version 0.2.
OF_VERSION_0_3 = {"pending": [1042, 1005]}


def test_a_state_of_version_0_2_is_read_and_written_without_a_change() -> None:
    state = load_stream_state("activities", OF_VERSION_0_2)
    assert state.backfills == (
        Backfill(Window(datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)), (1,)),
    )
    assert state.exports[0].horizon == DAY + 24 * HOUR
    assert dump_stream_state(state) == OF_VERSION_0_2


def test_a_state_of_version_0_3_is_read() -> None:
    raw = OF_VERSION_0_2 | OF_VERSION_0_3
    state = load_stream_state("program_members", raw)
    assert state.pending_ids == (1042, 1005)
    assert dump_stream_state(state) == raw


@pytest.mark.parametrize("pending", [1, ["x"], [[1]]])
def test_pending_programs_of_another_shape_are_an_error(pending: object) -> None:
    with pytest.raises(StateError):
        load_stream_state("program_members", {"pending": pending})


def test_the_latest_persisted_jobs_are_those_of_the_latest_second() -> None:
    state = StreamState().with_latest_job("a", DAY).with_latest_job("b", DAY)
    assert state.with_latest_job("c", DAY - HOUR) == state
    assert state.with_latest_job("c", None) == state
    assert state.last_persisted_jobs == LastPersistedJobs(DAY, ("a", "b"))
    later = state.with_latest_job("d", DAY + HOUR)
    assert later.last_persisted_jobs == LastPersistedJobs(DAY + HOUR, ("d",))


@pytest.mark.parametrize("raw", OF_VERSION_0_1.values(), ids=list(OF_VERSION_0_1))
def test_a_state_of_version_0_1_is_read(raw: dict[str, Any]) -> None:
    state = load_stream_state("leads", raw)
    written = dump_stream_state(state)
    for entry in written.get("exports", ()):
        assert entry.pop("horizon") == "2026-02-01T00:00:00Z"
    if written.get("replication_key_value"):
        assert written["replication_key_value"].rstrip("Z") == raw["replication_key_value"].rstrip(
            "Z"
        )
        raw = raw | {"replication_key_value": written["replication_key_value"]}
    assert written == raw


def test_the_lookback_that_version_0_1_dropped_after_two_interruptions_is_owed() -> None:
    # The job that reads the hour before the bookmark again is unfinished.
    raw = {
        "horizon": "2026-02-02T00:00:00Z",
        "replication_key": "activityDate",
        "replication_key_value": "2026-02-01T00:00:00Z",
        "exports": [JOB | {"start": "2026-01-31T23:00:00Z", "end": "2026-02-02T00:00:00Z"}],
    }
    state = load_stream_state("activities", raw)
    mode, horizon = IncrementalReadMode("activityDate", HOUR), DAY + 48 * HOUR
    (owed,) = owed_windows(state, mode, start=DAY - 999 * HOUR, horizon=horizon)
    assert owed == Window(DAY - HOUR, horizon)


@pytest.mark.parametrize(
    ("raw", "finding"),
    [
        ([], "the bookmark of leads is not a JSON object"),
        ({"replication_key_value": 7}, "replication_key_value of leads is not a date-time"),
        ({"horizon": "soon"}, "horizon of leads is not a date-time"),
        ({"exports": {"id": "x"}}, "exports of leads is not a list"),
        ({"exports": ["x"]}, "exports of leads is not a list"),
        (
            {"exports": [{"id": "x"}]},
            "owed, coverage, backfills",
        ),
        (
            {"owed": [{"start": "soon"}]},
            "owed, coverage, backfills",
        ),
    ],
)
def test_a_state_that_this_tap_does_not_write_is_an_error(raw: object, finding: str) -> None:
    with pytest.raises(StateError, match=finding):
        load_stream_state("leads", raw)
