"""Settings that select more than before: the added records before the bookmark are loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, assert_complete, loaded_rows

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])


@pytest.mark.parametrize("options", [replace(UNCHANGING, activities=400)])
def test_added_activity_types_are_loaded_from_the_start_date(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"activity_type_ids": [6], "end_date": "2026-02-10"})
    jobs = len(sandbox.jobs)
    second = tap.run(config=WHOLE_HISTORY | {"activity_type_ids": [6, 2]}, state=first.state)
    assert second.error is None
    loaded = loaded_rows([first, second], "activities")
    assert loaded == {
        guid: record
        for guid, record in sandbox.expected.activities().items()
        if record["activityTypeId"] in (2, 6)
    }
    new_jobs: list[Any] = sandbox.jobs[jobs:]
    added = [job.request["filter"] for job in new_jobs if job.object == "activities"]
    # Before the bookmark only the new type is exported.
    assert {str(each["activityTypeIds"]) for each in added[:-1]} == {"[2]"}
    assert added[-1]["activityTypeIds"] == [2, 6]
    third = tap.run(config=WHOLE_HISTORY | {"activity_type_ids": [6, 2]}, state=second.state)
    assert len(third.records("activities")) < 10


@pytest.mark.parametrize("options", [replace(UNCHANGING, activities=200)])
def test_after_an_earlier_start_date_the_records_before_are_loaded(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"start_date": "2026-02-01"})
    assert len(first.table("leads")) < len(sandbox.expected.leads())
    jobs = len(sandbox.jobs)
    second = tap.run(config=WHOLE_HISTORY, state=first.state)
    assert second.error is None
    assert_complete(sandbox, first, second)
    new_jobs: list[Any] = sandbox.jobs[jobs:]
    ends = [next(iter(job.request["filter"].values()))["endAt"] for job in new_jobs]
    assert [end for end in ends if end > "2026-02-01T00:00:00Z"] == ["2026-02-28T23:45:00Z"]


@pytest.mark.parametrize("options", [replace(UNCHANGING, activities=200)])
@pytest.mark.parametrize("stop", [2, 4, 20, 40])
def test_the_load_of_added_records_is_resumed_after_an_interruption(
    tap: TapRunner, sandbox: Sandbox, stop: int
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"start_date": "2026-02-15"})
    jobs = len(sandbox.jobs)
    stopped = tap.run(config=WHOLE_HISTORY, state=first.state, stop_after=stop)
    again = tap.run(config=WHOLE_HISTORY, state=stopped.state or first.state)
    assert again.error is None
    assert_complete(sandbox, first, stopped, again)
    assert "backfills" not in str(again.state)
    completed = [job for job in sandbox.jobs[jobs:] if job.status == "Completed"]
    assert len({str(job.request) for job in completed}) == len(completed)


@unchanging
def test_without_activity_type_ids_the_other_types_are_loaded_from_the_start_date(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"activity_type_ids": [6]})
    second = tap.run(config=WHOLE_HISTORY, state=first.state)
    assert second.error is None
    assert loaded_rows([first, second], "activities") == sandbox.expected.activities()


@unchanging
def test_with_fewer_activity_types_no_job_is_created(tap: TapRunner, sandbox: Sandbox) -> None:
    settings = {"activity_lookback_minutes": 0}
    first = tap.run(config=WHOLE_HISTORY | settings)
    jobs = len(sandbox.jobs)
    second = tap.run(
        config=WHOLE_HISTORY | settings | {"activity_type_ids": [6]}, state=first.state
    )
    assert second.error is None
    assert len(sandbox.jobs) == jobs


@unchanging
def test_a_type_that_is_added_with_a_later_start_date_is_loaded_once_the_date_is_moved_back(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"activity_type_ids": [6]})
    both = {"activity_type_ids": [6, 2]}
    later = tap.run(config=WHOLE_HISTORY | both | {"start_date": "2026-02-15"}, state=first.state)
    last = tap.run(config=WHOLE_HISTORY | both, state=later.state)
    assert last.error is None
    expected = {
        guid: record
        for guid, record in sandbox.expected.activities().items()
        if record["activityTypeId"] in (2, 6)
    }
    assert loaded_rows([first, later, last], "activities") == expected
