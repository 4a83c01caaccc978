"""plan: the export jobs that a run would create, without creating any."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.jobs.past_jobs import PastJob

_HEADER = ("stream", "from (UTC)", "to (UTC)", "filter", "job")
_DATE_FILTERS = ("createdAt", "updatedAt")
# More activity types than this are counted, not listed.
_LISTED_TYPES = 6


def format_plan(
    tasks: Sequence[ExportTask],
    streams_without_jobs: Sequence[str],
    jobs: Sequence[PastJob],
    megabytes: int | None,
) -> str:
    """Return a table of the tasks, their number, and an estimate of their size.

    Args:
        tasks: The tasks of a run in the order of reading.
        streams_without_jobs: Selected streams that are read with REST calls.
        jobs: The jobs of the past seven days.
        megabytes: The subscription's daily allocation, None where the user does not know it.
    """
    parts = []
    if tasks:
        parts.append(formatting.table(_HEADER, [_table_row(task) for task in tasks], ()))
    parts.append(_summary(tasks, streams_without_jobs))
    unpaid = _unpaid_tasks(tasks, jobs)
    if unpaid:
        estimate = _estimate(unpaid, jobs, megabytes or DAILY_EXPORT_MEGABYTES)
        parts.append(formatting.paragraph(estimate))
    return "\n\n".join(parts)


def _table_row(task: ExportTask) -> tuple[str, ...]:
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


def _summary(tasks: Sequence[ExportTask], streams_without_jobs: Sequence[str]) -> str:
    counts = Counter(task.stream for task in tasks)
    resumed = sum(1 for task in tasks if task.export_id)
    lines = ["Nothing to export: every bookmark is at the horizon, or no stream is selected."]
    if tasks:
        by_stream = ", ".join(f"{number} for {stream}" for stream, number in counts.items())
        lines = [f"{formatting.count(len(tasks), 'job')}: {by_stream}."]
    if resumed:
        lines.append(f"{formatting.count(resumed, 'job')} of an earlier run will be resumed.")
    if streams_without_jobs:
        verb = "is" if len(streams_without_jobs) == 1 else "are"
        names = ", ".join(streams_without_jobs)
        lines.append(f"{names} {verb} read with REST calls, without a job.")
    return "\n".join(lines)


def _unpaid_tasks(tasks: Sequence[ExportTask], jobs: Sequence[PastJob]) -> Counter[str]:
    """Count the tasks whose bytes are not charged yet, by object."""
    paid = {each.job.export_id for each in jobs if each.charged_bytes}
    return Counter(task.request.object_path for task in tasks if task.export_id not in paid)


def _estimate(unpaid: Counter[str], jobs: Sequence[PastJob], megabytes: int) -> str:
    """Return how many bytes the jobs take if they are like those of the past, as text."""
    charged = [each for each in jobs if each.charged_bytes]
    sizes = {
        path: [each.charged_bytes for each in charged if each.object_path == path]
        for path in unpaid
    }
    unknown = [path for path, past in sizes.items() if not past]
    if unknown:
        return (
            f"There is no estimate of the bytes: no export of {' or '.join(unknown)} was completed "
            "in the past 7 days. A first run with an early end_date shows the size of a window."
        )
    average = sum(number * sum(sizes[path]) / len(sizes[path]) for path, number in unpaid.items())
    largest = sum(number * max(sizes[path]) for path, number in unpaid.items())
    past = formatting.count(sum(map(len, sizes.values())), "export")
    days = _days(average / 1e6 / megabytes, largest / 1e6 / megabytes)
    return (
        f"By the {past} of the past 7 days, the estimate is {formatting.size(average)}, or "
        f"{formatting.size(largest)} if every job is as large as the largest: {days} with a quota "
        f"of {megabytes:,} MB a day. Marketo does not return the dates that a past export covered, "
        "so the estimate is rough."
    )


def _days(least: float, most: float) -> str:
    low, high = max(1, ceil(least)), max(1, ceil(most))
    return formatting.count(low, "day") if low == high else f"{low} to {high} days"
