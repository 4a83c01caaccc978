"""Export tasks for the windows that streams still have to read: none is missing, none is twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.extract.planner import Consumer, PlanningInput, obsolete_exports, plan_tasks
from tap_marketo_bulk.extract.read_modes import FullReadMode, IncrementalReadMode, UndatedReadMode
from tap_marketo_bulk.extract.read_progress import after_window, state_when_read_begins
from tap_marketo_bulk.extract.state_format import dump_stream_state, load_stream_state
from tap_marketo_bulk.extract.stream_state import BookmarkCoverage, StreamState, UnfinishedExport
from tap_marketo_bulk.extract.windows import Window, merge
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.marketo.exports import ExportRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.extract.read_modes import ReadMode
    from tap_marketo_bulk.extract.tasks import ExportTask

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWNER = "activities"


def at(hours: float) -> datetime:
    return START + hours * HOUR


def window(start: float, end: float) -> Window:
    return Window(at(start), at(end))


def make_requests(span: Window, consumers: tuple[str, ...]) -> list[ExportRequest]:
    dates = {"startAt": format_instant(span.start), "endAt": format_instant(span.end)}
    return [ExportRequest(OWNER, consumers, {"createdAt": dates})]


def plan(
    *consumers: Consumer,
    exports: tuple[UnfinishedExport, ...] = (),
    horizon: float = 100,
    length: float = 24,
) -> PlanningInput:
    return PlanningInput(
        stream=OWNER,
        consumers=consumers,
        exports=exports,
        make_requests=make_requests,
        required_fields=frozenset(),
        horizon=at(horizon),
        window_length=length * HOUR,
    )


def consumer(
    name: str = OWNER, bookmark: float | None = None, lookback: float = 0, **state: object
) -> Consumer:
    known = StreamState("date", at(bookmark), **state) if bookmark is not None else StreamState()  # type: ignore[arg-type] # as StreamState has them
    return Consumer(name, IncrementalReadMode("date", lookback * HOUR), known, START)


def export(start: float, end: float, horizon: float, *consumers: str) -> UnfinishedExport:
    span = window(start, end)
    (request,) = make_requests(span, consumers or (OWNER,))
    return UnfinishedExport(f"{start}-{end}", span, request.digest, at(horizon))


def spans(tasks: Sequence[ExportTask]) -> list[tuple[float, float, tuple[str, ...]]]:
    return [
        ((it.window.start - START) / HOUR, (it.window.end - START) / HOUR, it.consumers)
        for it in tasks
    ]


def test_a_new_stream_is_read_from_the_start_date_in_windows() -> None:
    tasks = plan_tasks(plan(consumer(), horizon=50))
    assert spans(tasks) == [(0, 24, (OWNER,)), (24, 48, (OWNER,)), (48, 50, (OWNER,))]


def test_a_stream_is_read_from_its_bookmark_less_the_lookback() -> None:
    tasks = plan_tasks(plan(consumer(bookmark=90, lookback=2)))
    assert spans(tasks) == [(88, 100, (OWNER,))]


def test_nothing_is_planned_where_the_bookmark_is_at_the_horizon() -> None:
    assert plan_tasks(plan(consumer(bookmark=100))) == []


def test_a_bookmark_of_another_replication_key_is_ignored() -> None:
    other = Consumer(OWNER, IncrementalReadMode("other"), StreamState("date", at(90)), START)
    assert spans(plan_tasks(plan(other, horizon=10))) == [(0, 10, (OWNER,))]


def test_a_window_ends_where_another_stream_begins_to_need_records() -> None:
    tasks = plan_tasks(plan(consumer("new"), consumer("old", bookmark=40), horizon=50))
    assert spans(tasks) == [
        (0, 24, ("new",)),
        (24, 40, ("new",)),
        (40, 50, ("new", "old")),
    ]


def test_an_unfinished_job_keeps_its_window_whatever_the_window_length_is_today() -> None:
    job = export(10, 40, 100)
    tasks = plan_tasks(plan(consumer(bookmark=5), exports=(job,), horizon=60, length=24))
    assert spans(tasks) == [(5, 10, (OWNER,)), (10, 40, (OWNER,)), (40, 60, (OWNER,))]
    assert [task.export_id for task in tasks] == [None, job.export_id, None]


def test_a_job_for_another_request_is_not_resumed() -> None:
    job = export(10, 40, 100, "another column")
    tasks = plan_tasks(plan(consumer(bookmark=10), exports=(job,), horizon=40))
    assert [task.export_id for task in tasks] == [None, None]
    assert obsolete_exports(plan(exports=(job,)), tasks) == [job]


def test_a_job_whose_window_ends_after_the_horizon_is_kept_for_a_later_run() -> None:
    job = export(10, 40, 100)
    today = plan(consumer(bookmark=10), exports=(job,), horizon=20)
    tasks = plan_tasks(today)
    assert spans(tasks) == [(10, 20, (OWNER,))]
    assert obsolete_exports(today, tasks) == []


def test_the_lookback_before_the_horizon_of_a_resumed_job_is_planned() -> None:
    job = export(10, 40, 40)
    today = consumer(bookmark=10, lookback=2, horizon=at(40))
    tasks = plan_tasks(plan(today, exports=(job,), horizon=60))
    assert spans(tasks) == [(10, 40, (OWNER,)), (38, 60, (OWNER,))]


def test_a_resumed_job_that_begins_in_the_lookback_is_used_whole() -> None:
    job = export(38, 60, 60)
    today = consumer(bookmark=40, lookback=1)
    tasks = plan_tasks(plan(today, exports=(job,), horizon=80, length=100))
    assert spans(tasks) == [(38, 60, (OWNER,)), (59, 80, (OWNER,))]
    assert tasks[0].export_id == job.export_id


def test_a_list_is_one_task_whatever_the_dates_are() -> None:
    def request(_span: Window, _consumers: tuple[str, ...]) -> list[ExportRequest]:
        return [ExportRequest("leads", ("id",), {"staticListId": 1})]

    job = UnfinishedExport("x", window(-9999, 3), request(window(0, 1), ())[0].digest, at(3))
    today = PlanningInput(
        OWNER,
        (Consumer(OWNER, UndatedReadMode(), StreamState(), START),),
        (job,),
        request,
        frozenset(),
        at(9),
        HOUR,
    )
    (task,) = plan_tasks(today)
    assert (task.export_id, task.window) == ("x", job.window)


def test_two_requests_for_a_window_are_two_tasks_and_the_last_completes_it() -> None:
    def requests(span: Window, _consumers: tuple[str, ...]) -> list[ExportRequest]:
        return [ExportRequest("x", (name,), {"at": str(span)}) for name in "ab"]

    today = PlanningInput(OWNER, (consumer(),), (), requests, frozenset(), at(30), 24 * HOUR)
    tasks = plan_tasks(today)
    assert [task.is_last_of_window for task in tasks] == [False, True, False, True]
    second = UnfinishedExport("b", window(0, 24), tasks[1].request.digest, at(30))
    again = plan_tasks(
        PlanningInput(OWNER, (consumer(),), (second,), requests, frozenset(), at(30), 24 * HOUR)
    )
    assert [task.export_id for task in again] == [None, "b", None, None]


# Sequences of runs.


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


def test_a_lookback_that_begins_before_the_calendar_is_cut() -> None:
    first = datetime.min.replace(tzinfo=UTC)
    state = StreamState("date", first + HOUR)
    today = Consumer(OWNER, IncrementalReadMode("date", 2 * HOUR), state, first)
    horizon = first + 3 * HOUR
    (task,) = plan_tasks(
        PlanningInput(OWNER, (today,), (), make_requests, frozenset(), horizon, 24 * HOUR)
    )
    assert task.window == Window(first, horizon)
