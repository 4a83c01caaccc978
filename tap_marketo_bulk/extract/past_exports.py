"""The completed export jobs that a run knows of: those of Marketo's job list, and its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.quota import latest_reset
from tap_marketo_bulk.marketo.export_job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tap_marketo_bulk.marketo.export_job import ExportJob


class PastExports:
    """Collects jobs; safe to use from several threads.

    Marketo lists the jobs of the past seven days, and to each API user their own only: what
    other users have exported is not known.
    """

    def __init__(self) -> None:
        """Know no job, and make no call: the job list is read for another reason, or not."""
        self._lock = threading.Lock()
        self._sizes: dict[str, tuple[str, int, datetime | None]] = {}
        self._is_list_read = False

    def add_list(self, object_path: str, jobs: Iterable[ExportJob]) -> None:
        """Add the jobs of an object, as Marketo lists them."""
        self._is_list_read = True
        for job in jobs:
            self.add(object_path, job, job.finished)

    def add(self, object_path: str, job: ExportJob, finished: datetime | None) -> None:
        """Add a job if it is completed; one that is known already counts once."""
        if job.status is JobStatus.COMPLETED:
            with self._lock:
                self._sizes[job.export_id] = (object_path, job.size or 0, finished)

    def bytes_today(self, now: datetime) -> int | None:
        """Return the bytes exported since 00:00 US Central; None where the list was not read."""
        if not self._is_list_read:
            return None
        reset = latest_reset(now)
        with self._lock:
            return sum(
                size for _, size, finished in self._sizes.values() if finished and finished >= reset
            )

    def sizes_by_id(self, object_path: str) -> dict[str, int]:
        """Return the sizes of an object's files that are not empty, by job id."""
        with self._lock:
            return {
                export_id: size
                for export_id, (path, size, _) in self._sizes.items()
                if path == object_path and size
            }
