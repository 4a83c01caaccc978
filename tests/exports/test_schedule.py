"""The next step, for any stages of the jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.exports.job import JobStage, JobState, first_state
from tap_marketo_bulk.exports.schedule import (
    REMINDER_SECONDS,
    SchedulerSnapshot,
    Step,
    next_step,
    seconds_until_due,
)
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tests.support.fake_exports import task

if TYPE_CHECKING:
    from collections.abc import Sequence

P, U, C, Q, D, V, F = (
    JobStage.PLANNED,
    JobStage.UNFINISHED,
    JobStage.CREATED,
    JobStage.IN_QUEUE,
    JobStage.COMPLETED,
    JobStage.DOWNLOADED,
    JobStage.FAILED,
)


def jobs(*stages: JobStage | tuple[str, JobStage], due: float = 0.0) -> list[JobState]:
    """Return jobs at these stages, of leads unless another stream is named."""
    states = []
    for number, each in enumerate(stages):
        stream, stage = each if isinstance(each, tuple) else ("leads", each)
        job = ExportJob(f"job {number}", JobStatus.CREATED)
        state = first_state((number,), task(number, stream), 0.0)
        states.append(replace(state, stage=stage, job=job, due=due))
    return states


def snapshot(states: Sequence[JobState], **changes: Any) -> SchedulerSnapshot:  # noqa: ANN401 - a snapshot's own
    defaults: dict[str, Any] = {
        "awaited": None,
        "max_in_flight": 4,
        "poll_seconds": 60.0,
        "now": 100.0,
        "quota_retry_at": 0.0,
    }
    return SchedulerSnapshot(states, **(defaults | changes))


def chosen(states: Sequence[JobState], **changes: Any) -> tuple[int, Step] | None:  # noqa: ANN401 - a snapshot's own
    """Return the number of the job that has something to do, and what."""
    found = next_step(snapshot(states, **changes))
    return found and (found[0].number[0], found[1])


@pytest.mark.parametrize(
    ("stages", "step"),
    [
        ([], None),
        ([P], (0, Step.CREATE)),
        ([C, P], (0, Step.ENQUEUE)),
        ([Q, P], (1, Step.CREATE)),
        ([P, U], (1, Step.CHECK_EARLIER_JOB)),
        ([Q, D], (0, Step.POLL)),
        ([D, P], (1, Step.CREATE)),
        ([Q, Q, Q, Q, P], (0, Step.POLL)),
        ([V, V, D], None),
        ([V, D], (1, Step.DOWNLOAD)),
        ([V, V], None),
        ([F, P], None),
        ([F, C], None),
        ([F, D], None),
        ([F, U], None),
        # The file after a failure is not needed, but the job's place in the queue is.
        ([F, Q], (1, Step.POLL)),
        ([F, ("activities", P)], (1, Step.CREATE)),
        ([P, F], (0, Step.CREATE)),
    ],
)
def test_quick_steps_come_before_slow_ones(
    stages: list[Any], step: tuple[int, Step] | None
) -> None:
    assert chosen(jobs(*stages)) == step


@pytest.mark.parametrize("stage", [U, C, Q])
def test_no_step_is_taken_before_it_is_due(stage: JobStage) -> None:
    states = jobs(stage, due=130.0)
    assert chosen(states) is None
    assert seconds_until_due(snapshot(states)) == 30.0
    assert chosen(states, now=130.0)


def test_the_two_oldest_jobs_are_polled_each_time_and_those_behind_them_each_tenth() -> None:
    since = [0.0, -1.0, -2.0, -3.0]
    in_queue = [
        replace(state, due=100.0, since=each)
        for state, each in zip(jobs(Q, Q, Q, Q), since, strict=True)
    ]
    # The last one is the oldest.
    assert [chosen(in_queue), chosen(in_queue[:2])] == [(3, Step.POLL), (1, Step.POLL)]
    polled = [replace(state, due=160.0) if state.number >= (2,) else state for state in in_queue]
    assert chosen(polled) is None
    assert chosen(polled, now=160.0) == (3, Step.POLL)
    waiting = [replace(state, due=999.0) if state.number >= (2,) else state for state in in_queue]
    assert seconds_until_due(snapshot(waiting)) == 9 * 60.0
    assert chosen(waiting, now=639.0) is None
    assert chosen(waiting, now=640.0) == (1, Step.POLL)
    # Once a slot is free, the next one is polled.
    assert chosen(waiting[:3]) == (1, Step.POLL)


def test_the_caller_with_other_work_downloads_nothing() -> None:
    completed = snapshot(jobs(D, P))
    assert next_step(completed, with_downloads=False) == (completed.jobs[1], Step.CREATE)
    assert next_step(snapshot(jobs(D)), with_downloads=False) is None


def test_no_more_jobs_are_queued_than_allowed() -> None:
    states = [*jobs(Q, due=999.0), jobs(Q, C)[1]]
    assert chosen(states, max_in_flight=1) is None
    assert chosen(states, max_in_flight=2) == (1, Step.ENQUEUE)


def test_no_more_jobs_are_started_than_allowed() -> None:
    assert chosen(jobs(D, V, V, P), max_in_flight=1) is None
    assert chosen(jobs(V, V, P), max_in_flight=1) == (2, Step.CREATE)


def test_files_of_another_stream_do_not_block_the_awaited_job() -> None:
    states = jobs(("leads", D), ("leads", V), ("leads", V), ("activities", P))
    assert chosen(states, max_in_flight=1) is None
    assert chosen(states, max_in_flight=1, awaited=(3,)) == (3, Step.CREATE)


def test_a_place_on_disk_is_reserved_for_the_awaited_file() -> None:
    states = [*jobs(Q, V, due=200.0), jobs(Q, V, D)[2]]
    assert chosen(states, max_in_flight=3) == (2, Step.DOWNLOAD)
    assert chosen(states, max_in_flight=3, awaited=(0,)) is None
    full = jobs(V, V, D)
    assert chosen(full) is None
    assert chosen(full, awaited=(2,)) == (2, Step.DOWNLOAD)
    assert chosen(full, awaited=(0,)) is None


def test_while_the_quota_is_waited_for_files_are_downloaded_and_no_job_is_started() -> None:
    waiting = {"quota_retry_at": 5000.0}
    assert chosen(jobs(C, P), **waiting) is None
    assert chosen(jobs(C, P, D), **waiting) == (2, Step.DOWNLOAD)
    assert chosen(jobs(P, Q), **waiting) == (1, Step.POLL)
    assert seconds_until_due(snapshot(jobs(P), **waiting)) == REMINDER_SECONDS
    assert seconds_until_due(snapshot(jobs(P), now=4900.0, **waiting)) == 100.0


def test_without_a_step_that_becomes_due_there_is_no_time_to_wait_for() -> None:
    assert seconds_until_due(snapshot(jobs(V, V))) is None
