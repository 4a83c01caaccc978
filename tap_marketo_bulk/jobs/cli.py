"""The command tap-marketo-bulk-jobs, with its subcommands."""

from __future__ import annotations

import logging
import os
import sys

import click

from tap_marketo_bulk.jobs.job_commands import (
    cancel_command,
    list_command,
    timeline_command,
    watch_command,
)
from tap_marketo_bulk.jobs.quota_commands import plan_command, quota_command
from tap_marketo_bulk.tap import TapMarketoBulk

NAME = "tap-marketo-bulk-jobs"


def main() -> None:
    """Run the command with the arguments of the process."""
    level = os.environ.get("LOGLEVEL", "WARNING").upper()
    logging.basicConfig(format=f"{NAME}: %(message)s", level=level, stream=sys.stderr)
    jobs(prog_name=NAME)


@click.group(NAME)
@click.version_option(package_name=TapMarketoBulk.name, message="%(prog)s v%(version)s")
@click.pass_context
def jobs(ctx: click.Context) -> None:
    """See and cancel the export jobs of the tap, for which Marketo has no page.

    Settings are the tap's, from TAP_MARKETO_BULK_... variables or from files given with --config.
    With Meltano: meltano invoke tap-marketo-bulk:list, and likewise cancel, watch, timeline, quota
    and plan.
    """
    # Tests pass a tap with another clock.
    ctx.obj = ctx.obj or TapMarketoBulk


for command in (
    list_command,
    cancel_command,
    watch_command,
    timeline_command,
    quota_command,
    plan_command,
):
    jobs.add_command(command)
