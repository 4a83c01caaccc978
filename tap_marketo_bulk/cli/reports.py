"""The past jobs of this API user, and what list, watch, quota and plan show of them.

Marketo shows each API user their own jobs only, those of the past seven days.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from tap_marketo_bulk.cli.console import ID_COLUMN, TableData, bar, table_renderable
from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.exports.quota import PastExports, estimate_size, quota_day
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES, PROCESSING_SLOTS, QUEUE_PLACES
from tap_marketo_bulk.plan.state_format import load_stream_state
from tap_marketo_bulk.texts import count, duration, megabytes, table_instant
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from rich.console import Console, RenderableType

    from tap_marketo_bulk.exports.quota import QuotaUsage, SizeEstimate
    from tap_marketo_bulk.marketo.exports import ExportJob, Exports
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.plan.windows import Window

    # The window of each job that a state knows, by the id of the job.
    Windows = Mapping[str, Window]

logger = logging.getLogger("tap-marketo-bulk")
LONG_AGO = datetime.min.replace(tzinfo=UTC)
LOWER_BOUND = (
    "This is a lower bound: Marketo shows each API user their own jobs only, and the exports of "
    "all users of the subscription count."
)
DEFAULT_ALLOCATION = (
    f"Marketo's default is {DAILY_EXPORT_MEGABYTES} MB a day, and subscriptions can buy more. The "
    "API does not return the allocation: pass yours with --allocation-mb."
)
_LIST_COLUMNS = (ID_COLUMN, "object", "status", "created (UTC)", "duration", "records", "size")
_WINDOW_COLUMNS = ("from (UTC)", "to (UTC)")
_NUMBER_COLUMNS = frozenset(("duration", "for", "records", "size"))
_ENDED_COLUMNS = ("ended (UTC)", "object", "status", "records", "size", ID_COLUMN, "error")
# How many of the jobs that have ended ``watch`` shows.
_ENDED_JOBS = 5
_BAR_CHARACTERS = 30
_QUEUED, _STARTED = attrgetter("job.queued"), attrgetter("job.started")
_DATE_FILTERS = ("createdAt", "updatedAt")
# More activity types than this are counted, not listed.
_LISTED_TYPES = 6


@dataclass(frozen=True)
class PastJob:
    """An export job of the past seven days, with the path of the object that it exports."""

    object_path: str
    job: ExportJob

    @property
    def status(self) -> JobStatus:
        """The status of the job."""
        return self.job.status

    def seconds_since_queued(self, now: datetime) -> float | None:
        """Return how long it has been, or was, in the queue and processed."""
        end = now if self.status.is_in_queue else self.job.finished
        return (end - self.job.queued).total_seconds() if self.job.queued and end else None


class PastJobReader:
    """Reads the jobs of the past seven days, with one call for each object and 300 jobs."""

    def __init__(self, exports: Exports, object_paths: Iterable[str]) -> None:
        self._exports = exports
        self._object_paths = list(object_paths)

    def read(self) -> list[PastJob]:
        """Return all jobs, the latest first. Raises as ``Client.get``.

        An object that the API user may not read is left out from then on, with a warning, unless
        no other object is left.
        """
        jobs: list[PastJob] = []
        for path in tuple(self._object_paths):
            try:
                jobs += [PastJob(path, job) for job in self._exports.list_jobs(path)]
            except AccessDeniedError as error:
                self._object_paths.remove(path)
                if not self._object_paths:
                    raise
                logger.warning("The export jobs of %s are not shown. %s", path, error)
        return sorted(jobs, key=lambda each: each.job.created or LONG_AGO, reverse=True)


def select_jobs(
    jobs: Sequence[PastJob], statuses: Collection[str], since: datetime | None
) -> list[PastJob]:
    """Return the jobs with one of these statuses, or any, that were created since an instant."""
    return [
        each
        for each in jobs
        if (not statuses or each.status in statuses)
        and (since is None or (each.job.created or LONG_AGO) >= since)
    ]


def past_exports(jobs: Iterable[PastJob]) -> PastExports:
    """Return the completed ones of the jobs."""
    exports = PastExports()
    for each in jobs:
        exports.add(each.object_path, each.job, each.job.finished)
    return exports


def usage_today(jobs: Iterable[PastJob], now: datetime, allocation: int | None) -> QuotaUsage:
    """Return the use of today's quota: ``allocation`` in megabytes, or None for the default."""
    return past_exports(jobs).usage_of_day(quota_day(now), allocation)


def estimate_bytes(tasks: Sequence[ExportTask], jobs: Iterable[PastJob]) -> SizeEstimate | None:
    """Return an estimate of the bytes that are not charged yet; None if there are none."""
    exports, paths = past_exports(jobs), {task.request.object_path for task in tasks}
    return estimate_size(tasks, {path: exports.sizes_by_id(path) for path in paths})


def windows_by_job(state: Mapping[str, Any], is_stream: Callable[[str], bool]) -> Windows:
    """Return the windows of the jobs that a state, checked by the tap, has of its streams."""
    return {
        export_id: window
        for stream, raw in state.get("bookmarks", {}).items()
        if is_stream(stream)
        for export_id, window in load_stream_state(stream, raw).job_windows.items()
    }


def job_table(jobs: Sequence[PastJob], now: datetime, windows: Windows | None) -> TableData:
    """Return the table of jobs; it has their windows unless ``windows`` is None."""
    columns = _LIST_COLUMNS if windows is None else (*_LIST_COLUMNS, *_WINDOW_COLUMNS)
    rows = tuple(
        (*_job_cells(each, now), *_window_cells(each, windows), each.job.error or "")
        for each in jobs
    )
    # Last, because an error can have any length.
    return TableData((*columns, "error"), rows, _NUMBER_COLUMNS)


def _job_cells(each: PastJob, now: datetime) -> tuple[str, ...]:
    return (
        each.job.export_id,
        each.object_path,
        str(each.status),
        _instant_cell(each.job.created),
        _duration_cell(each.seconds_since_queued(now)),
        *_file_cells(each.job),
    )


def _window_cells(each: PastJob, windows: Windows | None) -> tuple[str, ...]:
    if windows is None:
        return ()
    window = windows.get(each.job.export_id)
    return (table_instant(window.start), table_instant(window.end)) if window else ("", "")


def job_totals(jobs: Sequence[PastJob]) -> str:
    """Return the number of the jobs by status and the size of their files as text."""
    statuses = Counter(str(each.status) for each in jobs)
    counts = ", ".join(f"{number} {status}" for status, number in statuses.most_common())
    size = sum(each.job.size or 0 for each in jobs if each.status is JobStatus.COMPLETED)
    return f"{count(len(jobs), 'job')} in the past 7 days: {counts}; {megabytes(size)}."


def jobs_as_json(jobs: Sequence[PastJob], now: datetime, windows: Windows | None) -> str:
    """Return the jobs as a JSON array of objects."""
    return json.dumps([_json_entry(each, now, windows or {}) for each in jobs], indent=2)


def _json_entry(each: PastJob, now: datetime, windows: Windows) -> dict[str, Any]:
    job, window = each.job, windows.get(each.job.export_id)
    return {
        "id": job.export_id,
        "object": each.object_path,
        "status": str(job.status),
        "created": format_instant(job.created) if job.created else None,
        "duration_seconds": each.seconds_since_queued(now),
        "records": job.records,
        "bytes": job.size,
        "window": {"start": format_instant(window.start), "end": format_instant(window.end)}
        if window
        else None,
        "error": job.error,
    }


def queue_renderable(
    jobs: Sequence[PastJob], usage: QuotaUsage, now: datetime, console: Console
) -> RenderableType:
    """Return the queue, the bytes of today, and the jobs that ended last."""
    parts: list[RenderableType] = [
        Text(f"{table_instant(now)} UTC", "bold"),
        Text(queue_text(jobs, now)),
        "",
        table_renderable(queue_table(jobs, now), console),
        "",
        quota_renderable(usage, now, console),
    ]
    ended = ended_table(jobs)
    if ended.rows:
        parts += ["", table_renderable(ended, console)]
    return Group(*parts)


def queue_text(jobs: Sequence[PastJob], now: datetime) -> str:
    """Return the numbers of jobs in the queue as text."""
    statuses = Counter(each.status for each in jobs)
    processing, queued = statuses[JobStatus.PROCESSING], statuses[JobStatus.QUEUED]
    parts = [f"{processing} processing", f"{queued} queued"]
    waiting = _in_order(jobs, JobStatus.QUEUED, _QUEUED)
    if oldest := waiting[0].job.queued if waiting else None:
        parts.append(f"oldest {duration((now - oldest).total_seconds())}")
    if created := statuses[JobStatus.CREATED]:
        parts.append(f"{created} created and not enqueued")
    places = f"{processing + queued} of {QUEUE_PLACES} places"
    return f"{', '.join(parts)}; {places} are used by this API user."


def queue_table(jobs: Sequence[PastJob], now: datetime) -> TableData:
    """Return the table of slots and of the jobs that wait for one, the oldest of each first."""
    processing = _in_order(jobs, JobStatus.PROCESSING, _STARTED)
    queued = _in_order(jobs, JobStatus.QUEUED, _QUEUED)
    free = range(len(processing) + 1, PROCESSING_SLOTS + 1)
    rows = [
        *(
            (f"slot {number}", *_queue_cells(each, each.job.started, now))
            for number, each in enumerate(processing, start=1)
        ),
        *((f"slot {number}", "", "free", "", "") for number in free),
        *(
            (f"queue {number}", *_queue_cells(each, each.job.queued, now))
            for number, each in enumerate(queued, start=1)
        ),
    ]
    columns = ("place", "object", "status", "for", ID_COLUMN)
    return TableData(columns, tuple(rows), _NUMBER_COLUMNS)


def _queue_cells(each: PastJob, since: datetime | None, now: datetime) -> tuple[str, ...]:
    seconds = (now - since).total_seconds() if since else None
    return (each.object_path, str(each.status), _duration_cell(seconds), each.job.export_id)


def _in_order(
    jobs: Sequence[PastJob], status: JobStatus, instant: Callable[[PastJob], datetime | None]
) -> list[PastJob]:
    found = [each for each in jobs if each.status is status]
    return sorted(found, key=lambda each: instant(each) or LONG_AGO)


def ended_table(jobs: Sequence[PastJob]) -> TableData:
    """Return the table of the jobs that ended last, the latest first."""
    ended = [each for each in jobs if each.status.is_terminal]
    ended.sort(key=lambda each: _end(each.job) or LONG_AGO, reverse=True)
    rows = tuple(
        (
            _instant_cell(_end(each.job)),
            each.object_path,
            str(each.status),
            *_file_cells(each.job),
            each.job.export_id,
            each.job.error or "",
        )
        for each in ended[:_ENDED_JOBS]
    )
    return TableData(_ENDED_COLUMNS, rows, _NUMBER_COLUMNS)


def _end(job: ExportJob) -> datetime | None:
    # Marketo need not report when a job was cancelled.
    return job.finished or job.created


def _instant_cell(instant: datetime | None) -> str:
    return table_instant(instant) if instant else ""


def _duration_cell(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _file_cells(job: ExportJob) -> tuple[str, str]:
    """Return the records and the size of a job's file."""
    records = "" if job.records is None else f"{job.records:,}"
    return records, "" if job.size is None else megabytes(job.size)


def quota_renderable(usage: QuotaUsage, now: datetime, console: Console) -> RenderableType:
    """Return the bytes of today as text, and in a terminal as a bar."""
    used = (
        f"at least {megabytes(usage.used_bytes)} of {_allocation(usage)} ({usage.share:.1%}), by "
        f"{count(usage.exports, 'export')}."
    )
    remaining = duration((usage.reset - now).total_seconds())
    reset = f"in {remaining}, at {format_instant(usage.reset)} (00:00 US Central)."
    grid = Table.grid(padding=(0, 1))
    grid.add_row("Used today:", Text(used))
    if console.is_terminal:
        grid.add_row("", bar(usage.used_bytes, usage.allocation_bytes, _BAR_CHARACTERS))
    grid.add_row("Reset:", Text(reset))
    return grid


def _allocation(usage: QuotaUsage) -> str:
    return f"{usage.allocation_bytes // 1_000_000:,} MB"


def plan_table(tasks: Sequence[ExportTask]) -> TableData:
    """Return the table of the tasks, in the order of reading."""
    rows = tuple(_plan_row(task) for task in tasks)
    return TableData(("stream", "from (UTC)", "to (UTC)", "filter", "job"), rows)


def _plan_row(task: ExportTask) -> tuple[str, ...]:
    filters = dict(task.request.filter)
    dates = [name for name in _DATE_FILTERS if filters.pop(name, None)]
    window = (table_instant(task.window.start), table_instant(task.window.end))
    job = f"of an earlier run: {task.export_id}" if task.export_id else "new"
    return (task.stream, *(window if dates else ("", "")), _filter_text(task, dates, filters), job)


def _filter_text(task: ExportTask, dates: Sequence[str], others: dict[str, object]) -> str:
    """Return the filter of a request as text; the dates have columns of their own."""
    types = others.pop("activityTypeIds", None)
    parts = [f"{name} {value}" for name, value in others.items()]
    if isinstance(types, list):
        is_short = len(types) <= _LISTED_TYPES
        listed = f"types {', '.join(map(str, types))}" if is_short else f"{len(types)} types"
        parts.insert(0, listed)
    elif task.request.object_path == "activities":
        parts.insert(0, "all types")
    elif dates:
        parts.insert(0, f"by {dates[0]}")
    return ", ".join(parts)


def plan_summary(tasks: Sequence[ExportTask], rest_stream_names: Sequence[str]) -> list[str]:
    """Return the number of the tasks, and the selected streams without jobs, as lines."""
    lines = ["Nothing to export: every bookmark is at the horizon, or no stream is selected."]
    if tasks:
        by_stream = Counter(task.stream for task in tasks)
        counts = ", ".join(f"{number} for {stream}" for stream, number in by_stream.items())
        lines = [f"{count(len(tasks), 'job')}: {counts}."]
    if resumed := sum(1 for task in tasks if task.export_id):
        lines.append(f"{count(resumed, 'job')} of an earlier run will be resumed.")
    if rest_stream_names:
        verb = "is" if len(rest_stream_names) == 1 else "are"
        lines.append(f"{', '.join(rest_stream_names)} {verb} read with REST calls, without a job.")
    return lines


def forecast_text(estimate: SizeEstimate, usage: QuotaUsage) -> str:
    """Return the estimate, and the nights that the quota makes the jobs take."""
    if estimate.unknown_objects:
        return (
            "There is no estimate of the bytes: no export of "
            f"{' or '.join(estimate.unknown_objects)} was completed in the past 7 days. A first "
            "run with an early end_date shows the size of a window."
        )
    average, largest = megabytes(estimate.average_bytes), megabytes(estimate.largest_bytes)
    return (
        f"{_nights_text(estimate, usage)} By the {count(estimate.past_files, 'export')} of the "
        f"past 7 days, the estimate is {average}, or {largest} if every job is as large as the "
        "largest. Marketo does not return the dates that a past export covered, so the estimate "
        "is rough."
    )


def _nights_text(estimate: SizeEstimate, usage: QuotaUsage) -> str:
    if estimate.largest_bytes <= usage.remaining_bytes:
        left = megabytes(usage.remaining_bytes)
        return f"All jobs fit in today's quota: at most {left} of {_allocation(usage)} are left."
    nights, most_nights = (
        max(1, ceil(size / usage.allocation_bytes))
        for size in (estimate.average_bytes, estimate.largest_bytes)
    )
    most = f", at most {most_nights}" if most_nights > nights else ""
    return (
        f"About {count(nights, 'night')} left{most}, with one run a night and a quota of "
        f"{_allocation(usage)} a day."
    )
