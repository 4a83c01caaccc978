"""Past jobs as values, for tests of what is made of them."""

from __future__ import annotations

from typing import Any

from tap_marketo_bulk.cli.reports import PastJob
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus

_DAY = "2026-01-15T"


def past_job(  # noqa: PLR0913 - the times of a job
    export_id: str = "x",
    *,
    path: str = "leads",
    status: JobStatus = JobStatus.COMPLETED,
    queued: str | None = None,
    started: str | None = None,
    finished: str | None = None,
    size: int | None = None,
    **described: Any,  # noqa: ANN401 - as ExportJob has them
) -> PastJob:
    """Return a job; its times are times of 2026-01-15 in UTC unless they have a date."""
    job = ExportJob(
        export_id,
        status,
        size=size,
        queued_at=_instant(queued),
        started_at=_instant(started),
        finished_at=_instant(finished),
        **described,
    )
    return PastJob(path, job)


def _instant(time: str | None) -> str | None:
    return time if time is None or "T" in time else f"{_DAY}{time}Z"
