"""list: the jobs of the past seven days, as a table or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.jobs import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_marketo_bulk.jobs.history import PastJob

_HEADER = ("id", "object", "status", "created (UTC)", "duration", "records", "bytes")
_NUMBERS = frozenset({"duration", "records", "bytes"})


def as_table(jobs: Sequence[PastJob], now: datetime) -> str:
    """Return a table of the jobs, and what they come to."""
    if not jobs:
        return "No export jobs in the past 7 days."
    table = words.table(_HEADER, [_row(each, now) for each in jobs], _NUMBERS)
    states = Counter(str(each.job.status) for each in jobs)
    counts = ", ".join(f"{number} {status}" for status, number in states.most_common())
    total = words.size(sum(each.bytes for each in jobs))
    return f"{table}\n\n{words.count(len(jobs), 'job')} in the past 7 days: {counts}; {total}."


def _row(each: PastJob, now: datetime) -> tuple[str, ...]:
    job, seconds = each.job, each.seconds(now)
    return (
        job.export_id,
        each.object,
        str(job.status),
        words.instant(each.created),
        "" if seconds is None else words.duration(seconds),
        "" if job.records is None else f"{job.records:,}",
        "" if job.size is None else f"{job.size:,}",
    )


def as_json(jobs: Sequence[PastJob], now: datetime) -> str:
    """Return the jobs as a JSON array of objects."""
    return json.dumps([_entry(each, now) for each in jobs], indent=2)


def _entry(each: PastJob, now: datetime) -> dict[str, Any]:
    created = each.created
    return {
        "id": each.job.export_id,
        "object": each.object,
        "status": str(each.job.status),
        "created": format_instant(created) if created else None,
        "duration_seconds": each.seconds(now),
        "records": each.job.records,
        "bytes": each.job.size,
        "error": each.job.error,
    }
