"""The export tasks of one run: windows, gaps of several streams, ids and unfinished jobs."""

from __future__ import annotations

import pytest

from tap_marketo_bulk.plan.ledger import ALL, UNDATED, Goal
from tap_marketo_bulk.plan.planner import obsolete_jobs, plan_tasks
from tap_marketo_bulk.plan.state_format import UnfinishedJob
from tests.support.planning import (
    OWNER,
    at,
    consumer,
    goal,
    ids_of,
    job,
    make_request,
    plan,
    read,
    spans,
    window,
)


def test_a_new_stream_is_read_in_windows_of_the_window_length() -> None:
    tasks = plan_tasks(plan(consumer(goal(50)), as_of=50))
    assert spans(tasks) == [(0, 24, (OWNER,)), (24, 48, (OWNER,)), (48, 50, (OWNER,))]
    assert {(each.as_of, each.export_id, each.ids) for each in tasks} == {(at(50), None, ALL)}


def test_nothing_is_planned_if_nothing_is_unread() -> None:
    assert plan_tasks(plan(consumer(goal(50), read(0, 50, 50)), as_of=50)) == []
    assert plan_tasks(plan()) == []


def test_one_export_serves_streams_with_different_gaps() -> None:
    new = consumer(goal(60, 1), read(50, 55, 60), stream="new")
    old = consumer(goal(60, 2), read(0, 40, 60, 2), stream="old")
    tasks = plan_tasks(plan(new, old, as_of=60))
    assert spans(tasks) == [
        (0, 24, ("new",)),
        (24, 40, ("new",)),
        (40, 50, ("new", "old")),
        (50, 55, ("old",)),
        (55, 60, ("new", "old")),
    ]
    assert [each.ids for each in tasks] == [
        ids_of(1),
        ids_of(1),
        ids_of(1, 2),
        ids_of(2),
        ids_of(1, 2),
    ]
    assert tasks[2].consumers == {"new": ids_of(1), "old": ids_of(2)}
    assert tasks[2].request == make_request(window(40, 50), ids_of(1, 2), ("new", "old"))


def test_a_stream_of_all_ids_makes_the_request_one_without_ids() -> None:
    (task,) = plan_tasks(
        plan(consumer(goal(9)), consumer(goal(9, 1), stream="typed"), as_of=9, ids_per_job=2)
    )
    assert (task.ids, task.consumers) == (ALL, {OWNER: ALL, "typed": ids_of(1)})


def test_a_window_has_a_task_for_each_batch_of_ids() -> None:
    tasks = plan_tasks(
        plan(consumer(goal(9, 1, 2, 3)), consumer(goal(9, 3), stream="b"), as_of=9, ids_per_job=2)
    )
    assert [each.consumers for each in tasks] == [
        {OWNER: ids_of(1, 2)},
        {OWNER: ids_of(3), "b": ids_of(3)},
    ]


def test_an_unfinished_job_keeps_its_window_whatever_the_window_length_is_today() -> None:
    made = job(10, 40, 60)
    tasks = plan_tasks(plan(consumer(goal(60, start=5)), jobs=(made,), as_of=60))
    assert spans(tasks) == [(5, 10, (OWNER,)), (10, 40, (OWNER,)), (40, 60, (OWNER,))]
    assert [each.export_id for each in tasks] == [None, made.export_id, None]


@pytest.mark.parametrize("unknown", [False, True])
def test_a_job_is_used_only_for_the_same_request(*, unknown: bool) -> None:
    same = job(0, 40, 60, 1, has_unknown_ids=unknown)
    other = job(0, 40, 60, 1, streams=("another column",), has_unknown_ids=unknown)
    for made, used in ((same, [same.export_id, None]), (other, [None, None])):
        today = plan(consumer(goal(60, 1)), jobs=(made,), as_of=60, length=40)
        tasks = plan_tasks(today)
        assert [each.export_id for each in tasks] == used
        assert obsolete_jobs(today, tasks) == ([] if used[0] else [made])


@pytest.mark.parametrize("unknown", [False, True])
def test_a_job_whose_file_has_nothing_unread_is_obsolete(*, unknown: bool) -> None:
    made = job(0, 40, 60, 1, has_unknown_ids=unknown)
    today = plan(consumer(goal(60, 1, 2), read(0, 40, 60, 1)), jobs=(made,), as_of=60, length=60)
    tasks = plan_tasks(today)
    assert made.export_id not in [each.export_id for each in tasks]
    assert obsolete_jobs(today, tasks) == [made]


def test_a_job_of_some_ids_is_used_for_these_and_the_rest_is_exported() -> None:
    made = job(0, 20, 20, 1)
    tasks = plan_tasks(plan(consumer(goal(20, 1, 2)), jobs=(made,), as_of=20))
    assert [(each.export_id, each.consumers) for each in tasks] == [
        (made.export_id, {OWNER: ids_of(1)}),
        (None, {OWNER: ids_of(2)}),
    ]


def test_a_job_with_unknown_ids_is_used_for_the_batch_that_has_its_request() -> None:
    made = job(0, 20, 20, 3, 4, has_unknown_ids=True)
    wanted = goal(20, 1, 2, 3, 4, 5)
    tasks = plan_tasks(plan(consumer(wanted), jobs=(made,), as_of=20, ids_per_job=2))
    assert [(each.export_id, each.ids) for each in tasks] == [
        (None, ids_of(1, 2)),
        (made.export_id, ids_of(3, 4)),
        (None, ids_of(5)),
    ]


def test_a_resumed_task_is_that_of_the_earlier_run() -> None:
    made = UnfinishedJob(
        "x",
        window(0, 9),
        make_request(window(0, 9), ALL, [OWNER]).digest,
        at(9),
        unknown_fields=("zip",),
    )
    (task,) = plan_tasks(plan(consumer(goal(9)), jobs=(made,), as_of=9))
    assert (task.as_of, task.export_id, task.unknown_fields) == (at(9), "x", ("zip",))


def test_a_job_whose_window_ends_after_the_horizon_is_kept_for_a_later_run() -> None:
    today = plan(consumer(goal(20, start=10)), jobs=(job(10, 40, 100),), as_of=20)
    tasks = plan_tasks(today)
    assert spans(tasks) == [(10, 20, (OWNER,))]
    assert obsolete_jobs(today, tasks) == []


def test_the_lookback_before_the_horizon_of_a_resumed_job_is_exported_again() -> None:
    made = job(10, 40, 40)
    tasks = plan_tasks(plan(consumer(goal(60, start=10, lookback=2)), jobs=(made,), as_of=60))
    assert spans(tasks) == [(10, 40, (OWNER,)), (38, 60, (OWNER,))]


def test_of_two_jobs_for_the_same_window_the_later_one_is_used() -> None:
    early, late = job(0, 9, 9, streams=(OWNER,)), job(0, 9, 20)
    late = UnfinishedJob("late", late.window, late.digest, late.as_of)
    today = plan(consumer(goal(9)), jobs=(early, late), as_of=20)
    (task,) = plan_tasks(today)
    assert task.export_id == "late"
    assert obsolete_jobs(today, [task]) == [early]


def test_a_full_read_uses_only_jobs_that_are_not_older_than_its_beginning() -> None:
    old, new = job(0, 24, 24), job(24, 48, 50)
    today = plan(consumer(goal(60, since=50)), jobs=(old, new), as_of=60)
    assert [each.export_id for each in plan_tasks(today)] == [None, new.export_id, None]


def test_an_export_without_dates_is_one_task_for_each_batch_of_ids() -> None:
    wanted = Goal("", UNDATED.start, UNDATED.end, ids=ids_of(1, 2, 3), since=at(50))
    request = make_request(UNDATED, ids_of(2), [OWNER])
    made = UnfinishedJob("x", UNDATED, request.digest, at(50), ids_of(2))
    stale = UnfinishedJob("y", UNDATED, request.digest, at(40), ids_of(1))
    today = plan(consumer(wanted), jobs=(made, stale), as_of=60, length=1, ids_per_job=1)
    tasks = plan_tasks(today)
    assert [(each.export_id, each.ids) for each in tasks] == [
        (None, ids_of(1)),
        ("x", ids_of(2)),
        (None, ids_of(3)),
    ]
    assert {str(each) for each in tasks} == {OWNER}
    assert obsolete_jobs(today, tasks) == [stale]


def test_a_lookback_that_begins_before_the_calendar_is_cut() -> None:
    wanted = goal(9, lookback=24 * 366 * 2100)
    assert spans(plan_tasks(plan(consumer(wanted, read(0, 5, 5)), as_of=9))) == [(0, 9, (OWNER,))]
