"""The subcommands about jobs: list, cancel, watch and timeline."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from tap_marketo_bulk.input_files import state_file_text
from tap_marketo_bulk.jobs.cancellation import find_jobs, iter_cancellations, unfinished_jobs
from tap_marketo_bulk.jobs.console import (
    PICTURE_CHARACTERS,
    has_colors,
    stdout_console,
    write,
    write_html,
    write_svg,
)
from tap_marketo_bulk.jobs.drawing import snapshot_renderable, table_renderable
from tap_marketo_bulk.jobs.job_list import (
    job_table,
    jobs_as_json,
    select_jobs,
    totals,
    windows_by_job,
)
from tap_marketo_bulk.jobs.queue_snapshot import take_snapshot
from tap_marketo_bulk.jobs.shared_options import (
    MakeTap,
    allocation_option,
    config_option,
    parse_instant_option,
    past_job_reader,
    subcommand,
)
from tap_marketo_bulk.jobs.timeline import make_timeline
from tap_marketo_bulk.jobs.timeline_drawing import timeline_renderable
from tap_marketo_bulk.jobs.watching import watch
from tap_marketo_bulk.marketo.exports import Exports, JobStatus
from tap_marketo_bulk.streams.registry import is_stream_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rich.console import RenderableType

_NO_JOBS = "No export jobs in the past 7 days."
_DAYS = 7
_picture_type = click.Path(dir_okay=False, writable=True, path_type=Path)


@subcommand("list")
@config_option
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([str(status) for status in JobStatus], case_sensitive=False),
    help="Only jobs with this status; can be repeated.",
)
@click.option(
    "--since",
    callback=parse_instant_option,
    metavar="INSTANT",
    help="Only jobs that were created since this date or date-time, in UTC without a time zone.",
)
@click.option(
    "--state",
    type=click.File(),
    help="A state, as for the tap or as `meltano state get` prints it; - is standard input. "
    "The jobs in it are shown with the window that they export.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    help="The output format; a table is the default.",
)
def list_command(
    make_tap: MakeTap,
    statuses: tuple[str, ...],
    since: datetime | None,
    state: IO[str] | None,
    output_format: str,
) -> None:
    """Show the export jobs of the past 7 days, the latest first.

    Marketo shows each API user their own jobs only.
    """
    tap = make_tap(state=json.loads(state_file_text(state)) if state else None)
    all_jobs = past_job_reader(tap).read()
    jobs = select_jobs(all_jobs, statuses, since)
    now = tap.client.latest_response_time()
    windows = windows_by_job(tap.state, is_stream_name) if state else None
    console = stdout_console()
    if output_format == "json":
        write(console, jobs_as_json(jobs, now, windows))
    elif jobs:
        write(console, table_renderable(job_table(jobs, now, windows), console), "", totals(jobs))
    elif all_jobs:
        write(console, "No export job of the past 7 days matches --status and --since.")
    else:
        write(console, _NO_JOBS)


@subcommand("cancel")
@config_option
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Cancel all that have not ended.")
@click.pass_context
def cancel_command(
    ctx: click.Context, make_tap: MakeTap, ids: tuple[str, ...], *, everything: bool
) -> None:
    """Cancel export jobs by ID, or all that have not ended.

    The beginning of an ID is enough if no other job has it. No data is lost: a run that needs a
    cancelled job creates another one.
    """
    if bool(ids) == everything:
        message = "Pass the ids of the jobs to cancel, or use --all."
        raise click.UsageError(message)
    tap = make_tap()
    past_jobs = past_job_reader(tap).read()
    jobs, problems = find_jobs(past_jobs, ids) if ids else (unfinished_jobs(past_jobs), [])
    if everything and not jobs:
        click.echo("Nothing to cancel: every job of the past 7 days has ended.")
    for line in iter_cancellations(Exports(tap.client), jobs):
        click.echo(line)
    for problem in problems:
        click.echo(problem, err=True)
    ctx.exit(1 if problems else 0)


@subcommand("watch")
@config_option
@allocation_option
@click.option("--once", is_flag=True, help="Show the queue once; so does a pipe.")
def watch_command(make_tap: MakeTap, megabytes: int | None, *, once: bool) -> None:
    """Show Marketo's queue, its slots and today's bytes, refreshed once a minute.

    A refresh makes one call for each object that the tap exports. Ctrl-C ends the display.
    """
    tap = make_tap()
    reader, console = past_job_reader(tap), stdout_console()

    def draw() -> RenderableType:
        jobs = reader.read()
        now = tap.client.latest_response_time()
        return snapshot_renderable(take_snapshot(jobs, now, megabytes), console)

    if once or not console.is_terminal:
        write(console, draw())
    else:
        watch(draw, console, tap.clock)


@subcommand("timeline")
@config_option
@allocation_option
@click.option(
    "--days",
    type=click.IntRange(1, _DAYS),
    default=_DAYS,
    metavar="N",
    help="The number of days, today included; the default is 7.",
)
@click.option("--svg", type=_picture_type, metavar="FILE", help="Write an SVG picture.")
@click.option("--html", type=_picture_type, metavar="FILE", help="Write an HTML page.")
def timeline_command(
    make_tap: MakeTap, megabytes: int | None, days: int, svg: Path | None, html: Path | None
) -> None:
    """Show the jobs of the past days in Marketo's two slots, as a Gantt chart.

    A line for each slot of each day shows when it was used and when it was idle, beside the bytes
    of the day and their part of the quota.
    """
    tap = make_tap()
    jobs = past_job_reader(tap).read()
    now = tap.client.latest_response_time()
    timeline = make_timeline(jobs, now, days, megabytes)
    picture = timeline_renderable(timeline, PICTURE_CHARACTERS, has_colors=True)
    console = stdout_console()
    for path, write_picture in ((svg, write_svg), (html, write_html)):
        if path:
            _write_file(path, partial(write_picture, renderable=picture))
            write(console, f"Wrote {path}.")
    if not svg and not html:
        width = console.width if console.is_terminal else PICTURE_CHARACTERS
        write(console, timeline_renderable(timeline, width, has_colors=has_colors(console)))


def _write_file(path: Path, write_picture: Callable[[Path], None]) -> None:
    try:
        write_picture(path)
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None
