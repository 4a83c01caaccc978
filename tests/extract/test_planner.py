"""The export tasks of one run: windows, bookmarks, lookbacks and unfinished jobs."""

from __future__ import annotations

from datetime import UTC, datetime

from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.plan.ledger import (
    IncrementalReadMode,
    StreamState,
    UndatedReadMode,
    UnfinishedExport,
)
from tap_marketo_bulk.plan.planner import Consumer, PlanningInput, obsolete_exports, plan_tasks
from tap_marketo_bulk.plan.windows import Window
from tests.support.planning import (
    HOUR,
    OWNER,
    START,
    at,
    consumer,
    export,
    make_requests,
    plan,
    spans,
    window,
)


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


def test_a_lookback_that_begins_before_the_calendar_is_cut() -> None:
    first = datetime.min.replace(tzinfo=UTC)
    state = StreamState("date", first + HOUR)
    today = Consumer(OWNER, IncrementalReadMode("date", 2 * HOUR), state, first)
    horizon = first + 3 * HOUR
    (task,) = plan_tasks(
        PlanningInput(OWNER, (today,), (), make_requests, frozenset(), horizon, 24 * HOUR)
    )
    assert task.window == Window(first, horizon)
