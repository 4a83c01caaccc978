"""list: the export jobs of the past seven days, as a table and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.jobs.past_jobs import LONG_AGO
from tap_marketo_bulk.jobs.table_data import ID_COLUMN, TableData
from tap_marketo_bulk.plan.state_format import load_stream_state
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.jobs.past_jobs import PastJob
    from tap_marketo_bulk.plan.windows import Window

    # The window of each job that a state knows, by the id of the job.
    Windows = Mapping[str, Window]

_COLUMNS = (ID_COLUMN, "object", "status", "created (UTC)", "duration", "records", "size")
_WINDOW_COLUMNS = ("from (UTC)", "to (UTC)")
_NUMBER_COLUMNS = frozenset(("duration", "records", "size"))


def windows_by_job(state: Mapping[str, Any], is_stream: Callable[[str], bool]) -> Windows:
    """Return the windows of the jobs that a state knows.

    Args:
        state: The state of an earlier run, checked by the tap.
        is_stream: Returns whether this tap has, or may have, a stream of a name.
    """
    return {
        export.export_id: export.window
        for stream, raw in state.get("bookmarks", {}).items()
        if is_stream(stream)
        for export in load_stream_state(stream, raw).exports
    }


def select_jobs(
    jobs: Sequence[PastJob], statuses: Collection[str], since: datetime | None
) -> list[PastJob]:
    """Return the jobs with one of these statuses that were created since an instant.

    Args:
        jobs: The jobs of the past seven days.
        statuses: None means all.
        since: None means the beginning.
    """
    return [
        each
        for each in jobs
        if (not statuses or each.job.status in statuses)
        and (since is None or (each.created_at or LONG_AGO) >= since)
    ]


def job_table(jobs: Sequence[PastJob], now: datetime, windows: Windows | None) -> TableData:
    """Return the table of jobs; it has their windows unless ``windows`` is None."""
    columns = _COLUMNS if windows is None else (*_COLUMNS, *_WINDOW_COLUMNS)
    rows = tuple(
        (*_cells(each, now), *_window_cells(each, windows), each.job.error or "") for each in jobs
    )
    # Last, because an error can have any length.
    return TableData((*columns, "error"), rows, _NUMBER_COLUMNS)


def totals(jobs: Sequence[PastJob]) -> str:
    """Return the number of the jobs by status and the size of their files as text."""
    statuses = Counter(str(each.job.status) for each in jobs)
    counts = ", ".join(f"{number} {status}" for status, number in statuses.most_common())
    size = formatting.size(sum(each.charged_bytes for each in jobs))
    return f"{formatting.count(len(jobs), 'job')} in the past 7 days: {counts}; {size}."


def jobs_as_json(jobs: Sequence[PastJob], now: datetime, windows: Windows | None) -> str:
    """Return the jobs as a JSON array of objects."""
    return json.dumps([_json_entry(each, now, windows or {}) for each in jobs], indent=2)


def _cells(each: PastJob, now: datetime) -> tuple[str, ...]:
    job = each.job
    return (
        job.export_id,
        each.object_path,
        str(job.status),
        formatting.instant(each.created_at),
        formatting.optional_duration(each.seconds_since_queued(now)),
        formatting.optional_number(job.records),
        "" if job.size is None else formatting.size(job.size),
    )


def _window_cells(each: PastJob, windows: Windows | None) -> tuple[str, ...]:
    if windows is None:
        return ()
    window = windows.get(each.job.export_id)
    return (
        (formatting.instant(window.start), formatting.instant(window.end)) if window else ("",) * 2
    )


def _json_entry(each: PastJob, now: datetime, windows: Windows) -> dict[str, Any]:
    created, window = each.created_at, windows.get(each.job.export_id)
    return {
        "id": each.job.export_id,
        "object": each.object_path,
        "status": str(each.job.status),
        "created": format_instant(created) if created else None,
        "duration_seconds": each.seconds_since_queued(now),
        "records": each.job.records,
        "bytes": each.job.size,
        "window": {"start": format_instant(window.start), "end": format_instant(window.end)}
        if window
        else None,
        "error": each.job.error,
    }
