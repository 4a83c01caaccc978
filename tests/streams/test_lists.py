"""Leads of one list: one export, the full table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import ApiError, UnsupportedFilterError
from tap_marketo_bulk.sandbox import Options
from tests.support.runs import selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import Run, Tap

EVERYTHING = {"start_date": "2025-01-01", "poll_seconds": 0.001}
OPTIONS = Options(leads=300, activities=10, late_seconds=0, job_seconds=0)


@pytest.fixture
def options() -> Options:
    """A subscription with lists, unless a test wants another."""
    return OPTIONS


def read(tap: Tap, **options: Any) -> Run:  # noqa: ANN401 - the tap's own, and settings
    """Run the tap with leads alone."""
    taps = {name: options.pop(name) for name in ("state", "stop_after") if name in options}
    tap.config = EVERYTHING | options
    return tap.run(catalog=selecting(tap.discover(), "leads"), **taps)


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
def test_the_leads_of_a_list_come_with_one_export(
    tap: Tap, sandbox: Sandbox, setting: str, name: str, value: object
) -> None:
    run = read(tap, **{setting: value})
    assert run.error is None
    (job,) = sandbox.jobs
    assert job.request["filter"] == {name: value}
    assert run.table("leads") == sandbox.expected.leads({name: value})
    assert 0 < len(run.records("leads")) < OPTIONS.leads


def test_discovery_says_that_a_list_is_a_full_table(tap: Tap) -> None:
    tap.config = {"static_list_id": 2001}
    (leads,) = [one for one in tap.discover()["streams"] if one["stream"] == "leads"]
    assert leads["replication_method"] == "FULL_TABLE"


def test_an_empty_list_has_no_leads(tap: Tap) -> None:
    run = read(tap, static_list_name="Empty")
    assert run.error is None
    assert run.records("leads") == []


def test_the_next_run_reads_the_whole_list_again(
    tap: Tap, sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    first = read(tap, static_list_id=2001)
    sandbox_clock.advance(86400)
    second = read(tap, static_list_id=2001, state=first.state)
    assert second.table("leads") == sandbox.expected.leads({"staticListId": 2001})
    assert len(sandbox.jobs) == 2


def test_a_list_leaves_no_bookmark_and_keeps_none(tap: Tap) -> None:
    assert read(tap, static_list_id=2001).bookmark("leads") == {}
    earlier = read(tap)
    listed = read(tap, static_list_id=2001, state=earlier.state)
    assert listed.bookmark("leads") == earlier.bookmark("leads")


@pytest.mark.parametrize("stop", [2, 3, 20])
def test_an_interrupted_run_goes_on_with_its_export(
    tap: Tap, sandbox: Sandbox, sandbox_clock: SandboxClock, stop: int
) -> None:
    first = read(tap, static_list_id=2001, stop_after=stop)
    assert first.error is not None
    assert len(sandbox.jobs) == 1
    sandbox_clock.advance(3600)
    second = read(tap, static_list_id=2001, state=first.state)
    assert second.error is None
    assert len(sandbox.jobs) == 1
    # The members are those of the moment when the job was processed.
    assert len(second.records("leads")) == sandbox.jobs[0].number_of_records
    assert second.bookmark("leads") == {}


def test_an_export_of_another_list_is_not_taken_up(tap: Tap, sandbox: Sandbox) -> None:
    first = read(tap, static_list_id=2001, stop_after=3)
    second = read(tap, static_list_id=2003, state=first.state)
    assert second.table("leads") == sandbox.expected.leads({"staticListId": 2003})
    assert second.bookmark("leads") == {}


def test_a_list_that_is_not_there_is_told(tap: Tap) -> None:
    run = read(tap, static_list_name="Nobody's")
    assert isinstance(run.error, ApiError)
    assert "Nobody's" in str(run.error)


@pytest.mark.parametrize("options", [Options(leads=30, activities=10, smart_lists=False)])
@pytest.mark.parametrize(
    "setting", [{"smart_list_id": 3001}, {"smart_list_name": "Lively people"}], ids=["id", "name"]
)
def test_without_smart_lists_the_error_says_whom_to_ask(
    tap: Tap, sandbox: Sandbox, setting: dict[str, object]
) -> None:
    run = read(tap, **setting)
    assert isinstance(run.error, UnsupportedFilterError)
    assert "1035" in str(run.error)
    assert "Ask Marketo Support to enable this filter" in str(run.error)
    assert sandbox.jobs == []


@pytest.mark.parametrize("options", [Options(leads=30, activities=10, updated_at_filter=False)])
def test_a_list_does_not_need_the_updated_at_filter(tap: Tap, sandbox: Sandbox) -> None:
    assert read(tap, static_list_id=2001).error is None
    assert len(sandbox.jobs) == 1
