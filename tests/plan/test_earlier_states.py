"""States of versions 0.1 to 0.3: one example of each kind. Every later version must read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_marketo_bulk.plan.ledger import ALL, Goal, Ids, Read, unread
from tap_marketo_bulk.plan.state_changes import with_known_reads
from tap_marketo_bulk.plan.state_format import (
    FullRead,
    LatestJobs,
    StreamState,
    UnfinishedJob,
    dump_stream_state,
    load_stream_state,
)
from tap_marketo_bulk.plan.windows import Window
from tests.support.planning import HOUR

BOOKMARK_AT = datetime(2026, 2, 1, tzinfo=UTC)
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


def day(month_and_day: str, hour: int = 0) -> datetime:
    """Return an instant of 2026, or of December 2025."""
    year = 2025 if month_and_day.startswith("12") else 2026
    return datetime.fromisoformat(f"{year}-{month_and_day}T{hour:02}:00:00Z")


START = day("01-01")
LATEST = datetime(2026, 2, 1, 0, 15, 2, tzinfo=UTC)


def known(raw: dict[str, Any], ids: Ids = ALL, every: Ids = ALL, digest: str = "") -> StreamState:
    """Return the state as a run with the start date ``START`` knows it."""
    return with_known_reads(load_stream_state("x", raw), START, ids, every, digest)


def reads(state: StreamState) -> list[Read]:
    """Return the reads of the replication key."""
    return list(state.ledger(state.replication_key or "").reads or ())


def unfinished(as_of: datetime, *unknown_fields: str) -> UnfinishedJob:
    """Return the job of these states."""
    return UnfinishedJob(
        "8f3265a2",
        Window(day("01-20"), day("02-01")),
        "0123456789abcdef",
        as_of,
        has_unknown_ids=True,
        unknown_fields=unknown_fields,
    )


@pytest.mark.parametrize("name", ["complete", "no zone"])
def test_a_bookmark_of_version_0_1_is_a_read_since_the_start_date(name: str) -> None:
    state = known(OF_VERSION_0_1[name])
    assert reads(state) == [Read(Window(START, BOOKMARK_AT), BOOKMARK_AT)]
    assert state.ledger("updatedAt").bookmark == BOOKMARK_AT


def test_a_bookmark_of_version_0_1_stands_for_the_ids_and_the_filter_of_today() -> None:
    state = known(OF_VERSION_0_1["complete"], frozenset([7]), digest="f")
    assert reads(state) == [Read(Window(START, BOOKMARK_AT), BOOKMARK_AT, frozenset([7]), "f")]


def test_the_unfinished_job_of_version_0_1_is_resumed() -> None:
    state = known(OF_VERSION_0_1["interrupted"])
    assert reads(state) == [Read(Window(START, day("01-20")), day("02-01"))]
    assert state.jobs == (unfinished(day("02-01")),)
    assert known(OF_VERSION_0_1["first window"]).jobs == (unfinished(day("02-01"), "zip"),)


def test_the_full_read_in_progress_of_version_0_1_is_continued() -> None:
    (window_read,) = known(OF_VERSION_0_1["sweep"]).full_read.reads  # type: ignore[union-attr] # fails without one
    assert (window_read.window.end, window_read.as_of) == (day("01-01"), day("02-01"))


def test_the_lookback_that_version_0_1_dropped_after_two_interruptions_is_read() -> None:
    # The job that reads the hour before the bookmark again is unfinished.
    raw = {
        "horizon": "2026-02-02T00:00:00Z",
        "replication_key": "activityDate",
        "replication_key_value": "2026-02-01T00:00:00Z",
        "exports": [JOB | {"start": "2026-01-31T23:00:00Z", "end": "2026-02-02T00:00:00Z"}],
    }
    goal = Goal("activityDate", START, day("02-03"), HOUR)
    (gap,) = unread(reads(known(raw)), goal)
    assert gap.window == Window(BOOKMARK_AT - HOUR, day("02-03"))


def test_a_state_of_version_0_2_is_one_read_less_what_was_owed_and_to_be_filled() -> None:
    state = known(OF_VERSION_0_2, frozenset([12, 13]))
    only = frozenset([12])
    assert reads(state) == [Read(Window(day("01-01"), day("01-31", 23)), day("02-02"), only)]
    assert state.full_read == FullRead(
        day("02-01"), (Read(Window(START, day("01-20")), day("02-01"), frozenset([12, 13])),)
    )
    assert state.jobs == (unfinished(day("02-02"), "zip"),)
    assert state.latest_jobs == LatestJobs(LATEST, ("8f3265a2",))
    assert state.unknown == {"added_by_another_program": 1}


def test_backfills_of_version_0_2_are_gaps_of_their_types() -> None:
    raw = {
        key: OF_VERSION_0_2[key]
        for key in ("replication_key", "replication_key_value", "horizon", "backfills")
    }
    raw |= {"coverage": {"start": "2025-12-01T00:00:00Z", "types": [1, 2]}, "owed": []}
    both, one = frozenset([1, 2]), frozenset([2])
    assert reads(known(raw, both)) == [
        Read(Window(day("12-01"), day("01-01")), day("02-02"), one),
        Read(Window(day("01-01"), day("02-01")), day("02-02"), both),
    ]
    # The types of such a state that had none in its coverage are all that there are.
    raw["coverage"] = {"start": "2025-12-01T00:00:00Z"}
    assert reads(known(raw, both, every=frozenset([1, 2, 3])))[1].ids == frozenset([1, 2, 3])


def test_pending_programs_of_version_0_3_stay_pending() -> None:
    assert known(OF_VERSION_0_2 | OF_VERSION_0_3).pending_ids == (1042, 1005)


@pytest.mark.parametrize(
    "raw", [*OF_VERSION_0_1.values(), OF_VERSION_0_2, OF_VERSION_0_2 | OF_VERSION_0_3]
)
def test_a_state_of_an_earlier_version_is_kept_until_its_stream_is_read(
    raw: dict[str, Any],
) -> None:
    state = load_stream_state("x", raw)
    written = dump_stream_state(state)
    assert load_stream_state("x", written) == state
    if "replication_key_value" in raw:
        written["replication_key_value"] = raw["replication_key_value"]
    assert written == raw


def test_jobs_of_an_earlier_version_are_known_before_their_stream_is_read() -> None:
    assert load_stream_state("x", OF_VERSION_0_2).job_ids() == {"8f3265a2"}
    assert load_stream_state("x", OF_VERSION_0_1["first window"]).job_ids() == {"8f3265a2"}


@pytest.mark.parametrize(
    "raw", [*OF_VERSION_0_1.values(), OF_VERSION_0_2, OF_VERSION_0_2 | OF_VERSION_0_3]
)
def test_a_converted_state_is_written_in_the_format_of_today(raw: dict[str, Any]) -> None:
    state = known(raw)
    written = dump_stream_state(state)
    assert load_stream_state("x", written) == state
    assert not written.keys() & {"horizon", "owed", "coverage", "backfills", "exports"}
    assert not written.keys() & {"sweep_began", "sweep_reached"}
