"""plan: the export jobs that a run would create, without creating any."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.jobs.table_data import TableData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.plan.planner import ExportTask

_COLUMNS = ("stream", "from (UTC)", "to (UTC)", "filter", "job")
_DATE_FILTERS = ("createdAt", "updatedAt")
# More activity types than this are counted, not listed.
_LISTED_TYPES = 6


def plan_table(tasks: Sequence[ExportTask]) -> TableData:
    """Return the table of the tasks, in the order of reading."""
    return TableData(_COLUMNS, tuple(_row(task) for task in tasks))


def plan_summary(tasks: Sequence[ExportTask], rest_stream_names: Sequence[str]) -> list[str]:
    """Return the number of the tasks, and what is read without a job, as lines.

    Args:
        tasks: The tasks of a run in the order of reading.
        rest_stream_names: Selected streams that are read with REST calls.
    """
    counts = Counter(task.stream for task in tasks)
    resumed = sum(1 for task in tasks if task.export_id)
    lines = ["Nothing to export: every bookmark is at the horizon, or no stream is selected."]
    if tasks:
        by_stream = ", ".join(f"{number} for {stream}" for stream, number in counts.items())
        lines = [f"{formatting.count(len(tasks), 'job')}: {by_stream}."]
    if resumed:
        lines.append(f"{formatting.count(resumed, 'job')} of an earlier run will be resumed.")
    if rest_stream_names:
        verb = "is" if len(rest_stream_names) == 1 else "are"
        names = ", ".join(rest_stream_names)
        lines.append(f"{names} {verb} read with REST calls, without a job.")
    return lines


def _row(task: ExportTask) -> tuple[str, ...]:
    filters = dict(task.request.filter)
    dates = [name for name in _DATE_FILTERS if filters.pop(name, None)]
    window = (formatting.instant(task.window.start), formatting.instant(task.window.end))
    job = f"of an earlier run: {task.export_id}" if task.export_id else "new"
    return (task.stream, *(window if dates else ("", "")), _filter(task, dates, filters), job)


def _filter(task: ExportTask, dates: Sequence[str], others: dict[str, object]) -> str:
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
