"""One export serves all activity streams, whatever their bookmarks and however runs end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.runs import StoppedError, Tap, edited, selecting, without_bookkeeping
from tests.support.typed_activities import filters, spans, streams_of, table, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.runs import Message, Run

SMALL = Options(leads=50, activities=900, late_seconds=0, job_seconds=0)
EVERYTHING = {"start_date": "2025-12-01", "lag_minutes": 0, "poll_seconds": 0.001}
START = "2025-12-01T00:00:00Z"
MAIL = "activities_send_email"
FORM = "activities_fill_out_form"
DEMO = "activities_product_demo"
IDS = {FORM: 2, MAIL: 6, DEMO: 100003}
small = pytest.mark.parametrize("options", [SMALL])


def read(tap: Tap, streams: Sequence[str], state: Message | None = None, **config: object) -> Run:
    """Run the tap with these streams alone."""
    catalog = selecting(tap.discover(), *streams)
    return tap.run(catalog=catalog, state=state, config=EVERYTHING | config)


def check(sandbox: Sandbox, streams: Iterable[str], runs: Sequence[Run], end: datetime) -> None:
    """Compare the streams with the truth from the start to an instant."""
    last = format_instant(end if sandbox.options.end_at_inclusive else end - timedelta(seconds=1))
    activities = {
        key: activity
        for key, activity in sandbox.expected.activities().items()
        if START <= str(activity["activityDate"]) <= last
    }
    for stream in streams:
        expected = activities
        if stream != "activities":
            expected = truth_of(streams_of(sandbox)[stream], activities)
        assert table(stream, *runs) == expected, stream


# Which jobs are made.


@small
def test_every_type_comes_out_of_the_jobs_of_activities(tap: Tap, sandbox: Sandbox) -> None:
    read(tap, ["activities", *streams_of(sandbox)])
    assert spans(filters(sandbox)) == [
        (START, "2026-01-01T00:00:00Z", None),
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", None),
        ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", None),
    ]


@small
def test_without_activities_only_the_selected_types_travel(tap: Tap, sandbox: Sandbox) -> None:
    run = read(tap, [MAIL, DEMO, FORM])
    assert {tuple(types or ()) for _, _, types in spans(filters(sandbox))} == {(2, 6, 100003)}
    assert len(sandbox.jobs) == 3
    assert run.records("activities") == []
    assert "activities" not in run.schemas
    check(sandbox, [MAIL, DEMO, FORM], [run], NOW)


@pytest.mark.parametrize(
    "options", [Options(leads=20, activities=3000, late_seconds=0, job_seconds=0, many_types=29)]
)
def test_48_types_over_12_months_are_12_jobs(tap: Tap, sandbox: Sandbox) -> None:
    streams = list(streams_of(sandbox))
    assert len(streams) == 48
    run = read(tap, streams, start_date=format_instant(NOW - timedelta(days=365)))
    assert len(sandbox.jobs) == 12
    assert sum(len(run.records(stream)) for stream in streams) == sum(
        job.number_of_records or 0 for job in sandbox.jobs
    )
    assert all(run.records(stream) for stream in streams)


@small
def test_a_run_with_nothing_new_makes_few_calls(tap: Tap, sandbox: Sandbox) -> None:
    streams = list(streams_of(sandbox))
    first = read(tap, streams)
    catalog = selecting(tap.discover(), *streams)
    before = len(sandbox.calls)
    tap.run(catalog=catalog, state=first.state, config=EVERYTHING)
    names = Counter(call.name for call in sandbox.calls[before:])
    assert names.pop("status") >= 1
    assert names == {"token": 1, "types": 1, "list": 1, "create": 1, "enqueue": 1}


# Bookmarks.


@small
def test_each_stream_has_a_bookmark_of_its_own(tap: Tap) -> None:
    run = read(tap, ["activities", MAIL, DEMO])
    bookmark = {"replication_key": "activityDate", "replication_key_value": format_instant(NOW)}
    assert run.state
    assert without_bookkeeping(run.state) == {
        "bookmarks": dict.fromkeys(("activities", MAIL, DEMO), bookmark)
    }
    reached = [
        {each.get("replication_key_value") for each in state["bookmarks"].values()}
        for state in run.states
        if "exports" not in state["bookmarks"]["activities"]
    ]
    assert all(len(values) == 1 for values in reached)


@small
def test_a_new_stream_catches_up_and_then_shares(
    tap: Tap, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap, [MAIL, DEMO], end_date="2026-01-20")
    made = len(sandbox.jobs)
    sandbox_clock.advance(86400)
    second = read(tap, [MAIL, DEMO, FORM], state=first.state)
    # An hour of lookback before the bookmark.
    assert spans(filters(sandbox, since=made)) == [
        (START, "2026-01-01T00:00:00Z", [2]),
        ("2026-01-01T00:00:00Z", "2026-01-19T23:00:00Z", [2]),
        ("2026-01-19T23:00:00Z", "2026-02-19T23:00:00Z", [2, 6, 100003]),
        ("2026-02-19T23:00:00Z", "2026-03-02T00:00:00Z", [2, 6, 100003]),
    ]
    check(sandbox, [MAIL, DEMO, FORM], [first, second], NOW + timedelta(days=1))
    assert len(table(MAIL, second)) < len(table(MAIL, first, second))


@small
def test_activities_that_are_selected_late_catch_up_too(tap: Tap, sandbox: Sandbox) -> None:
    first = read(tap, [MAIL], end_date="2026-01-20")
    made = len(sandbox.jobs)
    second = read(tap, ["activities", MAIL], state=first.state)
    assert {types for _, _, types in spans(filters(sandbox, since=made))} == {None}
    check(sandbox, ["activities", MAIL], [first, second], NOW)
    # What the stream had is not written again, but for the lookback.
    assert (
        len(first.records(MAIL)) + len(second.records(MAIL)) <= len(table(MAIL, first, second)) + 1
    )


@small
def test_a_stream_that_is_left_out_for_a_while_misses_nothing(tap: Tap, sandbox: Sandbox) -> None:
    runs = [read(tap, ["activities", MAIL], end_date="2026-01-05")]
    runs.append(read(tap, ["activities"], state=runs[-1].state, end_date="2026-02-10"))
    made = len(sandbox.jobs)
    runs.append(read(tap, ["activities", MAIL], state=runs[-1].state))
    assert spans(filters(sandbox, since=made)) == [
        ("2026-01-04T23:00:00Z", "2026-02-04T23:00:00Z", [6]),
        ("2026-02-04T23:00:00Z", "2026-02-09T23:00:00Z", [6]),
        ("2026-02-09T23:00:00Z", "2026-03-01T00:00:00Z", None),
    ]
    check(sandbox, ["activities", MAIL], runs, NOW)


@small
def test_a_full_table_among_them_begins_at_the_start(tap: Tap, sandbox: Sandbox) -> None:
    first = read(tap, [MAIL, FORM])

    def full(entry: dict[str, Any]) -> None:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        entry["replication_method"] = root["metadata"]["forced-replication-method"] = "FULL_TABLE"

    catalog = edited(selecting(tap.discover(), MAIL, FORM), FORM, full)
    second = tap.run(catalog=catalog, state=first.state, config=EVERYTHING)
    check(sandbox, [FORM], [second], NOW)
    assert len(second.records(MAIL)) <= 1


CHANGES = st.lists(
    st.tuples(st.sets(st.sampled_from(["activities", *IDS]), min_size=1), st.integers(1, 40)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=10, deadline=None)
@given(CHANGES, st.booleans(), st.sampled_from([0, 60, 5000]))
def test_whatever_is_selected_when_nothing_is_lost(
    changes: list[tuple[set[str], int]],
    inclusive: bool,  # noqa: FBT001 - as hypothesis gives it
    lookback: int,
) -> None:
    clock = SandboxClock(NOW, speed=0)
    options = replace(SMALL, activities=400, history_days=90, end_at_inclusive=inclusive)
    with Sandbox(options, clock=clock) as sandbox:
        tap = Tap(sandbox, TapClock(clock))
        catalog = tap.discover()
        runs: list[Run] = []
        end, reached = datetime.fromisoformat(START), dict[str, datetime]()
        for streams, days in changes:
            end = min(end + timedelta(days=days), NOW)
            config = {"end_date": format_instant(end), "activity_lookback_minutes": lookback}
            runs.append(
                tap.run(
                    catalog=selecting(catalog, *streams),
                    state=next((run.state for run in reversed(runs) if run.state), None),
                    config=EVERYTHING | config,
                )
            )
            reached |= dict.fromkeys(streams, end)
        for stream, instant in reached.items():
            check(sandbox, [stream], runs, instant)


# Runs that are interrupted.


def enqueued(sandbox: Sandbox) -> list[Any]:
    """The requests that cost something."""
    return [job.request for job in sandbox.jobs if job.queued_at]


@small
@pytest.mark.parametrize("streams", [[MAIL, DEMO], ["activities", FORM]], ids=["typed", "both"])
def test_an_interrupted_run_goes_on_and_pays_nothing_twice(
    tap: Tap, sandbox: Sandbox, streams: list[str]
) -> None:
    undisturbed = read(tap, streams, end_date="2026-02-25", resume_unknown_jobs=False)
    paid = enqueued(sandbox)
    total = len(undisturbed.messages)
    for stop in range(1, total, max(7, total // 6)):
        made = len(sandbox.jobs)
        runs = [tap_run(tap, streams, None, stop)]
        while isinstance(runs[-1].error, StoppedError):
            state = next((run.state for run in reversed(runs) if run.state), None)
            runs.append(tap_run(tap, streams, state, stop + 20 * len(runs)))
        assert runs[-1].error is None
        again = [job.request for job in sandbox.jobs[made:] if job.queued_at]
        assert sorted(map(str, again)) == sorted(map(str, paid))
        check(sandbox, streams, runs, datetime.fromisoformat("2026-02-25T00:00:00Z"))


def tap_run(tap: Tap, streams: list[str], state: Message | None, stop: int) -> Run:
    catalog = selecting(tap.discover(), *streams)
    config = EVERYTHING | {"end_date": "2026-02-25", "resume_unknown_jobs": False}
    return tap.run(catalog=catalog, state=state, config=config, stop_after=stop)
