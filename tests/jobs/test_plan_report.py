"""plan: what a run would ask for, without asking."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.runs import selecting
from tests.support.typed_activities import streams_of

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.jobs_command import Jobs
    from tests.support.runs import Tap

MAIL, FORM = "activities_send_email", "activities_fill_out_form"
FAST = pytest.mark.parametrize("options", [Options(leads=60, activities=300, job_seconds=0)])


def catalog_of(command: Jobs, tap: Tap, *streams: str) -> list[str]:
    """The option that selects these streams."""
    return ["--catalog", command.file("catalog", selecting(tap.discover(), *streams))]


def test_the_windows_of_a_first_run(command: Jobs) -> None:
    result = command.run("plan")
    assert result.exit_code == 0
    assert command.sandbox.jobs == []
    assert result.stdout.splitlines()[:8] == [
        "stream      from (UTC)           to (UTC)             filter        job",
        "activities  2026-01-01 00:00:00  2026-02-01 00:00:00  all types     new",
        "activities  2026-02-01 00:00:00  2026-02-28 23:45:00  all types     new",
        "leads       2026-01-01 00:00:00  2026-02-01 00:00:00  by updatedAt  new",
        "leads       2026-02-01 00:00:00  2026-02-28 23:45:00  by updatedAt  new",
        "",
        "4 jobs: 2 for activities, 2 for leads.",
        "deleted_leads is read with REST calls, without a job.",
    ]
    assert "no estimate of the bytes: no export of activities or leads was completed" in " ".join(
        result.stdout.split()
    )


@FAST
def test_the_plan_is_what_the_run_does(command: Jobs, tap: Tap, sandbox: Sandbox) -> None:
    streams = ["leads", MAIL, FORM]
    catalog = selecting(tap.discover(), *streams)
    plan = command.run("plan", *catalog_of(command, tap, *streams)).stdout
    assert "types 2, 6" in plan
    run = tap.run(catalog=catalog)
    rows = [line for line in plan.splitlines() if line.endswith("  new")]
    assert len(rows) == len(sandbox.jobs)
    # With the state of that run, there is less to do.
    state = command.file("state", run.state)
    later = command.run("plan", *catalog_of(command, tap, *streams), "--state", state).stdout
    assert later.splitlines()[1].startswith("activities  2026-02-28 22:45:00")
    assert "2 jobs: 1 for activities, 1 for leads." in later


def test_many_types_are_counted(command: Jobs, tap: Tap, sandbox: Sandbox) -> None:
    plan = command.run("plan", *catalog_of(command, tap, *streams_of(sandbox))).stdout
    assert "19 types" in plan


def test_filters_are_shown(command: Jobs) -> None:
    filters: dict[str, Any] = {
        "activity_type_ids": [2],
        "primary_attribute_value_ids": [16],
        "static_list_name": "Customers",
    }
    lines = command.run("plan", **filters).stdout.splitlines()
    assert lines[1].split("  ")[-2] == "types 2, primaryAttributeValueIds [16]"
    assert lines[3].split() == ["leads", "staticListName", "Customers", "new"]


@FAST
def test_state_can_come_as_meltano_shows_it(command: Jobs, tap: Tap) -> None:
    state = tap.run().state
    wrapped = command.run("plan", "--state", "-", text=json.dumps({"singer_state": state}))
    assert wrapped.stdout == command.run("plan", "--state", "-", text=json.dumps(state)).stdout
    assert "2026-02-28 22:45:00" in wrapped.stdout


@pytest.mark.parametrize("content", [[1], {"singer_state": [1]}, {"bookmarks": {"leads": 1}}])
def test_a_state_of_garbage_is_told(
    command: Jobs, caplog: pytest.LogCaptureFixture, content: object
) -> None:
    result = command.run("plan", "--state", command.file("state", content))
    assert result.exit_code == 1
    assert "The state cannot be used" in caplog.text


@FAST
def test_jobs_of_an_interrupted_run_are_taken_up(command: Jobs, tap: Tap) -> None:
    stopped = tap.run(stop_after=6)
    assert stopped.state
    left = [
        each["id"]
        for bookmark in stopped.state["bookmarks"].values()
        for each in bookmark.get("exports", ())
    ]
    assert left
    plan = command.run("plan", "--state", command.file("state", stopped.state)).stdout
    for export_id in left:
        assert f"of an earlier run: {export_id}" in plan
    assert "of an earlier run will be resumed." in plan


@FAST
def test_past_exports_tell_how_much_it_may_be(command: Jobs, tap: Tap, sandbox: Sandbox) -> None:
    tap.run()
    sizes: dict[str, list[int]] = {"leads": [], "activities": []}
    for job in sandbox.jobs:
        sizes[job.object].append(job.file_size or 0)
    usual = sum(2 * sum(each) / len(each) for each in sizes.values())
    text = " ".join(command.run("plan", "--allocation-mb", "1").stdout.split())
    assert f"By the 4 exports of the past 7 days, the estimate is {usual / 1e3:.1f} kB" in text
    assert "1 day with a quota of 1 MB a day" in text


@pytest.mark.parametrize(
    "options", [Options(leads=600, activities=3000, job_seconds=0, lead_padding_bytes=5000)]
)
def test_a_large_backfill_takes_days(command: Jobs, tap: Tap, sandbox_clock: SandboxClock) -> None:
    tap.run(config={"start_date": "2026-02-20"})
    sandbox_clock.advance(60)
    text = " ".join(
        command.run("plan", "--allocation-mb", "1", start_date="2025-03-01").stdout.split()
    )
    assert "days with a quota of 1 MB a day" in text


@FAST
def test_nothing_to_do_is_told(command: Jobs, tap: Tap) -> None:
    state = command.file("state", tap.run(config={"activity_lookback_minutes": 0}).state)
    settings: dict[str, Any] = {"activity_lookback_minutes": 0, "end_date": "2026-02-28"}
    text = command.run("plan", "--state", state, **settings).stdout
    assert text.startswith("Nothing to export: every bookmark is at the horizon")


def test_a_catalog_that_is_no_json_is_named(command: Jobs, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.json"
    catalog.write_text("nothing", encoding="utf-8")
    result = command.run("plan", "--catalog", str(catalog))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
