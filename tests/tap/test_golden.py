"""The messages of whole runs are equal to those in the files of ``tests/golden``.

After an intended change, write the files again and review the difference::

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
from tap_marketo_bulk.rows.activities import snake_case
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.runs import RunResult, TapRunner, edited, selecting

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent.parent / "golden"
# With other options the golden files have to be written again.
OPTIONS = Options(
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
    """The options of the data set in the golden files."""
    return OPTIONS


@pytest.fixture
def catalog(tap: TapRunner) -> Any:  # noqa: ANN401 - a catalog
    """A catalog that selects activities, and leads with a few fields."""
    return edited(selecting(tap.discover(), "leads", "activities"), "leads", deselect_most)


def deselect_most(entry: dict[str, Any]) -> None:
    for item in entry["metadata"]:
        if item["breadcrumb"]:
            item["metadata"]["selected"] = item["breadcrumb"][1] in FIELDS


def lines(run: RunResult) -> Iterator[str]:
    """Return the messages as lines of JSON, without what differs from run to run.

    The place of a job id among the records depends on the timing of threads. So ids are removed,
    and then each STATE that is equal to the one before it.
    """
    previous = ""
    for message in run.messages:
        message.pop("time_extracted", None)
        for bookmark in message.get("value", {}).get("bookmarks", {}).values():
            bookmark.pop("jobs", None)
            bookmark.pop("latest_jobs", None)
        line = json.dumps(message, ensure_ascii=False)
        if message["type"] == "STATE":
            if line == previous:
                continue
            previous = line
        yield line


def assert_golden(name: str, run: RunResult) -> None:
    """Compare a run with its golden file, or write the file."""
    path = FOLDER / f"{name}.jsonl"
    text = "".join(f"{line}\n" for line in lines(run))
    if os.environ.get("UPDATE_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_first_run_writes_the_golden_messages(tap: TapRunner, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    assert_golden("first_run", tap.run(config=CONFIG, catalog=catalog))


def test_an_incremental_run_writes_the_golden_messages(catalog: Any) -> None:  # noqa: ANN401 - a catalog
    clock = SandboxClock(NOW, speed=0)
    changing = replace(OPTIONS, new_leads_per_hour=1, new_activities_per_hour=1)
    with Sandbox(changing, clock=clock) as sandbox:
        tap = TapRunner(sandbox, TapClock(clock), CONFIG)
        first = tap.run(catalog=catalog)
        clock.advance(3 * 3600)
        second = tap.run(catalog=catalog, state=first.state)
    assert second.records("leads")
    assert second.records("activities")
    assert_golden("incremental_run", second)


def test_an_empty_window_writes_the_golden_messages(tap: TapRunner, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    run = tap.run(config=CONFIG | {"start_date": "2026-02-28T23:40:00Z"}, catalog=catalog)
    assert not run.records("leads")
    assert_golden("empty_window", run)


def test_a_full_table_writes_the_golden_messages(tap: TapRunner, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    def use_full_table(entry: dict[str, Any]) -> None:
        entry["replication_method"] = "FULL_TABLE"

    run = tap.run(config=CONFIG, catalog=edited(catalog, "leads", use_full_table))
    assert_golden("full_table", run)


def test_a_deselected_field_is_not_in_the_golden_messages(tap: TapRunner, catalog: Any) -> None:  # noqa: ANN401 - a catalog
    def deselect(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] == ["properties", "attributes"]:
                item["metadata"]["selected"] = False

    only_activities = selecting(edited(catalog, "activities", deselect), "activities")
    run = tap.run(config=CONFIG, catalog=only_activities)
    assert not [record for record in run.records("activities") if "attributes" in record]
    assert_golden("deselected_field", run)


def test_a_failure_in_the_second_window_writes_the_golden_messages(
    tap: TapRunner,
    catalog: Any,  # noqa: ANN401 - a catalog
) -> None:
    tap.sandbox.faults.append(Fault("wrong_count", call="enqueue", object="leads", skip=1))
    run = tap.run(config=CONFIG, catalog=catalog)
    assert type(run.error) is errors.CorruptFileError
    assert_golden("failure_in_the_second_window", run)


def test_a_job_in_state_has_its_id_window_horizon_and_request_digest(
    tap: TapRunner,
    catalog: Any,  # noqa: ANN401 - a catalog
) -> None:
    run = tap.run(config=CONFIG, catalog=catalog)
    states = [state["bookmarks"]["activities"] for state in run.states]
    first = next(state["jobs"] for state in states if state.get("jobs"))
    assert first == [
        {
            "id": tap.sandbox.jobs[0].export_id,
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-02-01T00:00:00Z",
            "as_of": "2026-02-28T23:45:00Z",
            "request": first[0]["request"],
        }
    ]
    assert len(first[0]["request"]) == 16


def test_columns_in_snake_case_write_the_golden_messages(tap: TapRunner) -> None:
    selected = {snake_case(name) for name in FIELDS}

    def deselect(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"]:
                item["metadata"]["selected"] = item["breadcrumb"][1] in selected

    tap.config = CONFIG | {"column_names": "snake_case"}
    catalog = edited(selecting(tap.discover(), "leads", "activities"), "leads", deselect)
    assert_golden("snake_case", tap.run(catalog=catalog))
