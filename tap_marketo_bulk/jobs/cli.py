"""The command tap-marketo-bulk-jobs, its subcommands and their options."""

from __future__ import annotations

import json
import logging
import os
import sys
from functools import partial
from typing import IO, Any

import click

from tap_marketo_bulk.command import ErrorReportingCommand
from tap_marketo_bulk.input_files import read_catalog_text, read_state_text
from tap_marketo_bulk.jobs.past_jobs import (
    format_json,
    format_table,
    iter_cancellations,
    missing_ids,
    read_past_jobs,
)
from tap_marketo_bulk.jobs.plan_report import format_plan
from tap_marketo_bulk.jobs.quota_report import format_quota
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.tap import TapMarketoBulk

NAME = "tap-marketo-bulk-jobs"
# Click keeps the line breaks of a paragraph that begins with \b.
_WITH_MELTANO = """With Meltano:

\b
  meltano invoke tap-marketo-bulk:plan
  meltano state get ID | meltano invoke tap-marketo-bulk:plan --state -

The first runs discovery to find out what is selected; the second uses the catalog of the first,
or of the latest run."""


def main() -> None:
    """Run the command with the arguments of the process."""
    level = os.environ.get("LOGLEVEL", "WARNING").upper()
    logging.basicConfig(format=f"{NAME}: %(message)s", level=level, stream=sys.stderr)
    jobs(prog_name=NAME)


@click.group(NAME)
@click.pass_context
def jobs(ctx: click.Context) -> None:
    """See and cancel the export jobs of the tap, for which Marketo has no page.

    Settings are the tap's, from TAP_MARKETO_BULK_... variables or from files given with --config.
    With Meltano: meltano invoke tap-marketo-bulk:list, and likewise cancel, quota and plan.
    """
    # Tests pass a tap with another clock.
    ctx.obj = ctx.obj or TapMarketoBulk


def _read_config(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> Any:  # noqa: ANN401 - the SDK's own
    return ctx.obj.cb_config(ctx, param, value)


_subcommand = partial(jobs.command, cls=ErrorReportingCommand, logger=TapMarketoBulk.logger)
_config = click.option(
    "--config",
    multiple=True,
    default=("ENV",),
    metavar="FILE|ENV",
    callback=_read_config,
    help="A configuration file, or ENV for TAP_MARKETO_BULK_... variables, which is the default.",
)
_allocation = click.option(
    "--allocation-mb",
    "megabytes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Your subscription's daily export quota in megabytes; Marketo's default is 500.",
)


@_subcommand("list")
@_config
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    help="The output format; a table is the default.",
)
@click.pass_obj
def list_command(tap_class: type[TapMarketoBulk], config: Any, output_format: str) -> None:  # noqa: ANN401 - the SDK's own
    """Show the export jobs of the past 7 days, the latest first.

    Marketo shows each API user their own jobs only.
    """
    tap = _make_tap(tap_class, config)
    format_jobs = format_json if output_format == "json" else format_table
    click.echo(format_jobs(read_past_jobs(Exports(tap.client)), tap.clock.now()))


@_subcommand("cancel")
@_config
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Cancel all that have not ended.")
@click.pass_context
def cancel_command(
    ctx: click.Context,
    config: Any,  # noqa: ANN401 - the SDK's own
    ids: tuple[str, ...],
    *,
    everything: bool,
) -> None:
    """Cancel export jobs by ID, or all that have not ended.

    No data is lost: a run that needs a cancelled job creates another one.
    """
    if bool(ids) == everything:
        message = "Pass the ids of the jobs to cancel, or use --all."
        raise click.UsageError(message)
    exports = Exports(_make_tap(ctx.obj, config).client)
    jobs = read_past_jobs(exports)
    for line in iter_cancellations(exports, jobs, None if everything else ids):
        click.echo(line)
    missing = missing_ids(jobs, ids)
    for each in missing:
        click.echo(f"This API user has no job {each} in the past 7 days.", err=True)
    ctx.exit(1 if missing else 0)


@_subcommand("quota")
@_config
@_allocation
@click.pass_obj
def quota_command(tap_class: type[TapMarketoBulk], config: Any, megabytes: int | None) -> None:  # noqa: ANN401 - the SDK's own
    """Show how much of the daily export quota is used, and when it is reset.

    Marketo counts the bytes of completed files from 00:00 US Central on.
    """
    tap = _make_tap(tap_class, config)
    jobs = read_past_jobs(Exports(tap.client))
    click.echo(format_quota(jobs, tap.clock.now(), megabytes))


@_subcommand("plan", epilog=_WITH_MELTANO)
@_config
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
@_allocation
@click.pass_obj
def plan_command(
    tap_class: type[TapMarketoBulk],
    config: Any,  # noqa: ANN401 - the SDK's own
    catalog: IO[str] | None,
    state: IO[str] | None,
    megabytes: int | None,
) -> None:
    """Show the export jobs that a run would create, without creating any.

    With past jobs to compare with, also an estimate of the bytes, and of the days that they take
    with the daily quota.
    """
    tap = _make_tap(
        tap_class,
        config,
        catalog=json.loads(read_catalog_text(catalog)) if catalog else None,
        state=json.loads(read_state_text(state)) if state else None,
    )
    tasks = tap.sync_run.planner.plan()
    jobs = read_past_jobs(Exports(tap.client))
    click.echo(format_plan(tasks, tap.streams_without_jobs(), jobs, megabytes))


def _make_tap(
    tap_class: type[TapMarketoBulk],
    config: Any,  # noqa: ANN401 - the SDK's own
    **options: Any,  # noqa: ANN401 - the SDK's own
) -> TapMarketoBulk:
    """Return a tap that has made no call yet; raises ``SettingsError``."""
    return tap_class(
        config=config.config, parse_env_config=config.parse_env, setup_mapper=False, **options
    )
