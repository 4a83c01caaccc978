"""The command tap-marketo-bulk-jobs, its subcommands, and their options."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from tap_marketo_bulk.cli import reports
from tap_marketo_bulk.cli.console import (
    PICTURE_CHARACTERS,
    has_colors,
    stdout_console,
    table_renderable,
    watch,
    write,
    write_html,
    write_svg,
)
from tap_marketo_bulk.cli.timeline import make_timeline, timeline_renderable
from tap_marketo_bulk.command import ErrorReportingCommand
from tap_marketo_bulk.errors import ApiError
from tap_marketo_bulk.input_files import catalog_file_text, state_file_text
from tap_marketo_bulk.marketo.exports import Exports, JobStatus
from tap_marketo_bulk.streams.registry import is_stream_name
from tap_marketo_bulk.streams.report import retention_note
from tap_marketo_bulk.tap import TapMarketoBulk
from tap_marketo_bulk.texts import count
from tap_marketo_bulk.times import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from types import FrameType

    from rich.console import RenderableType

    from tap_marketo_bulk.cli.reports import PastJob

# Returns a tap with the settings of --config, and takes other options of the tap.
MakeTap = Callable[..., TapMarketoBulk]
NAME = "tap-marketo-bulk-jobs"
_DAYS = 7
# A shell reports a process that a signal ended with this plus the number of the signal.
_ENDED_BY_SIGNAL = 128
# Click keeps the line breaks of a paragraph that begins with \b.
_WITH_MELTANO = """With Meltano:

\b
  meltano invoke tap-marketo-bulk:plan
  meltano state get ID | meltano invoke tap-marketo-bulk:plan --state -

The first runs discovery to find out what is selected; the second uses the catalog of the first,
or of the latest run."""
_picture_type = click.Path(dir_okay=False, writable=True, path_type=Path)


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


subcommand = partial(jobs.command, cls=ErrorReportingCommand, logger=TapMarketoBulk.logger)


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


def _make_tap(
    tap_class: type[TapMarketoBulk],
    *,
    catalog: IO[str] | None = None,
    state: IO[str] | None = None,
    **options: Any,  # noqa: ANN401 - the SDK's own
) -> TapMarketoBulk:
    """Return a tap that has made no call yet.

    Raises:
        CatalogError, SettingsError, StateError: Something in a file cannot be used.
    """
    tap = tap_class(
        catalog=json.loads(catalog_file_text(catalog)) if catalog else None,
        state=json.loads(state_file_text(state)) if state else None,
        **options,
    )
    # In place of the handlers of the tap, which log what a run has written.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _end_process)
    return tap


def _end_process(number: int, _frame: FrameType | None) -> None:
    sys.exit(_ENDED_BY_SIGNAL + number)


def _parse_instant_option(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> datetime | None:
    try:
        return None if value is None else parse_instant(value)
    except ValueError:
        message = f"{value!r} is not a date or a date-time such as 2026-01-31T12:00:00Z."
        raise click.BadParameter(message) from None


def _state_option(effect: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    source = "A state, as for the tap or as `meltano state get` prints it; - is standard input."
    return click.option("--state", type=click.File(), help=f"{source} {effect}")


_config_option = click.option(
    "--config",
    "make_tap",
    multiple=True,
    default=("ENV",),
    metavar="FILE|ENV",
    callback=_tap_maker,
    help="A configuration file, or ENV for TAP_MARKETO_BULK_... variables, which is the default.",
)
_allocation_option = click.option(
    "--allocation-mb",
    "allocation",
    type=click.IntRange(min=1),
    metavar="N",
    help="Your subscription's daily export quota in megabytes; Marketo's default is 500.",
)


def _past_job_reader(tap: TapMarketoBulk) -> reports.PastJobReader:
    """Return a reader of the jobs of every object that the tap exports."""
    return reports.PastJobReader(Exports(tap.client), tap.exportable_object_paths())


@subcommand("list")
@_config_option
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([str(status) for status in JobStatus], case_sensitive=False),
    help="Only jobs with this status; can be repeated.",
)
@click.option(
    "--since",
    callback=_parse_instant_option,
    metavar="INSTANT",
    help="Only jobs that were created since this date or date-time, in UTC without a time zone.",
)
@_state_option("The jobs in it are shown with the window that they export.")
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
    tap = make_tap(state=state)
    all_jobs = _past_job_reader(tap).read()
    selected = reports.select_jobs(all_jobs, statuses, since)
    now = tap.client.latest_response_time()
    windows = reports.windows_by_job(tap.state, is_stream_name) if state else None
    console = stdout_console()
    if output_format == "json":
        write(console, reports.jobs_as_json(selected, now, windows))
    elif selected:
        table = table_renderable(reports.job_table(selected, now, windows), console)
        write(console, table, "", reports.job_totals(selected))
    elif all_jobs:
        write(console, "No export job of the past 7 days matches --status and --since.")
    else:
        write(console, "No export jobs in the past 7 days.")


@subcommand("cancel")
@_config_option
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
    past_jobs = _past_job_reader(tap).read()
    found, problems = find_jobs(past_jobs, ids)
    if everything:
        found = [each for each in past_jobs if not each.status.is_terminal]
        if not found:
            click.echo("Nothing to cancel: every job of the past 7 days has ended.")
    for line in _iter_cancellations(Exports(tap.client), found):
        click.echo(line)
    for problem in problems:
        click.echo(problem, err=True)
    ctx.exit(1 if problems else 0)


def find_jobs(past_jobs: Sequence[PastJob], ids: Sequence[str]) -> tuple[list[PastJob], list[str]]:
    """Return the jobs of these ids, and a message about each id that is not that of one job.

    The beginning of an id, as the log and a narrow table show it, counts as the id.
    """
    found: list[PastJob] = []
    problems: list[str] = []
    for text in ids:
        same = [each for each in past_jobs if each.job.export_id == text]
        matches = same or [
            each for each in past_jobs if text and each.job.export_id.startswith(text)
        ]
        if len(matches) == 1:
            found += matches
        elif matches:
            number = count(len(matches), "job")
            problems.append(f"The ids of {number} begin with {text}: pass more of the id.")
        else:
            problems.append(f"This API user has no job {text} in the past 7 days.")
    return [each for each in past_jobs if each in found], problems


def _iter_cancellations(exports: Exports, found: Sequence[PastJob]) -> Iterator[str]:
    """Cancel those of the jobs that have not ended; yield a line about each."""
    cancelled = 0
    for each in found:
        name = f"{each.job.export_id} ({each.object_path})"
        ended = each.status if each.status.is_terminal else _cancel(exports, each)
        if ended:
            yield f"Not cancelled: {name} is {ended}."
        else:
            cancelled += 1
            yield f"Cancelled {name}, which was {each.status}."
    if cancelled:
        number = count(cancelled, "job")
        yield f"{number} cancelled. The next run of the tap creates the jobs again that it needs."


def _cancel(exports: Exports, each: PastJob) -> JobStatus | None:
    """Cancel a job; return its status if it had ended before."""
    try:
        exports.cancel(each.object_path, each.job.export_id)
    except ApiError:
        status = exports.status(each.object_path, each.job.export_id).status
        if not status.is_terminal:
            raise
        return status
    return None


@subcommand("watch")
@_config_option
@_allocation_option
@click.option("--once", is_flag=True, help="Show the queue once; so does a pipe.")
def watch_command(make_tap: MakeTap, allocation: int | None, *, once: bool) -> None:
    """Show Marketo's queue, its slots and today's bytes, refreshed once a minute.

    A refresh makes one call for each object that the tap exports. Ctrl-C ends the display.
    """
    tap = make_tap()
    reader, console = _past_job_reader(tap), stdout_console()

    def draw() -> RenderableType:
        past_jobs, now = reader.read(), tap.client.latest_response_time()
        usage = reports.usage_today(past_jobs, now, allocation)
        return reports.queue_renderable(past_jobs, usage, now, console)

    if once or not console.is_terminal:
        write(console, draw())
    else:
        watch(draw, console, tap.clock)


@subcommand("timeline")
@_config_option
@_allocation_option
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
    make_tap: MakeTap, allocation: int | None, days: int, svg: Path | None, html: Path | None
) -> None:
    """Show the jobs of the past days in Marketo's two slots, as a Gantt chart.

    A line for each slot of each day shows when it was used and when it was idle, beside the bytes
    of the day and their part of the quota.
    """
    tap = make_tap()
    past_jobs = _past_job_reader(tap).read()
    timeline = make_timeline(past_jobs, tap.client.latest_response_time(), days, allocation)
    picture = timeline_renderable(timeline, PICTURE_CHARACTERS, has_colors=True)
    console = stdout_console()
    for path, write_picture in ((svg, write_svg), (html, write_html)):
        if path:
            try:
                write_picture(path, picture)
            except OSError as error:
                raise click.FileError(str(path), error.strerror) from None
            write(console, f"Wrote {path}.")
    if not svg and not html:
        width = console.width if console.is_terminal else PICTURE_CHARACTERS
        write(console, timeline_renderable(timeline, width, has_colors=has_colors(console)))


@subcommand("quota")
@_config_option
@_allocation_option
def quota_command(make_tap: MakeTap, allocation: int | None) -> None:
    """Show how much of the daily export quota is used, and when it is reset.

    Marketo counts the bytes of completed files from 00:00 US Central on.
    """
    tap = make_tap()
    past_jobs = _past_job_reader(tap).read()
    now, console = tap.client.latest_response_time(), stdout_console()
    usage = reports.usage_today(past_jobs, now, allocation)
    notes = [reports.LOWER_BOUND, *([] if allocation else [reports.DEFAULT_ALLOCATION])]
    write(console, reports.quota_renderable(usage, now, console), "", " ".join(notes))


@subcommand("plan", epilog=_WITH_MELTANO)
@_config_option
@click.option(
    "--catalog",
    type=click.File(),
    help="A catalog, as for the tap. Without it, discovery runs.",
)
@_state_option("Without it, every stream is new.")
@_allocation_option
def plan_command(
    make_tap: MakeTap, catalog: IO[str] | None, state: IO[str] | None, allocation: int | None
) -> None:
    """Show the export jobs that a run would create, without creating any.

    With past jobs to compare with, also an estimate of the bytes, and of the nights that they take
    with the daily quota.
    """
    tap = make_tap(catalog=catalog, state=state)
    tasks = tap.sync_run.plan()
    note = retention_note(tasks, tap.sync_run.period.horizon)
    past_jobs = _past_job_reader(tap).read()
    console = stdout_console()
    if tasks:
        write(console, table_renderable(reports.plan_table(tasks), console), "")
    summary = reports.plan_summary(tasks, tap.rest_stream_names())
    write(console, *summary, *([note] if note else []))
    if estimate := reports.estimate_bytes(tasks, past_jobs):
        usage = reports.usage_today(past_jobs, tap.client.latest_response_time(), allocation)
        write(console, "", reports.forecast_text(estimate, usage))
