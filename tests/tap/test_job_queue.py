"""The job queue: which jobs are in it, how often they are polled, and a queue that is full."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, assert_complete
from tests.support.runs import selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])


@pytest.mark.parametrize("message", ["Too many jobs in queue", "Too many jobs (10) in queue"])
@unchanging
def test_a_full_queue_is_waited_for_with_jitter_and_logged(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    caplog.set_level(logging.DEBUG)
    full = Fault("envelope", call="enqueue", code="1029", message=message, times=9)
    sandbox.faults.append(full)
    run = tap.run(config=WHOLE_HISTORY | {"max_jobs_in_flight": 1})
    assert run.error is None
    assert_complete(sandbox, run)
    logged = [text for text in caplog.messages if "s for a place in the queue (" in text]
    assert len(logged) == 9
    assert "1 waiting for a place in the queue; 0 of 6 windows done" in caplog.text
    assert message in logged[0]
    waits = [int(text.split("waits ")[1].split(" s")[0]) for text in logged]
    assert all(30 <= wait <= 90 for wait in waits)
    assert len(set(waits)) > 1
    assert len({str(job.request) for job in sandbox.jobs}) == len(sandbox.jobs)


@unchanging
def test_a_queue_that_stays_full_is_an_error_after_the_job_timeout(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    sandbox.faults.append(
        Fault("envelope", call="enqueue", code="1029", message="Too many jobs in queue", times=None)
    )
    started = tap.clock.monotonic()
    run = tap.run(config=WHOLE_HISTORY | {"job_timeout_minutes": 30})
    assert type(run.error) is errors.QueueFullError
    assert "run again when it is shorter" in str(run.error)
    assert 30 * 60 < tap.clock.monotonic() - started < 35 * 60
    sandbox.faults.clear()
    again = tap.run(config=WHOLE_HISTORY, state=run.state)
    assert_complete(sandbox, run, again)


@pytest.mark.parametrize("options", [replace(UNCHANGING, queue_limit=2, job_seconds=600)])
def test_a_run_succeeds_with_a_queue_shorter_than_max_jobs_in_flight(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = tap.run(config=WHOLE_HISTORY)
    assert run.error is None
    assert_complete(sandbox, run)
    assert sandbox.peak_in_queue == 2


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=600)])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_no_more_jobs_are_in_the_queue_than_max_jobs_in_flight(
    tap: TapRunner, sandbox: Sandbox, limit: int
) -> None:
    run = tap.run(config=WHOLE_HISTORY | {"max_jobs_in_flight": limit, "window_days": 10})
    assert run.error is None
    assert sandbox.peak_in_queue == limit
    assert_complete(sandbox, run)


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=600)])
def test_no_job_is_polled_more_often_than_poll_seconds(tap: TapRunner, sandbox: Sandbox) -> None:
    run = tap.run(config=WHOLE_HISTORY | {"poll_seconds": 45})
    assert run.error is None
    polls: dict[str, list[datetime]] = {}
    for call in sandbox.calls:
        if call.name in ("enqueue", "status"):
            polls.setdefault(call.export_id, []).append(call.at)
    for instants in polls.values():
        gaps = [later - earlier for earlier, later in pairwise(instants)]
        assert min(gaps) >= timedelta(seconds=45)


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=600)])
def test_the_job_timeout_does_not_include_the_time_before_a_job_is_enqueued(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = tap.run(config=WHOLE_HISTORY | {"job_timeout_minutes": 25, "max_jobs_in_flight": 4})
    assert run.error is None
    assert_complete(sandbox, run)


@unchanging
def test_a_stream_that_is_not_selected_has_no_jobs(tap: TapRunner, sandbox: Sandbox) -> None:
    catalog: Any = selecting(tap.discover(), "leads")
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog)
    assert run.error is None
    assert {job.object for job in sandbox.jobs} == {"leads"}
