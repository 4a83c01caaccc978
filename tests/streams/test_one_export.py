"""One export job serves all activity streams, whatever their bookmarks are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tap_marketo_bulk.times import format_instant
from tests.support.clock import NOW, TapClock
from tests.support.runs import (
    SimulatedCrashError,
    TapRunner,
    edited,
    selecting,
    without_bookkeeping,
)
from tests.support.typed_activities import (
    activity_filters,
    expected_records,
    spans,
    table,
    types_by_stream,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.runs import Message, RunResult

SMALL = Options(leads=50, activities=900, late_seconds=0, job_seconds=0)
EVERYTHING = {"start_date": "2025-12-01", "lag_minutes": 0, "poll_seconds": 0.001}
START = "2025-12-01T00:00:00Z"
MAIL = "activities_send_email"
FORM = "activities_fill_out_form"
DEMO = "activities_product_demo"
IDS = {FORM: 2, MAIL: 6, DEMO: 100003}
small_data_set = pytest.mark.parametrize("options", [SMALL])


def read(
    tap: TapRunner, streams: Sequence[str], state: Message | None = None, **config: object
) -> RunResult:
    """Run the tap with these streams only."""
    catalog = selecting(tap.discover(), *streams)
    return tap.run(catalog=catalog, state=state, config=EVERYTHING | config)


def assert_expected_rows(
    sandbox: Sandbox, streams: Iterable[str], runs: Sequence[RunResult], end: datetime
) -> None:
    """Compare the streams with the expected rows from the start date to an instant."""
    last = format_instant(end if sandbox.options.end_at_inclusive else end - timedelta(seconds=1))
    activities = {
        key: activity
        for key, activity in sandbox.expected.activities().items()
        if START <= str(activity["activityDate"]) <= last
    }
    for stream in streams:
        expected = activities
        if stream != "activities":
            expected = expected_records(types_by_stream(sandbox)[stream], activities)
        assert table(stream, *runs) == expected, stream


# The jobs that are created.


@small_data_set
def test_with_activities_no_typed_stream_needs_another_job(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    read(tap, ["activities", *types_by_stream(sandbox)])
    assert spans(activity_filters(sandbox)) == [
        (START, "2026-01-01T00:00:00Z", None),
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", None),
        ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", None),
    ]


@small_data_set
def test_without_activities_only_the_selected_types_are_exported(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = read(tap, [MAIL, DEMO, FORM])
    assert {tuple(types or ()) for _, _, types in spans(activity_filters(sandbox))} == {
        (2, 6, 100003)
    }
    assert len(sandbox.jobs) == 3
    assert run.records("activities") == []
    assert "activities" not in run.schemas
    assert_expected_rows(sandbox, [MAIL, DEMO, FORM], [run], NOW)


@pytest.mark.parametrize(
    "options", [Options(leads=20, activities=3000, late_seconds=0, job_seconds=0, many_types=29)]
)
def test_48_typed_streams_over_12_months_need_12_jobs(tap: TapRunner, sandbox: Sandbox) -> None:
    streams = list(types_by_stream(sandbox))
    assert len(streams) == 48
    run = read(tap, streams, start_date=format_instant(NOW - timedelta(days=365)))
    assert len(sandbox.jobs) == 12
    assert sum(len(run.records(stream)) for stream in streams) == sum(
        job.number_of_records or 0 for job in sandbox.jobs
    )
    assert all(run.records(stream) for stream in streams)


@small_data_set
def test_a_run_without_new_activities_makes_few_calls(tap: TapRunner, sandbox: Sandbox) -> None:
    streams = list(types_by_stream(sandbox))
    first = read(tap, streams)
    catalog = selecting(tap.discover(), *streams)
    calls_before = len(sandbox.calls)
    tap.run(catalog=catalog, state=first.state, config=EVERYTHING)
    names = Counter(call.name for call in sandbox.calls[calls_before:])
    assert names.pop("status") >= 1
    assert names == {"token": 1, "types": 1, "list": 1, "create": 1, "enqueue": 1}


# Bookmarks.


@small_data_set
def test_each_stream_has_a_separate_bookmark(tap: TapRunner) -> None:
    run = read(tap, ["activities", MAIL, DEMO])
    bookmark = {"replication_key": "activityDate", "replication_key_value": format_instant(NOW)}
    assert run.state
    assert without_bookkeeping(run.state) == {
        "bookmarks": dict.fromkeys(("activities", MAIL, DEMO), bookmark)
    }
    bookmarks = [
        {each.get("replication_key_value") for each in state["bookmarks"].values()}
        for state in run.states
        if "jobs" not in state["bookmarks"]["activities"]
    ]
    assert all(len(values) == 1 for values in bookmarks)


@small_data_set
def test_a_new_stream_is_exported_alone_until_the_bookmark_of_the_others(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap, [MAIL, DEMO], end_date="2026-01-20")
    jobs_before = len(sandbox.jobs)
    sandbox_clock.advance(86400)
    second = read(tap, [MAIL, DEMO, FORM], state=first.state)
    # From the lookback before the bookmark on, all three share a job.
    assert spans(activity_filters(sandbox, skip=jobs_before)) == [
        (START, "2026-01-01T00:00:00Z", [2]),
        ("2026-01-01T00:00:00Z", "2026-01-19T23:00:00Z", [2]),
        ("2026-01-19T23:00:00Z", "2026-02-19T23:00:00Z", [2, 6, 100003]),
        ("2026-02-19T23:00:00Z", "2026-03-02T00:00:00Z", [2, 6, 100003]),
    ]
    assert_expected_rows(sandbox, [MAIL, DEMO, FORM], [first, second], NOW + timedelta(days=1))
    assert len(table(MAIL, second)) < len(table(MAIL, first, second))


@small_data_set
def test_activities_that_are_selected_later_are_read_from_the_start_date(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = read(tap, [MAIL], end_date="2026-01-20")
    jobs_before = len(sandbox.jobs)
    second = read(tap, ["activities", MAIL], state=first.state)
    assert {types for _, _, types in spans(activity_filters(sandbox, skip=jobs_before))} == {None}
    assert_expected_rows(sandbox, ["activities", MAIL], [first, second], NOW)
    # The typed stream only emits the records of the lookback again.
    assert (
        len(first.records(MAIL)) + len(second.records(MAIL)) <= len(table(MAIL, first, second)) + 1
    )


@small_data_set
def test_a_stream_that_was_deselected_for_some_runs_is_complete_afterwards(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    runs = [read(tap, ["activities", MAIL], end_date="2026-01-05")]
    runs.append(read(tap, ["activities"], state=runs[-1].state, end_date="2026-02-10"))
    jobs_before = len(sandbox.jobs)
    runs.append(read(tap, ["activities", MAIL], state=runs[-1].state))
    assert spans(activity_filters(sandbox, skip=jobs_before)) == [
        ("2026-01-04T23:00:00Z", "2026-02-04T23:00:00Z", [6]),
        ("2026-02-04T23:00:00Z", "2026-02-09T23:00:00Z", [6]),
        ("2026-02-09T23:00:00Z", "2026-03-01T00:00:00Z", None),
    ]
    assert_expected_rows(sandbox, ["activities", MAIL], runs, NOW)


@small_data_set
def test_a_full_table_among_the_streams_is_read_from_the_start_date(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = read(tap, [MAIL, FORM])

    def use_full_table(entry: dict[str, Any]) -> None:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        entry["replication_method"] = root["metadata"]["forced-replication-method"] = "FULL_TABLE"

    catalog = edited(selecting(tap.discover(), MAIL, FORM), FORM, use_full_table)
    second = tap.run(catalog=catalog, state=first.state, config=EVERYTHING)
    assert_expected_rows(sandbox, [FORM], [second], NOW)
    assert len(second.records(MAIL)) <= 1


SELECTIONS = st.lists(
    st.tuples(st.sets(st.sampled_from(["activities", *IDS]), min_size=1), st.integers(1, 40)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=10, deadline=None)
@given(SELECTIONS, st.booleans(), st.sampled_from([0, 60, 5000]))
def test_after_any_sequence_of_selections_each_stream_is_complete(
    selections: list[tuple[set[str], int]],
    inclusive: bool,  # noqa: FBT001 - hypothesis passes it by position
    lookback: int,
) -> None:
    clock = SandboxClock(NOW, speed=0)
    options = replace(SMALL, activities=400, history_days=90, end_at_inclusive=inclusive)
    with Sandbox(options, clock=clock) as sandbox:
        tap = TapRunner(sandbox, TapClock(clock))
        catalog = tap.discover()
        runs: list[RunResult] = []
        end, read_until = datetime.fromisoformat(START), dict[str, datetime]()
        for streams, days in selections:
            end = min(end + timedelta(days=days), NOW)
            config = {"end_date": format_instant(end), "activity_lookback_minutes": lookback}
            runs.append(
                tap.run(
                    catalog=selecting(catalog, *streams),
                    state=next((run.state for run in reversed(runs) if run.state), None),
                    config=EVERYTHING | config,
                )
            )
            read_until |= dict.fromkeys(streams, end)
        for stream, instant in read_until.items():
            assert_expected_rows(sandbox, [stream], runs, instant)


# Interrupted runs.


def enqueued_requests(sandbox: Sandbox) -> list[Any]:
    """The requests of all jobs that were enqueued."""
    return [job.request for job in sandbox.jobs if job.queued_at]


@small_data_set
@pytest.mark.parametrize("streams", [[MAIL, DEMO], ["activities", FORM]], ids=["typed", "both"])
def test_after_interruptions_each_window_was_exported_once(
    tap: TapRunner, sandbox: Sandbox, streams: list[str]
) -> None:
    complete = read(tap, streams, end_date="2026-02-25", resume_unknown_jobs=False)
    expected_requests = enqueued_requests(sandbox)
    total = len(complete.messages)
    for stop in range(1, total, max(7, total // 6)):
        jobs_before = len(sandbox.jobs)
        runs = [run_with_stop(tap, streams, None, stop)]
        while isinstance(runs[-1].error, SimulatedCrashError):
            state = next((run.state for run in reversed(runs) if run.state), None)
            runs.append(run_with_stop(tap, streams, state, stop + 20 * len(runs)))
        assert runs[-1].error is None
        requests = [job.request for job in sandbox.jobs[jobs_before:] if job.queued_at]
        assert sorted(map(str, requests)) == sorted(map(str, expected_requests))
        assert_expected_rows(sandbox, streams, runs, datetime.fromisoformat("2026-02-25T00:00:00Z"))


def run_with_stop(
    tap: TapRunner, streams: list[str], state: Message | None, stop: int
) -> RunResult:
    catalog = selecting(tap.discover(), *streams)
    config = EVERYTHING | {"end_date": "2026-02-25", "resume_unknown_jobs": False}
    return tap.run(catalog=catalog, state=state, config=config, stop_after=stop)
