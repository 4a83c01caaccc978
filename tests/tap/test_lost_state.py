"""The tap and its target crash before STATE is saved: still no window is exported twice."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import ExportTimeoutError
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, assert_complete, loaded_rows
from tests.support.runs import SimulatedCrashError, TapRunner, edited, selecting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.runs import Message

unchanging = pytest.mark.parametrize("options", [UNCHANGING])
NO_LOOKBACK = WHOLE_HISTORY | {"activity_lookback_minutes": 0}
LEADS_WINDOWS = 3


def new_sandbox(options: Options = UNCHANGING) -> Iterator[TapRunner]:
    """Start a sandbox, and yield a tap for it."""
    clock = SandboxClock(NOW, speed=0)
    with Sandbox(options, clock=clock) as sandbox:
        yield TapRunner(sandbox, TapClock(clock))


def completed_requests(sandbox: Sandbox) -> list[Any]:
    """Return the requests of all completed jobs."""
    return [job.request for job in sandbox.jobs if job.status == "Completed"]


def assert_exported_once(sandbox: Sandbox) -> None:
    filters = [
        str(request["filter"]) + str(job_fields(request)) for request in completed_requests(sandbox)
    ]
    assert len(set(filters)) == len(filters)


def job_fields(request: Any) -> list[str]:  # noqa: ANN401 - JSON
    fields: list[str] = request["fields"]
    return fields


def test_a_run_that_is_stopped_after_any_message_is_completed_without_its_state() -> None:
    total = next(len(tap.run(config=NO_LOOKBACK).messages) for tap in new_sandbox())
    for place in range(1, total, 4):
        for tap in new_sandbox():
            stopped = tap.run(config=NO_LOOKBACK, stop_after=place)
            assert isinstance(stopped.error, SimulatedCrashError)
            again = tap.run(config=NO_LOOKBACK)
            assert again.error is None
            assert_complete(tap.sandbox, again)
            assert_exported_once(tap.sandbox)
            assert len(completed_requests(tap.sandbox)) == 2 * LEADS_WINDOWS


@pytest.mark.parametrize("seed", range(6))
def test_runs_that_are_stopped_repeatedly_are_completed_without_any_state(seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311 - not a secret
    for tap in new_sandbox(replace(UNCHANGING, job_seconds=600)):
        stops = [generator.randrange(1, 40) for _ in range(6)]
        runs = [tap.run(config=NO_LOOKBACK, stop_after=stop) for stop in (*stops, None)]
        assert runs[-1].error is None
        assert_complete(tap.sandbox, *runs)
        assert_exported_once(tap.sandbox)


def test_jobs_since_the_last_saved_state_are_resumed() -> None:
    for tap in new_sandbox(replace(UNCHANGING, new_leads_per_hour=6, new_activities_per_hour=60)):
        settings = {"start_date": "2026-01-01", "lag_minutes": 0}
        first = tap.run(config=settings)
        exported = len(completed_requests(tap.sandbox))
        tap.clock.sleep(2 * 86400)
        config = settings | {"end_date": "2026-03-02"}
        stopped = tap.run(config=config, state=first.state, stop_after=12)
        assert isinstance(stopped.error, SimulatedCrashError)
        again = tap.run(config=config, state=first.state)
        assert again.error is None
        # One window of leads and one of activities.
        assert len(completed_requests(tap.sandbox)) == exported + 2
        assert_exported_once(tap.sandbox)


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=600)])
def test_jobs_that_are_still_in_the_queue_are_waited_for(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    stopped = tap.run(config=NO_LOOKBACK, stop_after=5)
    queued = [job.export_id for job in sandbox.jobs if job.status in ("Queued", "Processing")]
    assert queued
    caplog.set_level("INFO")
    again = tap.run(config=NO_LOOKBACK | {"poll_seconds": 20})
    assert "that the state does not have; an earlier run may have created them" in caplog.text
    assert again.error is None
    assert_complete(sandbox, stopped, again)
    downloaded = {job.export_id for job in sandbox.jobs if job.downloads}
    assert set(queued) <= downloaded
    assert_exported_once(sandbox)


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=10**6)])
def test_jobs_that_never_end_are_waited_for_up_to_the_job_timeout(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    tap.run(config=NO_LOOKBACK, catalog=catalog, stop_after=4)
    started = tap.clock.now()
    settings = NO_LOOKBACK | {"job_timeout_minutes": 30}
    again = tap.run(config=settings, catalog=catalog)
    assert type(again.error) is ExportTimeoutError
    assert (tap.clock.now() - started).total_seconds() >= 30 * 60
    assert len(sandbox.jobs) > LEADS_WINDOWS


@unchanging
def test_with_a_complete_state_there_is_one_list_call_for_each_export_object(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    first = tap.run(config=NO_LOOKBACK)
    calls_before, jobs_before = len(sandbox.calls), len(sandbox.jobs)
    again = tap.run(config=NO_LOOKBACK | {"end_date": "2026-02-28T23:50:00Z"}, state=first.state)
    assert again.error is None
    names = [call.name for call in sandbox.calls[calls_before:]]
    assert names.count("list") == 2
    assert names.count("file") == sum(bool(job.downloads) for job in sandbox.jobs[jobs_before:])


@unchanging
def test_jobs_of_other_programs_are_neither_resumed_nor_cancelled(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    other = tap.run(config=NO_LOOKBACK | {"resume_unknown_jobs": False})
    assert other.error is None
    files = {job.export_id: job.downloads for job in sandbox.jobs}
    run = tap.run(config=NO_LOOKBACK)
    assert run.error is None
    assert_complete(sandbox, run)
    assert len(completed_requests(sandbox)) == 4 * LEADS_WINDOWS
    statuses = {job.status for job in sandbox.jobs if job.export_id in files}
    assert statuses == {"Completed"}


@unchanging
def test_without_resume_unknown_jobs_no_job_is_listed_and_no_header_is_changed(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    tap.run(config=NO_LOOKBACK | {"resume_unknown_jobs": False})
    assert "list" not in {call.name for call in sandbox.calls}
    assert not [job for job in sandbox.jobs if "columnHeaderNames" in job.request]


@unchanging
def test_if_marketo_rejects_other_headers_jobs_are_created_without_a_tag(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    rejection = Fault("envelope", call="create", code="1003", message="Invalid columnHeaderNames")
    sandbox.faults.append(rejection)
    run = tap.run(config=NO_LOOKBACK)
    assert run.error is None
    assert_complete(sandbox, run)
    # The first job is created again without a tag, and each later one at once without it.
    assert not [job for job in sandbox.jobs if "columnHeaderNames" in job.request]
    creates = [call for call in sandbox.calls if call.name == "create"]
    assert len(creates) == 2 * LEADS_WINDOWS + 1


@unchanging
def test_a_job_without_an_unknown_field_is_resumed_as_it_is(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    sandbox.remove_field("lastName")
    state: Message = {"bookmarks": {"leads": {"replication_key": "updatedAt"}}}
    stopped = tap.run(config=NO_LOOKBACK, catalog=catalog, state=state, stop_after=8)
    assert isinstance(stopped.error, SimulatedCrashError)
    again = tap.run(config=NO_LOOKBACK, catalog=catalog, state=state)
    assert again.error is None
    expected = {key: lead | {"lastName": None} for key, lead in sandbox.expected.leads().items()}
    assert loaded_rows([stopped, again], "leads") == expected
    assert_exported_once(sandbox)


@unchanging
def test_a_job_without_an_unknown_field_is_resumed_by_a_later_run_with_a_later_end(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    sandbox.remove_field("lastName")
    state: Message = {"bookmarks": {"leads": {"replication_key": "updatedAt"}}}
    settings = NO_LOOKBACK | {"end_date": "2026-02-28T20:00:00Z"}
    first = tap.run(config=settings, catalog=catalog, state=state)
    settings |= {"end_date": "2026-02-28T21:00:00Z"}
    again = tap.run(config=settings, catalog=catalog, state=state)
    assert again.error is None
    assert set(again.table("leads")) >= set(first.table("leads"))
    assert_exported_once(sandbox)
    assert len(completed_requests(sandbox)) == LEADS_WINDOWS + 1


@unchanging
def test_a_job_whose_file_cannot_be_opened_is_not_resumed(tap: TapRunner, sandbox: Sandbox) -> None:
    tap.run(config=NO_LOOKBACK, stop_after=30)
    count = len(completed_requests(sandbox))
    sandbox.faults.append(Fault("envelope", call="file", code="610", message="No", times=count))
    again = tap.run(config=NO_LOOKBACK)
    assert again.error is None
    assert_complete(sandbox, again)


def with_full_tables(catalog: Any) -> Any:  # noqa: ANN401 - a catalog
    for entry in catalog["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        entry["replication_method"] = root["metadata"]["forced-replication-method"] = "FULL_TABLE"
    return catalog


@unchanging
def test_a_full_read_does_not_resume_the_jobs_of_an_earlier_full_read(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = with_full_tables(selecting(tap.discover(), "leads"))
    tap.run(config=NO_LOOKBACK, catalog=catalog)
    without_state = tap.run(config=NO_LOOKBACK, catalog=catalog)
    assert len(completed_requests(sandbox)) == 2 * LEADS_WINDOWS
    tap.run(config=NO_LOOKBACK, catalog=catalog, state=without_state.state)
    assert len(completed_requests(sandbox)) == 3 * LEADS_WINDOWS


@unchanging
def test_an_interrupted_full_read_resumes_its_own_jobs(tap: TapRunner, sandbox: Sandbox) -> None:
    catalog = with_full_tables(selecting(tap.discover(), "leads"))
    stopped = tap.run(config=NO_LOOKBACK, catalog=catalog, stop_after=14)
    full_read = stopped.states[0]["bookmarks"]["leads"]["full_read"]
    first_state = {"bookmarks": {"leads": {"full_read": full_read}}}
    again = tap.run(config=NO_LOOKBACK, catalog=catalog, state=first_state)
    assert again.error is None
    assert len(completed_requests(sandbox)) == LEADS_WINDOWS


@pytest.mark.parametrize(
    "options", [replace(UNCHANGING, column_headers=mode) for mode in ("ignored", "rejected")]
)
def test_without_tags_jobs_are_created_again_and_all_records_are_loaded(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    first = tap.run(config=NO_LOOKBACK, catalog=catalog)
    again = tap.run(config=NO_LOOKBACK, catalog=catalog)
    for run in (first, again):
        assert run.error is None
        assert run.table("leads") == sandbox.expected.leads()
    assert len(completed_requests(sandbox)) == 2 * LEADS_WINDOWS


def deselect_email(entry: dict[str, Any]) -> None:
    for item in entry["metadata"]:
        if item["breadcrumb"] == ["properties", "email"]:
            item["metadata"]["selected"] = False


def obsolete_jobs(tap: TapRunner) -> tuple[set[str], set[str]]:
    """Interrupt a run, and run the tap with other columns.

    Returns:
        The ids of the jobs that the interrupted run left in the queue, and of those that are
        cancelled after the second run.
    """
    catalog = selecting(tap.discover(), "leads")
    stopped = tap.run(config=NO_LOOKBACK, catalog=catalog, stop_after=4)
    in_queue = {job.export_id for job in tap.sandbox.jobs if job.status in ("Queued", "Processing")}
    narrower = edited(catalog, "leads", deselect_email)
    run = tap.run(config=NO_LOOKBACK, catalog=narrower, state=stopped.state)
    assert run.error is None
    assert set(run.table("leads")) == set(tap.sandbox.expected.leads())
    cancelled = {job.export_id for job in tap.sandbox.jobs if job.status == "Cancelled"}
    return in_queue, cancelled


@pytest.mark.parametrize("options", [replace(UNCHANGING, job_seconds=600)])
def test_queued_jobs_that_other_columns_made_obsolete_are_cancelled(tap: TapRunner) -> None:
    in_queue, cancelled = obsolete_jobs(tap)
    assert in_queue
    assert cancelled == in_queue


@unchanging
def test_completed_jobs_that_other_columns_made_obsolete_stay_as_they_are(tap: TapRunner) -> None:
    in_queue, cancelled = obsolete_jobs(tap)
    assert in_queue == set()
    assert cancelled == set()
