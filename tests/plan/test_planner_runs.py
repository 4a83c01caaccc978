"""The export tasks of sequences of runs: no record is missing, and none is exported twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.plan.ledger import ALL, Goal, Ids, Read
from tap_marketo_bulk.plan.planner import ExportTask, obsolete_jobs, plan_tasks
from tap_marketo_bulk.plan.state_changes import after_read, reads_for, with_begun_full_read
from tap_marketo_bulk.plan.state_format import (
    StreamState,
    UnfinishedJob,
    dump_stream_state,
    load_stream_state,
)
from tests.support.planning import OWNER, at, consumer, goal, hours, ids_of, plan

# The owner reads some types or all; a typed stream reads type 1. Type 9 stands for all others.
TYPES = (1, 2, 9)
TYPED = "typed"


@dataclass(frozen=True)
class SimulatedRun:
    """A run.

    Attributes:
        hours: Since the run before.
        lookback, window_hours, types, has_typed: Its settings and selection.
        read: The number of files that are read before it is interrupted.
        created_ahead: The number of jobs that are created after those.
        loses_jobs: Whether STATE with the ids of its jobs is lost; they are found by their tags.
    """

    hours: int
    lookback: int = 3
    window_hours: int = 24
    types: Ids = ALL
    has_typed: bool = False
    read: int = 10_000
    created_ahead: int = 0
    loses_jobs: bool = False


RUNS = st.lists(
    st.builds(
        SimulatedRun,
        hours=st.integers(1, 40),
        lookback=st.sampled_from([3, 4, 6, 30]),
        window_hours=st.integers(2, 31),
        types=st.sampled_from([ALL, ids_of(1), ids_of(1, 2)]),
        has_typed=st.booleans(),
        read=st.integers(0, 6),
        created_ahead=st.integers(0, 4),
        loses_jobs=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@dataclass
class Simulation:
    """Marketo, where a record of each type happens each hour, and a target.

    Attributes:
        late: After so many hours a record is stored.
        raw: Stream -> the state in STATE.
        loaded: Stream -> the hours and types of records that the target has loaded.
        created: The tasks for which a job was created.
    """

    late: float = 0
    raw: dict[str, Any] = field(default_factory=lambda: {OWNER: {}, TYPED: {}})
    loaded: dict[str, set[tuple[int, int]]] = field(
        default_factory=lambda: {OWNER: set(), TYPED: set()}
    )
    created: list[ExportTask] = field(default_factory=list)
    horizon: int = 0

    def run(self, run: SimulatedRun, since: int | None = None) -> None:
        """Plan, create jobs, and read some of their files."""
        self.horizon += run.hours
        goals = {
            OWNER: goal(self.horizon, *run.types or (), lookback=run.lookback, since=since),
        }
        if run.has_typed:
            goals[TYPED] = goal(self.horizon, 1, lookback=run.lookback)
        states = {name: load_stream_state(name, raw) for name, raw in self.raw.items()}
        tasks = self._planned_tasks(run, goals, states)
        for number, task in enumerate(tasks[: run.read + run.created_ahead]):
            if task.export_id is None:
                self.created.append(task)
                created = UnfinishedJob(
                    f"{self.horizon}/{number}",
                    task.window,
                    task.request.digest,
                    task.as_of,
                    task.ids,
                )
                if run.loses_jobs:
                    created = replace(created, ids=ALL, has_unknown_ids=True)
                states[OWNER] = states[OWNER].with_job(created, None)
        for task in tasks[: run.read]:
            self._read(task, goals, states)
        self.raw = {name: dump_stream_state(each) for name, each in states.items()}

    def _planned_tasks(
        self, run: SimulatedRun, goals: dict[str, Goal], states: dict[str, StreamState]
    ) -> list[ExportTask]:
        consumers = [
            consumer(each, *reads_for(states[name], each), stream=name)
            for name, each in goals.items()
        ]
        jobs = states[OWNER].jobs
        today = plan(*consumers, jobs=jobs, as_of=self.horizon, length=run.window_hours)
        tasks = plan_tasks(today)
        obsolete = {each.export_id for each in obsolete_jobs(today, tasks)}
        states[OWNER] = states[OWNER].without_jobs(obsolete)
        return tasks

    def _read(
        self, task: ExportTask, goals: dict[str, Goal], states: dict[str, StreamState]
    ) -> None:
        first, last = int(hours(task.window.start)), int(hours(task.window.end))
        for name, ids in task.consumers.items():
            self.loaded[name] |= {
                (hour, each)
                for hour in range(first, last + 1)
                for each in TYPES
                if at(hour + self.late) <= task.as_of and (ids is None or each in ids)
            }
            read = Read(task.window, task.as_of, ids)
            states[name] = after_read(states[name], goals[name], read)
        done = {
            each.export_id
            for each in states[OWNER].jobs
            if (each.window, each.digest) == (task.window, task.request.digest)
        }
        states[OWNER] = states[OWNER].without_jobs(done)

    def expected(self, *types: int) -> set[tuple[int, int]]:
        """Return all records that are stored by now."""
        last = int(self.horizon - self.late)
        return {(hour, each) for hour in range(last + 1) for each in types}


@given(RUNS, st.sampled_from([0, 1, 2.5]))
def test_all_records_are_loaded_whatever_runs_were_interrupted_or_had_other_settings(
    runs: list[SimulatedRun], late: float
) -> None:
    # The shortest lookback is longer than any delay, so no record may be missing at the end.
    simulation = Simulation(late)
    for run in runs:
        simulation.run(run)
    simulation.run(SimulatedRun(40, has_typed=True))
    assert simulation.loaded[OWNER] == simulation.expected(*TYPES)
    assert simulation.loaded[TYPED] == simulation.expected(1)
    assert load_stream_state(OWNER, simulation.raw[OWNER]).jobs == ()


@given(RUNS)
def test_with_the_same_settings_no_request_is_exported_twice(runs: list[SimulatedRun]) -> None:
    simulation = Simulation()
    for run in [*runs, SimulatedRun(40)]:
        same = SimulatedRun(run.hours, read=run.read, created_ahead=run.created_ahead)
        simulation.run(replace(same, loses_jobs=run.loses_jobs))
    digests = [task.request.digest for task in simulation.created]
    assert len(set(digests)) == len(digests)


@given(RUNS, st.sampled_from([ALL, ids_of(1, 2)]))
def test_without_a_lookback_no_instant_is_exported_twice(
    runs: list[SimulatedRun], types: Ids
) -> None:
    simulation = Simulation()
    for run in runs:
        simulation.run(replace(run, lookback=0, types=types, has_typed=False))
    exported = [
        hour
        for task in simulation.created
        for hour in range(int(hours(task.window.start)), int(hours(task.window.end)))
    ]
    assert len(set(exported)) == len(exported)


@given(RUNS)
def test_a_full_read_that_is_interrupted_is_continued_until_it_is_complete(
    runs: list[SimulatedRun],
) -> None:
    simulation, first_horizon = Simulation(), runs[0].hours
    for run in [*runs, SimulatedRun(1)]:
        state = load_stream_state(OWNER, simulation.raw[OWNER])
        state = with_begun_full_read(state, at(simulation.horizon + run.hours), frozenset())
        assert state.full_read
        assert state.full_read.since == at(first_horizon)
        simulation.raw[OWNER] = dump_stream_state(state)
        simulation.run(replace(run, types=ALL, has_typed=False), first_horizon)
        if load_stream_state(OWNER, simulation.raw[OWNER]).full_read is None:
            assert simulation.loaded[OWNER] == simulation.expected(*TYPES)
            return
    pytest.fail("the last run was not interrupted")
