"""The subcommand plan: the jobs that a run would create, without creating any."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.texts import megabytes
from tests.support.runs import selecting
from tests.support.typed_activities import types_by_stream

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.jobs_command import JobsCommand
    from tests.support.runs import TapRunner

MAIL, FORM = "activities_send_email", "activities_fill_out_form"
FAST = pytest.mark.parametrize("options", [Options(leads=60, activities=300, job_seconds=0)])


def catalog_of(command: JobsCommand, tap: TapRunner, *streams: str) -> list[str]:
    """Write a catalog that selects these streams; return the option for it."""
    return ["--catalog", command.write_file("catalog", selecting(tap.discover(), *streams))]


def test_the_plan_of_a_first_run_has_all_its_windows(command: JobsCommand) -> None:
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
        "activity_types, deleted_leads, lead_describe are read with REST calls, without a job.",
    ]
    reason = "no estimate of the bytes: no export of activities or leads was completed"
    assert reason in result.stdout


@FAST
def test_the_plan_has_the_jobs_that_the_run_creates(
    command: JobsCommand, tap: TapRunner, sandbox: Sandbox
) -> None:
    streams = ["leads", MAIL, FORM]
    catalog = selecting(tap.discover(), *streams)
    plan = command.run("plan", *catalog_of(command, tap, *streams)).stdout
    assert "types 2, 6" in plan
    run = tap.run(catalog=catalog)
    rows = [line for line in plan.splitlines() if line.endswith("  new")]
    assert len(rows) == len(sandbox.jobs)
    # With the state of that run, one job for each export object remains.
    state = command.write_file("state", run.state)
    later = command.run("plan", *catalog_of(command, tap, *streams), "--state", state).stdout
    assert later.splitlines()[1].startswith("activities  2026-02-28 22:45:00")
    assert "2 jobs: 1 for activities, 1 for leads." in later


def test_many_activity_types_are_shown_as_their_number(
    command: JobsCommand, tap: TapRunner, sandbox: Sandbox
) -> None:
    plan = command.run("plan", *catalog_of(command, tap, *types_by_stream(sandbox))).stdout
    assert "19 types" in plan


def test_the_filters_of_the_settings_are_shown(command: JobsCommand) -> None:
    filters: dict[str, Any] = {
        "activity_type_ids": [2],
        "primary_attribute_value_ids": [16],
        "static_list_name": "Customers",
    }
    lines = command.run("plan", **filters).stdout.splitlines()
    assert lines[1].split("  ")[-2] == "types 2, primaryAttributeValueIds [16]"
    assert lines[3].split() == ["leads", "staticListName", "Customers", "new"]


@FAST
def test_state_can_have_the_format_of_meltano_state_get(
    command: JobsCommand, tap: TapRunner
) -> None:
    state = tap.run().state
    wrapped = command.run("plan", "--state", "-", text=json.dumps({"singer_state": state}))
    assert wrapped.stdout == command.run("plan", "--state", "-", text=json.dumps(state)).stdout
    assert "2026-02-28 22:45:00" in wrapped.stdout


@pytest.mark.parametrize("content", [[1], {"singer_state": [1]}, {"bookmarks": {"leads": 1}}])
def test_an_invalid_state_is_an_error(
    command: JobsCommand, caplog: pytest.LogCaptureFixture, content: object
) -> None:
    result = command.run("plan", "--state", command.write_file("state", content))
    assert result.exit_code == 1
    assert "The state cannot be used" in caplog.text


@FAST
def test_the_plan_names_the_jobs_that_a_run_would_resume(
    command: JobsCommand, tap: TapRunner
) -> None:
    stopped = tap.run(stop_after=6)
    assert stopped.state
    unfinished = [
        each["id"]
        for bookmark in stopped.state["bookmarks"].values()
        for each in bookmark.get("jobs", ())
    ]
    assert unfinished
    plan = command.run("plan", "--state", command.write_file("state", stopped.state)).stdout
    for export_id in unfinished:
        assert f"of an earlier run: {export_id}" in plan
    assert "of an earlier run will be resumed." in plan


@FAST
def test_the_plan_has_the_programs_and_objects_of_each_job(
    command: JobsCommand, tap: TapRunner
) -> None:
    streams = ("program_members", "custom_purchase_order_c")
    plan = command.run("plan", *catalog_of(command, tap, *streams)).stdout
    assert "programIds [1001, 1002, 1003" in plan
    # Twelve programs are two jobs for each of the two windows.
    assert "6 jobs: 2 for custom_purchase_order_c, 4 for program_members." in plan


@FAST
def test_the_plan_says_which_windows_may_lack_activities(
    command: JobsCommand, tap: TapRunner
) -> None:
    catalog = catalog_of(command, tap, MAIL)
    plan = command.run("plan", *catalog, start_date="2025-09-01").stdout
    text = " ".join(plan.split())
    assert "Marketo keeps activities of some types, for example Send Email, for 90 days" in text
    assert "Windows before 2025-11-" in text or "Windows before 2025-12-" in text


@FAST
def test_the_size_is_estimated_from_past_exports(
    command: JobsCommand, tap: TapRunner, sandbox: Sandbox
) -> None:
    tap.run()
    sizes: dict[str, list[int]] = {"leads": [], "activities": []}
    for job in sandbox.jobs:
        sizes[job.object].append(job.file_size or 0)
    estimate = sum(2 * sum(each) / len(each) for each in sizes.values())
    text = " ".join(command.run("plan", "--allocation-mb", "1").stdout.split())
    assert f"By the 4 exports of the past 7 days, the estimate is {megabytes(estimate)}, or" in text
    assert "All jobs fit in today's quota: at most" in text


@pytest.mark.parametrize(
    "options", [Options(leads=600, activities=3000, job_seconds=0, lead_padding_bytes=5000)]
)
def test_the_plan_of_a_large_backfill_has_the_number_of_nights(
    command: JobsCommand, tap: TapRunner, sandbox_clock: SandboxClock
) -> None:
    tap.run(config={"start_date": "2026-02-20"})
    sandbox_clock.advance(60)
    text = command.run("plan", "--allocation-mb", "1", start_date="2025-03-01").stdout
    forecast = r"About \d+ nights left, with one run a night and a quota of 1 MB a day."
    assert re.search(forecast, text)


@FAST
def test_a_plan_without_jobs_is_a_message(command: JobsCommand, tap: TapRunner) -> None:
    state = command.write_file("state", tap.run(config={"activity_lookback_minutes": 0}).state)
    settings: dict[str, Any] = {"activity_lookback_minutes": 0, "end_date": "2026-02-28"}
    text = command.run("plan", "--state", state, **settings).stdout
    assert text.startswith("Nothing to export: every bookmark is at the horizon")


def test_a_catalog_file_that_is_not_json_is_an_error(
    command: JobsCommand, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    catalog = tmp_path / "catalog.json"
    catalog.write_text("nothing", encoding="utf-8")
    result = command.run("plan", "--catalog", str(catalog))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "catalog" in caplog.text
