"""Whole runs, message by message, as they were when somebody last looked at them.

After a change that is meant to change them, make them anew and read the difference::

    UPDATE_GOLDEN=1 pytest tests/tap/test_golden.py && git diff tests/golden
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.runs import Run, Tap, edited, selecting

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent.parent / "golden"
# A frozen world: another one is another golden file.
WORLD = Options(
    seed=7,
    leads=6,
    activities=8,
    history_days=59,
    new_leads_per_hour=0,
    new_activities_per_hour=0,
    late_seconds=0,
    job_seconds=0,
)
FIELDS = ("id", "createdAt", "updatedAt", "firstName", "annualRevenue", "unsubscribed", "leadScore")
CONFIG = {"start_date": "2026-01-01", "max_jobs_in_flight": 1}


@pytest.fixture
def options() -> Options:
    """The frozen world."""
    return WORLD


@pytest.fixture
def catalog(tap: Tap) -> Any:  # noqa: ANN401 - a catalog
    """Leads with a few fields, and activities."""
    return edited(selecting(tap.discover(), "leads", "activities"), "leads", deselect_most)


def deselect_most(entry: dict[str, Any]) -> None:
    for item in entry["metadata"]:
        if item["breadcrumb"]:
            item["metadata"]["selected"] = item["breadcrumb"][1] in FIELDS


def lines(run: Run) -> Iterator[str]:
    """Write messages as a target would get them, without what differs from run to run.

    Between which records a job's id comes is a matter of threads, so ids are left out, and with
    them each STATE that says nothing else.
    """
    before = ""
    for message in run.messages:
        message.pop("time_extracted", None)
        for bookmark in message.get("value", {}).get("bookmarks", {}).values():
            bookmark.pop("exports", None)
            bookmark.pop("latest_jobs", None)
        line = json.dumps(message, ensure_ascii=False)
        if message["type"] == "STATE":
            if line == before:
                continue
            before = line
        yield line


def assert_golden(name: str, run: Run) -> None:
    """Compare a run with its golden file, or write that."""
    path = FOLDER / f"{name}.jsonl"
    text = "".join(f"{line}\n" for line in lines(run))
    if os.environ.get("UPDATE_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_first_run(tap: Tap, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    assert_golden("first_run", tap.run(config=CONFIG, catalog=catalog))


def test_incremental_run(catalog: Any) -> None:  # noqa: ANN401 - a catalog
    clock = SandboxClock(NOW, speed=0)
    busy = replace(WORLD, new_leads_per_hour=1, new_activities_per_hour=1)
    with Sandbox(busy, clock=clock) as sandbox:
        tap = Tap(sandbox, TapClock(clock), CONFIG)
        first = tap.run(catalog=catalog)
        clock.advance(3 * 3600)
        second = tap.run(catalog=catalog, state=first.state)
    assert second.records("leads")
    assert second.records("activities")
    assert_golden("incremental_run", second)


def test_empty_window(tap: Tap, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    run = tap.run(config=CONFIG | {"start_date": "2026-02-28T23:40:00Z"}, catalog=catalog)
    assert not run.records("leads")
    assert_golden("empty_window", run)


def test_full_table(tap: Tap, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    def full(entry: dict[str, Any]) -> None:
        entry["replication_method"] = "FULL_TABLE"

    run = tap.run(config=CONFIG, catalog=edited(catalog, "leads", full))
    assert_golden("full_table", run)


def test_deselected_field(tap: Tap, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    def deselect(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] == ["properties", "attributes"]:
                item["metadata"]["selected"] = False

    only = selecting(edited(catalog, "activities", deselect), "activities")
    run = tap.run(config=CONFIG, catalog=only)
    assert not [record for record in run.records("activities") if "attributes" in record]
    assert_golden("deselected_field", run)


def test_failure_in_the_second_window(tap: Tap, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    tap.sandbox.faults.append(Fault("wrong_count", call="enqueue", object="leads", skip=1))
    run = tap.run(config=CONFIG, catalog=catalog)
    assert type(run.error) is errors.CorruptFileError
    assert_golden("failure_in_the_second_window", run)


def test_a_job_in_the_state_is_named_with_its_window_and_request(tap: Tap, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    run = tap.run(config=CONFIG, catalog=catalog)
    told = [state["bookmarks"]["activities"].get("exports", []) for state in run.states]
    (first, *_) = [exports for exports in told if exports]
    assert first == [
        {
            "id": tap.sandbox.jobs[0].export_id,
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-02-01T00:00:00Z",
            "horizon": "2026-02-28T23:45:00Z",
            "request": first[0]["request"],
        }
    ]
    assert len(first[0]["request"]) == 16
