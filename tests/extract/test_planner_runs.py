"""The export tasks of sequences of runs: no record is missing, and none is exported twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.plan.ledger import (
    BookmarkCoverage,
    FullReadMode,
    IncrementalReadMode,
    PartialReadMode,
    StreamState,
    UnfinishedExport,
    after_window,
    state_when_read_begins,
)
from tap_marketo_bulk.plan.planner import Consumer, PlanningInput, obsolete_exports, plan_tasks
from tap_marketo_bulk.plan.state_format import dump_stream_state, load_stream_state
from tap_marketo_bulk.plan.windows import Window, merge
from tests.support.planning import HOUR, OWNER, START, at, make_requests, plan, spans

if TYPE_CHECKING:
    from datetime import datetime

    from tap_marketo_bulk.plan.ledger import ReadMode


@dataclass
class SimulatedMarketo:
    """A record at every half hour, each stored ``late`` hours after it happened.

    Attributes:
        loaded: The half hours of the records that the target has loaded, by stream.
        exported: The window and the request digest of each job that was created.
    """

    late: float
    loaded: dict[str, set[float]] = field(default_factory=dict)
    exported: list[tuple[Window, str]] = field(default_factory=list)

    def export(self, span: Window, stored_by: datetime) -> set[float]:
        """Return the half hours of the records in the file of a job."""
        start, end = (span.start - START) / HOUR, (span.end - START) / HOUR
        last = min(end, (stored_by - START) / HOUR - self.late)
        return {half / 2 for half in range(int(2 * start), int(2 * last) + 1)}


@dataclass(frozen=True)
class SimulatedRun:
    """A run: hours since the run before, its settings, and how many files are read and created."""

    hours: int
    lookback: int
    window_hours: int
    read: int
    created_ahead: int


RUNS = st.lists(
    st.builds(
        SimulatedRun,
        hours=st.integers(1, 40),
        lookback=st.sampled_from([3, 4, 6, 30]),
        window_hours=st.integers(2, 31),
        read=st.integers(0, 6),
        created_ahead=st.integers(0, 4),
    ),
    min_size=1,
    max_size=8,
)


def simulate_run(
    marketo: SimulatedMarketo, run: SimulatedRun, raw: dict[str, object], horizon: float
) -> None:
    """Plan, create jobs and read some of their files; ``raw`` has the STATE before and after."""
    state = load_stream_state(OWNER, raw)
    mode = IncrementalReadMode("date", run.lookback * HOUR)
    today = PlanningInput(
        OWNER,
        (Consumer(OWNER, mode, state, START),),
        state.exports,
        make_requests,
        frozenset(),
        at(horizon),
        run.window_hours * HOUR,
    )
    tasks = plan_tasks(today)
    state = state.without_jobs({each.export_id for each in obsolete_exports(today, tasks)})
    files = {}
    for number, task in enumerate(tasks[: run.read + run.created_ahead]):
        name = task.export_id or f"{horizon}/{number}"
        if task.export_id is None:
            marketo.exported.append((task.window, task.request.digest))
        created = UnfinishedExport(name, task.window, task.request.digest, task.horizon)
        state = state.with_added_export(created)
        files[number] = marketo.export(task.window, task.horizon)
    for number, task in enumerate(tasks[: run.read]):
        marketo.loaded.setdefault(OWNER, set()).update(files[number])
        state = after_window(
            state, mode, task.window, read_horizon=task.horizon, horizon=at(horizon)
        ).without_exports(task.window)
    raw.clear()
    raw.update(dump_stream_state(state))


@given(RUNS, st.sampled_from([0, 1, 2.5]))
def test_all_records_are_loaded_whatever_runs_were_interrupted_or_had_other_settings(
    runs: list[SimulatedRun], late: float
) -> None:
    # The shortest lookback is longer than any delay, so no record may be missing at the end.
    marketo, raw, horizon = SimulatedMarketo(late), dict[str, object](), 0.0
    for run in runs:
        horizon += run.hours
        simulate_run(marketo, run, raw, horizon)
    horizon += 40
    simulate_run(marketo, SimulatedRun(40, 3, 31, 10_000, 0), raw, horizon)
    expected = {half / 2 for half in range(int(2 * (horizon - late)) + 1)}
    assert marketo.loaded[OWNER] == expected
    assert load_stream_state(OWNER, raw).exports == ()


@given(RUNS)
def test_with_the_same_settings_no_request_is_exported_twice(runs: list[SimulatedRun]) -> None:
    marketo, raw, horizon = SimulatedMarketo(0), dict[str, object](), 0.0
    for run in [*runs, SimulatedRun(40, 3, 24, 10_000, 0)]:
        horizon += run.hours
        same = SimulatedRun(run.hours, 3, 24, run.read, run.created_ahead)
        simulate_run(marketo, same, raw, horizon)
    assert len(set(marketo.exported)) == len(marketo.exported)


@given(RUNS)
def test_without_a_lookback_no_instant_is_exported_twice(runs: list[SimulatedRun]) -> None:
    marketo, raw, horizon = SimulatedMarketo(0), dict[str, object](), 0.0
    for run in runs:
        horizon += run.hours
        simulate_run(
            marketo, SimulatedRun(run.hours, 0, 24, run.read, run.created_ahead), raw, horizon
        )
    exported = sorted(span for span, _ in marketo.exported)
    assert all(one.end <= other.start for one, other in pairwise(exported))


@given(RUNS, st.sampled_from([None, "date"]))
def test_a_full_read_that_is_interrupted_is_continued_until_it_is_complete(
    runs: list[SimulatedRun], bookmark_key: str | None
) -> None:
    mode: ReadMode = FullReadMode(bookmark_key)
    state, horizon, read = StreamState(), 0.0, set[Window]()
    first_horizon = None
    for run in [*runs, SimulatedRun(1, 0, 24, 10_000, 0)]:
        horizon += run.hours
        state = state_when_read_begins(state, mode, BookmarkCoverage(START), at(horizon))
        first_horizon = first_horizon or state.full_read_began
        who = Consumer(OWNER, mode, state, START)
        tasks = plan_tasks(plan(who, horizon=horizon, length=run.window_hours))
        for task in tasks[: run.read]:
            read.add(task.window)
            state = after_window(
                state, mode, task.window, read_horizon=task.horizon, horizon=at(horizon)
            )
            if state.full_read_began is None:
                assert merge(read) == (Window(START, at(horizon)),)
                assert state.bookmark == (first_horizon if bookmark_key else None)
                return
            assert state.full_read_began == first_horizon
    raise AssertionError


@pytest.mark.parametrize("mode", [IncrementalReadMode("date"), PartialReadMode("date")])
def test_after_an_incremental_read_an_interrupted_full_read_begins_anew(mode: ReadMode) -> None:
    interrupted = StreamState(full_read_began=at(30), full_read_reached=at(10))
    window = Window(START, at(40))
    state = after_window(interrupted, mode, window, read_horizon=at(40), horizon=at(40))
    assert (state.full_read_began, state.full_read_reached) == (None, None)


def test_after_a_complete_full_read_the_next_one_begins_at_the_start_date() -> None:
    state = StreamState()
    for horizon in (30, 60):
        who = Consumer(
            OWNER,
            FullReadMode(),
            state_when_read_begins(state, FullReadMode(), BookmarkCoverage(START), at(horizon)),
            START,
        )
        tasks = plan_tasks(plan(who, horizon=horizon, length=100))
        assert spans(tasks) == [(0, horizon, (OWNER,))]
        state = after_window(
            who.state, who.mode, tasks[0].window, read_horizon=at(horizon), horizon=at(horizon)
        )
        assert state == StreamState()
