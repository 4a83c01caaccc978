"""The whole pipeline dies, with all STATE since the last completed run: nothing is paid twice."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import ExportTimeoutError
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, assert_complete, loaded_rows
from tests.support.runs import SimulatedCrashError, TapRunner, selecting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.runs import Message

unchanging = pytest.mark.parametrize("options", [UNCHANGING])
FIXED = WHOLE_HISTORY | {"activity_lookback_minutes": 0}
LEADS_WINDOWS = 3


def new_tap(options: Options = UNCHANGING) -> Iterator[TapRunner]:
    clock = SandboxClock(NOW, speed=0)
    with Sandbox(options, clock=clock) as sandbox:
        yield TapRunner(sandbox, TapClock(clock))


def completed(sandbox: Sandbox) -> list[Any]:
    """Return the requests of the files that Marketo has made."""
    return [job.request for job in sandbox.jobs if job.status == "Completed"]


def assert_paid_once(sandbox: Sandbox) -> None:
    filters = [str(request["filter"]) + str(job_fields(request)) for request in completed(sandbox)]
    assert len(set(filters)) == len(filters)


def job_fields(request: Any) -> list[str]:  # noqa: ANN401 - JSON
    fields: list[str] = request["fields"]
    return fields


def test_stopped_after_any_message_without_any_state_nothing_is_paid_twice() -> None:
    total = next(len(tap.run(config=FIXED).messages) for tap in new_tap())
    for place in range(1, total, 4):
        for tap in new_tap():
            stopped = tap.run(config=FIXED, stop_after=place)
            assert isinstance(stopped.error, SimulatedCrashError)
            again = tap.run(config=FIXED)
            assert again.error is None
            assert_complete(tap.sandbox, again)
            assert_paid_once(tap.sandbox)
            assert len(completed(tap.sandbox)) == 2 * LEADS_WINDOWS


@pytest.mark.parametrize("seed", range(6))
def test_killed_again_and_again_with_all_state_lost_the_union_is_complete(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for tap in new_tap(replace(UNCHANGING, job_seconds=600)):
        stops = [chance.randrange(1, 40) for _ in range(6)]
        runs = [tap.run(config=FIXED, stop_after=stop) for stop in (*stops, None)]
        assert runs[-1].error is None
        assert_complete(tap.sandbox, *runs)
        assert_paid_once(tap.sandbox)


def test_the_next_night_resumes_what_the_state_of_the_night_before_lacks() -> None:
    for tap in new_tap(replace(UNCHANGING, new_leads_per_hour=6, new_activities_per_hour=60)):
        settings = {"start_date": "2026-01-01", "lag_minutes": 0}
        first = tap.run(config=settings)
        paid = len(completed(tap.sandbox))
        tap.clock.sleep(2 * 86400)
        night = settings | {"end_date": "2026-03-02"}
        stopped = tap.run(config=night, state=first.state, stop_after=12)
        assert isinstance(stopped.error, SimulatedCrashError)
        again = tap.run(config=night, state=first.state)
        assert again.error is None
        # One window of leads and one of activities, each exported once.
        assert len(completed(tap.sandbox)) == paid + 2
        assert_paid_once(tap.sandbox)


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=600)])
def test_jobs_that_are_still_in_the_queue_are_waited_for(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    stopped = tap.run(config=FIXED, stop_after=5)
    queued = [job.export_id for job in sandbox.jobs if job.status in ("Queued", "Processing")]
    assert queued
    caplog.set_level("INFO")
    again = tap.run(config=FIXED)
    assert again.error is None
    assert "that are not in the state; an earlier run may have created them" in caplog.text
    assert_complete(sandbox, stopped, again)
    downloaded = {job.export_id for job in sandbox.jobs if job.downloads}
    assert set(queued) <= downloaded
    assert_paid_once(sandbox)


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=10**6)])
def test_jobs_that_never_end_are_waited_for_up_to_the_job_timeout(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    tap.run(config=FIXED, catalog=catalog, stop_after=4)
    began = tap.clock.now()
    settings = FIXED | {"job_timeout_minutes": 30}
    again = tap.run(config=settings, catalog=catalog)
    assert type(again.error) is ExportTimeoutError
    assert (tap.clock.now() - began).total_seconds() >= 30 * 60
    assert len(sandbox.jobs) > LEADS_WINDOWS


@unchanging
def test_with_an_intact_state_it_costs_one_list_call_per_object(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = tap.run(config=FIXED)
    calls, jobs = len(sandbox.calls), len(sandbox.jobs)
    again = tap.run(config=FIXED | {"end_date": "2026-02-28T23:50:00Z"}, state=first.state)
    assert again.error is None
    names = [call.name for call in sandbox.calls[calls:]]
    assert names.count("list") == 2
    assert names.count("file") == sum(bool(job.downloads) for job in sandbox.jobs[jobs:])


@unchanging
def test_jobs_of_other_programs_are_left_alone(tap: TapRunner, sandbox: Sandbox) -> None:
    other = tap.run(config=FIXED | {"resume_unknown_jobs": False})
    assert other.error is None
    files = {job.export_id: job.downloads for job in sandbox.jobs}
    run = tap.run(config=FIXED)
    assert run.error is None
    assert_complete(sandbox, run)
    assert len(completed(sandbox)) == 4 * LEADS_WINDOWS
    statuses = {job.status for job in sandbox.jobs if job.export_id in files}
    assert statuses == {"Completed"}


@unchanging
def test_without_the_setting_nothing_is_listed_and_no_header_is_changed(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    tap.run(config=FIXED | {"resume_unknown_jobs": False})
    assert "list" not in {call.name for call in sandbox.calls}
    assert not [job for job in sandbox.jobs if "columnHeaderNames" in job.request]


@unchanging
def test_where_other_headers_are_rejected_jobs_are_created_without_a_tag(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    rejection = Fault("envelope", call="create", code="1003", message="Invalid columnHeaderNames")
    sandbox.faults.append(rejection)
    run = tap.run(config=FIXED)
    assert run.error is None
    assert_complete(sandbox, run)
    # The first job is created anew without, and every other one without at once.
    assert not [job for job in sandbox.jobs if "columnHeaderNames" in job.request]
    creates = [call for call in sandbox.calls if call.name == "create"]
    assert len(creates) == 2 * LEADS_WINDOWS + 1


@unchanging
def test_a_job_that_lacks_a_removed_field_is_recovered_without_it(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    sandbox.remove_field("lastName")
    state: Message = {"bookmarks": {"leads": {"replication_key": "updatedAt"}}}
    stopped = tap.run(config=FIXED, catalog=catalog, state=state, stop_after=8)
    assert isinstance(stopped.error, SimulatedCrashError)
    again = tap.run(config=FIXED, catalog=catalog, state=state)
    assert again.error is None
    expected = {key: lead | {"lastName": None} for key, lead in sandbox.expected.leads().items()}
    assert loaded_rows([stopped, again], "leads") == expected
    assert_paid_once(sandbox)


@unchanging
def test_a_file_whose_beginning_cannot_be_read_is_left_alone(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    tap.run(config=FIXED, stop_after=30)
    made = len(completed(sandbox))
    sandbox.faults.append(Fault("envelope", call="file", code="610", message="No", times=made))
    again = tap.run(config=FIXED)
    assert again.error is None
    assert_complete(sandbox, again)


def in_full(catalog: Any) -> Any:  # noqa: ANN401 - a catalog
    for entry in catalog["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        entry["replication_method"] = root["metadata"]["forced-replication-method"] = "FULL_TABLE"
    return catalog


@unchanging
def test_a_full_read_does_not_take_the_files_of_an_earlier_one(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = in_full(selecting(tap.discover(), "leads"))
    tap.run(config=FIXED, catalog=catalog)
    without_state = tap.run(config=FIXED, catalog=catalog)
    assert len(completed(sandbox)) == 2 * LEADS_WINDOWS
    tap.run(config=FIXED, catalog=catalog, state=without_state.state)
    assert len(completed(sandbox)) == 3 * LEADS_WINDOWS


@unchanging
def test_an_interrupted_full_read_takes_its_own_files(tap: TapRunner, sandbox: Sandbox) -> None:
    catalog = in_full(selecting(tap.discover(), "leads"))
    stopped = tap.run(config=FIXED, catalog=catalog, stop_after=14)
    early = {
        "bookmarks": {
            "leads": {"sweep_began": stopped.states[0]["bookmarks"]["leads"]["sweep_began"]}
        }
    }
    again = tap.run(config=FIXED, catalog=catalog, state=early)
    assert again.error is None
    assert len(completed(sandbox)) == LEADS_WINDOWS
