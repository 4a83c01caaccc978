"""The export jobs of the past seven days; Marketo shows each API user their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_marketo_bulk.instants import parse_instant
from tap_marketo_bulk.marketo.export_job import JobStatus

if TYPE_CHECKING:
    from tap_marketo_bulk.marketo.export_job import ExportJob
    from tap_marketo_bulk.marketo.exports import Exports

# What the tap exports.
OBJECTS = ("leads", "activities")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class PastJob:
    """A job and what it exports."""

    object: str
    job: ExportJob

    @property
    def created(self) -> datetime | None:
        """When it was made."""
        return _instant(self.job.created_at)

    @property
    def finished(self) -> datetime | None:
        """When it ended, if it has."""
        return _instant(self.job.finished_at)

    @property
    def bytes(self) -> int:
        """What it takes of the quota: the size of its file."""
        return (self.job.size or 0) if self.job.status is JobStatus.COMPLETED else 0

    def seconds(self, now: datetime) -> float | None:
        """Return how long it has been, or was, in the queue and being processed."""
        queued = _instant(self.job.queued_at)
        until = now if self.job.status.is_in_queue else self.finished
        return (until - queued).total_seconds() if queued and until else None


def past_jobs(exports: Exports) -> list[PastJob]:
    """Return all jobs, the latest first. Raises as ``Client.get``."""
    jobs = [PastJob(kind, job) for kind in OBJECTS for job in exports.list_jobs(kind)]
    return sorted(jobs, key=lambda each: each.created or _LONG_AGO, reverse=True)


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text or "")
    except ValueError:
        return None
