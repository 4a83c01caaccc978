"""The command line of tap-marketo-bulk-jobs."""

from __future__ import annotations

import json
import logging
import os
import sys
from functools import partial
from typing import IO, Any

import click

from tap_marketo_bulk.command import ErrorReportingCommand
from tap_marketo_bulk.errors import StateError
from tap_marketo_bulk.jobs import cancelling, listing, plan, quota
from tap_marketo_bulk.jobs.history import past_jobs
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.tap import TapMarketoBulk

NAME = "tap-marketo-bulk-jobs"
# Click breaks no lines of a paragraph that begins with \b.
_WITH_MELTANO = """With Meltano:

\b
  meltano invoke tap-marketo-bulk:plan
  meltano state get ID | meltano invoke tap-marketo-bulk:plan --state -

The first discovers what is selected; the second takes the catalog that the first, or a run, left
behind."""


def main() -> None:
    """Run the command with the arguments of the process."""
    level = os.environ.get("LOGLEVEL", "WARNING").upper()
    logging.basicConfig(format=f"{NAME}: %(message)s", level=level, stream=sys.stderr)
    jobs(prog_name=NAME)


@click.group(NAME)
@click.pass_context
def jobs(ctx: click.Context) -> None:
    """See and stop what the tap has running in Marketo, which has no page for it.

    Settings are the tap's, from TAP_MARKETO_BULK_... variables or from files given with --config.
    With Meltano: meltano invoke tap-marketo-bulk:list, and likewise cancel, quota and plan.
    """
    # Tests bring a tap with a clock of theirs.
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
    help="Your subscription's export quota a day in megabytes; without it, Marketo's usual 500.",
)


@_subcommand("list")
@_config
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="How to show them; a table is the default.",
)
@click.pass_obj
def list_jobs(kind: type[TapMarketoBulk], config: Any, form: str) -> None:  # noqa: ANN401 - the SDK's own
    """Show the export jobs of the past 7 days, the latest first.

    Marketo shows each API user their own jobs only.
    """
    tap = _open(kind, config)
    show = listing.as_json if form == "json" else listing.as_table
    click.echo(show(past_jobs(Exports(tap.client)), tap.clock.now()))


@_subcommand("cancel")
@_config
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Cancel whatever has not ended.")
@click.pass_context
def cancel_jobs(ctx: click.Context, config: Any, ids: tuple[str, ...], *, everything: bool) -> None:  # noqa: ANN401 - the SDK's own
    """Cancel export jobs by ID, or all that have not ended.

    Nothing is lost: a run that needs a cancelled job asks for another.
    """
    if bool(ids) == everything:
        message = "Name the jobs to cancel, or use --all."
        raise click.UsageError(message)
    exports = Exports(_open(ctx.obj, config).client)
    past = past_jobs(exports)
    for line in cancelling.cancel(exports, past, None if everything else ids):
        click.echo(line)
    missing = cancelling.unknown(past, ids)
    for each in missing:
        click.echo(
            f"There is no job {each} of the past 7 days that this API user can see.", err=True
        )
    ctx.exit(1 if missing else 0)


@_subcommand("quota")
@_config
@_allocation
@click.pass_obj
def show_quota(kind: type[TapMarketoBulk], config: Any, megabytes: int | None) -> None:  # noqa: ANN401 - the SDK's own
    """Show what is used of the day's export quota.

    And when it is reset. Marketo counts the bytes of finished files, from 00:00 US Central on.
    """
    tap = _open(kind, config)
    click.echo(quota.as_words(past_jobs(Exports(tap.client)), tap.clock.now(), megabytes))


@_subcommand("plan", epilog=_WITH_MELTANO)
@_config
@click.option(
    "--catalog",
    type=click.File(),
    help="What is selected, as the tap takes it; without it, what discovery selects.",
)
@click.option(
    "--state",
    type=click.File(),
    help="The bookmarks, as the tap takes them or as `meltano state get` shows them; - is "
    "standard input. Without it, everything is new.",
)
@_allocation
@click.pass_obj
def show_plan(
    kind: type[TapMarketoBulk],
    config: Any,  # noqa: ANN401 - the SDK's own
    catalog: IO[str] | None,
    state: IO[str] | None,
    megabytes: int | None,
) -> None:
    """Show the windows and jobs that a run would make.

    None is made. With past jobs to go by, also how many bytes that may be, and how many days
    under the quota.
    """
    tap = _open(
        kind,
        config,
        catalog=json.load(catalog) if catalog else None,
        state=_bookmarks(json.load(state)) if state else None,
    )
    orders = [order for stream in tap.bulk_streams() for order in stream.orders()]
    past = past_jobs(Exports(tap.client))
    click.echo(plan.as_words(orders, tap.paged_streams(), past, megabytes))


def _open(kind: type[TapMarketoBulk], config: Any, **given: Any) -> TapMarketoBulk:  # noqa: ANN401 - the SDK's own
    """Return a tap that has made no call yet; raises ``SettingsError``."""
    return kind(
        config=config.config, parse_env_config=config.parse_env, setup_mapper=False, **given
    )


def _bookmarks(state: object) -> object:
    """Take the state out of the wrapping in which Meltano shows it."""
    if not isinstance(state, dict):
        finding = "it is no JSON object"
        raise StateError(finding)
    return state.get("singer_state", state)
