"""The stream of list members: one export of leads for each list, and no dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.clock import NOW
from tests.support.data_sets import export_requests, loaded_rows
from tests.support.runs import SimulatedCrashError, logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import RunResult, TapRunner

LISTS = [2001, 2002, 2003]
CONFIG = {
    "start_date": "2025-01-01",
    "lag_minutes": 0,
    "poll_seconds": 0.001,
    "list_ids": [2003, 2001, 2002, 2001],
}


@pytest.fixture
def options() -> Options:
    """A small subscription in which nothing is delayed."""
    return Options(leads=80, activities=10, late_seconds=0, job_seconds=0)


def read(tap: TapRunner, *streams: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    return tap.run(
        catalog=selecting(tap.discover(), "list_members", *streams), config=CONFIG, **options
    )


def members(sandbox: Sandbox) -> dict[Any, Any]:
    """The expected members of all lists, by list and lead."""
    return {
        (list_id, lead): {"listId": list_id, "leadId": lead}
        for list_id in LISTS
        for lead in sandbox.expected.leads({"staticListId": list_id}, at=NOW)
    }


def test_each_list_is_exported_once_with_the_ids_of_leads_alone(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = read(tap)
    assert run.error is None
    expected = members(sandbox)
    assert len({list_id for list_id, _ in expected}) > 1
    assert loaded_rows([run], "list_members") == expected
    requests = export_requests(sandbox, "leads")
    assert [request["filter"] for request in requests] == [{"staticListId": one} for one in LISTS]
    assert {tuple(request["fields"]) for request in requests} == {("id",)}
    assert run.schemas["list_members"]["key_properties"] == ["listId", "leadId"]
    assert run.bookmark("list_members") == {}


def test_leads_and_list_members_do_not_take_each_others_jobs(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap, "leads")
    jobs = len(sandbox.jobs)
    assert jobs == 14 + len(LISTS)
    sandbox_clock.advance(3600)
    second = read(tap, "leads", state=first.state)
    assert second.error is None
    assert len(sandbox.jobs) == jobs + 1 + len(LISTS)
    assert second.table("list_members").keys() >= members(sandbox).keys()


def test_an_interrupted_run_resumes_the_jobs_of_lists(tap: TapRunner, sandbox: Sandbox) -> None:
    first = read(tap, stop_after=4)
    assert isinstance(first.error, SimulatedCrashError)
    second = read(tap, state=first.state)
    assert loaded_rows([second], "list_members") == members(sandbox)
    unresumed = [job for job in sandbox.jobs if job.status == "Completed"]
    assert len(unresumed) == len(LISTS)


def test_without_the_setting_the_stream_has_no_records_and_there_is_a_warning(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(catalog=selecting(tap.discover(), "list_members"))
    assert run.error is None
    assert run.records("list_members") == []
    assert len(logged_warnings(caplog, "list_ids names no static list")) == 1
