"""The leads of one static or smart list: one export job, read as a full table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import ApiError, StreamsWithoutFilterError
from tap_marketo_bulk.sandbox import Options
from tests.support.runs import selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import RunResult, TapRunner

EVERYTHING = {"start_date": "2025-01-01", "poll_seconds": 0.001}
OPTIONS = Options(leads=300, activities=10, late_seconds=0, job_seconds=0)


@pytest.fixture
def options() -> Options:
    """A subscription with lists; a test can have other options."""
    return OPTIONS


def read(tap: TapRunner, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own, and settings
    """Run the tap with leads only."""
    run_options = {name: options.pop(name) for name in ("state", "stop_after") if name in options}
    tap.config = EVERYTHING | options
    return tap.run(catalog=selecting(tap.discover(), "leads"), **run_options)


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("static_list_id", "staticListId", 2001),
        ("static_list_name", "staticListName", "Größte Kunden, 漢字"),
        ("static_list_name", "staticListName", "GL_OP_ALL_2021.Trade show 2026"),
        ("smart_list_id", "smartListId", 3001),
        ("smart_list_name", "smartListName", "Lively people"),
    ],
)
def test_one_export_job_has_all_leads_of_a_list(
    tap: TapRunner, sandbox: Sandbox, setting: str, name: str, value: object
) -> None:
    run = read(tap, **{setting: value})
    assert run.error is None
    (job,) = sandbox.jobs
    assert job.request["filter"] == {name: value}
    assert run.table("leads") == sandbox.expected.leads({name: value})
    assert 0 < len(run.records("leads")) < OPTIONS.leads


def test_in_the_catalog_a_list_has_the_replication_method_full_table(tap: TapRunner) -> None:
    tap.config = {"static_list_id": 2001}
    (leads,) = [one for one in tap.discover()["streams"] if one["stream"] == "leads"]
    assert leads["replication_method"] == "FULL_TABLE"


def test_an_empty_list_has_no_records(tap: TapRunner) -> None:
    run = read(tap, static_list_name="Empty")
    assert run.error is None
    assert run.records("leads") == []


def test_the_next_run_reads_the_whole_list_again(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap, static_list_id=2001)
    sandbox_clock.advance(86400)
    second = read(tap, static_list_id=2001, state=first.state)
    assert second.table("leads") == sandbox.expected.leads({"staticListId": 2001})
    assert len(sandbox.jobs) == 2


def test_a_list_writes_no_bookmark_and_keeps_an_earlier_one(tap: TapRunner) -> None:
    assert read(tap, static_list_id=2001).bookmark("leads") == {}
    earlier = read(tap)
    listed = read(tap, static_list_id=2001, state=earlier.state)
    assert listed.bookmark("leads") == earlier.bookmark("leads")


@pytest.mark.parametrize("stop", [2, 3, 20])
def test_the_export_of_an_interrupted_run_is_resumed(
    tap: TapRunner, sandbox: Sandbox, sandbox_clock: SandboxClock, stop: int
) -> None:
    first = read(tap, static_list_id=2001, stop_after=stop)
    assert first.error is not None
    assert len(sandbox.jobs) == 1
    sandbox_clock.advance(3600)
    second = read(tap, static_list_id=2001, state=first.state)
    assert second.error is None
    assert len(sandbox.jobs) == 1
    # The file has the members of the list at the time when the job was processed.
    assert len(second.records("leads")) == sandbox.jobs[0].number_of_records
    assert second.bookmark("leads") == {}


def test_the_export_of_another_list_is_not_resumed(tap: TapRunner, sandbox: Sandbox) -> None:
    first = read(tap, static_list_id=2001, stop_after=3)
    second = read(tap, static_list_id=2003, state=first.state)
    assert second.table("leads") == sandbox.expected.leads({"staticListId": 2003})
    assert second.bookmark("leads") == {}


def test_a_list_that_does_not_exist_is_an_error(tap: TapRunner) -> None:
    run = read(tap, static_list_name="Nobody's")
    assert isinstance(run.error, ApiError)
    assert "Nobody's" in str(run.error)


@pytest.mark.parametrize("options", [Options(leads=30, activities=10, smart_lists=False)])
@pytest.mark.parametrize(
    "setting", [{"smart_list_id": 3001}, {"smart_list_name": "Lively people"}], ids=["id", "name"]
)
def test_without_the_smart_list_filters_the_error_names_marketo_support(
    tap: TapRunner, sandbox: Sandbox, setting: dict[str, object]
) -> None:
    run = read(tap, **setting)
    assert isinstance(run.error, StreamsWithoutFilterError)
    assert "1035" in str(run.error)
    (name,) = setting
    filter_ = {"smart_list_id": "smartListId", "smart_list_name": "smartListName"}[name]
    assert f"The setting {name} stands for the filter {filter_}: use another" in str(run.error)
    assert "Ask Marketo Support to enable this filter" in str(run.error)
    assert sandbox.jobs == []


@pytest.mark.parametrize("options", [Options(leads=30, activities=10, updated_at_filter=False)])
def test_a_list_does_not_need_the_updated_at_filter(tap: TapRunner, sandbox: Sandbox) -> None:
    assert read(tap, static_list_id=2001).error is None
    assert len(sandbox.jobs) == 1
