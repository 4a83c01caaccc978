"""The subcommands about the daily export quota: quota and plan."""

from __future__ import annotations

import json
from typing import IO

import click

from tap_marketo_bulk.input_files import catalog_file_text, state_file_text
from tap_marketo_bulk.jobs.console import stdout_console, write
from tap_marketo_bulk.jobs.drawing import quota_renderable, table_renderable
from tap_marketo_bulk.jobs.forecast import estimate_bytes, forecast_text
from tap_marketo_bulk.jobs.plan_report import plan_summary, plan_table
from tap_marketo_bulk.jobs.quota_usage import DEFAULT_ALLOCATION, LOWER_BOUND, usage_of_day
from tap_marketo_bulk.jobs.shared_options import (
    MakeTap,
    allocation_option,
    config_option,
    past_job_reader,
    subcommand,
)

# Click keeps the line breaks of a paragraph that begins with \b.
_WITH_MELTANO = """With Meltano:

\b
  meltano invoke tap-marketo-bulk:plan
  meltano state get ID | meltano invoke tap-marketo-bulk:plan --state -

The first runs discovery to find out what is selected; the second uses the catalog of the first,
or of the latest run."""


@subcommand("quota")
@config_option
@allocation_option
def quota_command(make_tap: MakeTap, megabytes: int | None) -> None:
    """Show how much of the daily export quota is used, and when it is reset.

    Marketo counts the bytes of completed files from 00:00 US Central on.
    """
    tap = make_tap()
    jobs = past_job_reader(tap).read()
    now = tap.client.latest_response_time()
    notes = LOWER_BOUND if megabytes else f"{LOWER_BOUND} {DEFAULT_ALLOCATION}"
    console = stdout_console()
    write(console, quota_renderable(usage_of_day(jobs, now, megabytes), now, console), "", notes)


@subcommand("plan", epilog=_WITH_MELTANO)
@config_option
@click.option(
    "--catalog",
    type=click.File(),
    help="A catalog, as for the tap. Without it, discovery runs.",
)
@click.option(
    "--state",
    type=click.File(),
    help="A state, as for the tap or as `meltano state get` prints it; - is standard input. "
    "Without it, every stream is new.",
)
@allocation_option
def plan_command(
    make_tap: MakeTap, catalog: IO[str] | None, state: IO[str] | None, megabytes: int | None
) -> None:
    """Show the export jobs that a run would create, without creating any.

    With past jobs to compare with, also an estimate of the bytes, and of the nights that they take
    with the daily quota.
    """
    tap = make_tap(
        catalog=json.loads(catalog_file_text(catalog)) if catalog else None,
        state=json.loads(state_file_text(state)) if state else None,
    )
    planner = tap.sync_run.planner
    tasks = planner.plan()
    jobs = past_job_reader(tap).read()
    usage = usage_of_day(jobs, tap.client.latest_response_time(), megabytes)
    console = stdout_console()
    if tasks:
        write(console, table_renderable(plan_table(tasks), console), "")
    write(console, *plan_summary(tasks, tap.rest_stream_names()), *planner.retention_notes())
    if estimate := estimate_bytes(tasks, jobs):
        write(console, "", forecast_text(estimate, usage))
