"""The export jobs of the past seven days, of every object that the tap exports.

Marketo shows each API user their own jobs only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.times import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.marketo.exports import ExportJob, Exports

logger = logging.getLogger("tap-marketo-bulk")

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class PastJob:
    """An export job of the past seven days, with the path of the object that it exports."""

    object_path: str
    job: ExportJob

    @property
    def created_at(self) -> datetime | None:
        """When it was created."""
        return _instant(self.job.created_at)

    @property
    def queued_at(self) -> datetime | None:
        """When it was enqueued, None while it has not been."""
        return _instant(self.job.queued_at)

    @property
    def started_at(self) -> datetime | None:
        """When Marketo began to process it, None while it has not."""
        return _instant(self.job.started_at)

    @property
    def finished_at(self) -> datetime | None:
        """When it ended, None while it has not."""
        return _instant(self.job.finished_at)

    @property
    def charged_bytes(self) -> int:
        """The bytes that it took of the daily quota: the size of its file."""
        return (self.job.size or 0) if self.job.status is JobStatus.COMPLETED else 0

    def seconds_since_queued(self, now: datetime) -> float | None:
        """Return how long it has been, or was, in the queue and processed."""
        end = now if self.job.status.is_in_queue else self.finished_at
        return (end - self.queued_at).total_seconds() if self.queued_at and end else None


class PastJobReader:
    """Reads the jobs of the past seven days, with one call for each object and 300 jobs."""

    def __init__(self, exports: Exports, object_paths: Iterable[str]) -> None:
        """Make no call yet.

        Args:
            exports: Marketo's export jobs.
            object_paths: The objects whose jobs are read.
        """
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
        return sorted(jobs, key=lambda each: each.created_at or LONG_AGO, reverse=True)


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text or "")
    except ValueError:
        return None
