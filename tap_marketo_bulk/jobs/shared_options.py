"""Options that several subcommands have, and the tap that is made of them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from tap_marketo_bulk.command import ErrorReportingCommand
from tap_marketo_bulk.jobs.past_jobs import PastJobReader
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.tap import TapMarketoBulk
from tap_marketo_bulk.times import parse_instant

if TYPE_CHECKING:
    from datetime import datetime
    from types import FrameType

# Returns a tap with the settings of --config, and takes other options of the tap.
MakeTap = Callable[..., TapMarketoBulk]

# A shell reports a process that a signal ended with this plus the number of the signal.
_ENDED_BY_SIGNAL = 128

subcommand = partial(click.command, cls=ErrorReportingCommand, logger=TapMarketoBulk.logger)


def _tap_maker(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> MakeTap:
    tap_class: type[TapMarketoBulk] = ctx.obj
    config = tap_class.cb_config(ctx, param, value)  # type: ignore[arg-type] # it is an option
    return partial(
        _make_tap,
        tap_class,
        config=config.config,
        parse_env_config=config.parse_env,
        setup_mapper=False,
    )


config_option = click.option(
    "--config",
    "make_tap",
    multiple=True,
    default=("ENV",),
    metavar="FILE|ENV",
    callback=_tap_maker,
    help="A configuration file, or ENV for TAP_MARKETO_BULK_... variables, which is the default.",
)
allocation_option = click.option(
    "--allocation-mb",
    "megabytes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Your subscription's daily export quota in megabytes; Marketo's default is 500.",
)


def parse_instant_option(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> datetime | None:
    """Return the instant of an option; the command ends with a message where it is not valid."""
    try:
        return None if value is None else parse_instant(value)
    except ValueError:
        message = f"{value!r} is not a date or a date-time such as 2026-01-31T12:00:00Z."
        raise click.BadParameter(message) from None


def past_job_reader(tap: TapMarketoBulk) -> PastJobReader:
    """Return a reader of the jobs of every object that the tap exports."""
    return PastJobReader(Exports(tap.client), tap.exportable_object_paths())


def _make_tap(
    tap_class: type[TapMarketoBulk],
    **options: Any,  # noqa: ANN401 - the SDK's own
) -> TapMarketoBulk:
    """Return a tap that has made no call yet; raises ``SettingsError``."""
    tap = tap_class(**options)
    # In place of the handlers of the tap, which log what a run has written.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _end_process)
    return tap


def _end_process(number: int, _frame: FrameType | None) -> None:
    sys.exit(_ENDED_BY_SIGNAL + number)
