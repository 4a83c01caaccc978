"""The daily export quota: its days, its use by the jobs that are known, and estimates of new jobs.

Marketo counts the bytes of completed files from 00:00 US Central on, those of all API users. It
lists the jobs of the past seven days, and to each API user their own only: a sum over them is a
lower bound.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES
from tap_marketo_bulk.texts import megabytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_marketo_bulk.marketo.exports import ExportJob
    from tap_marketo_bulk.plan.planner import ExportTask

US_CENTRAL = ZoneInfo("America/Chicago")
# A quota that is still used up this long after midnight is the one of the day before: Marketo's
# clock is behind ours, or the reset takes its time.
RESET_TOLERANCE = timedelta(minutes=30)
RESET_RETRY = timedelta(minutes=5)


def quota_day(instant: datetime) -> date:
    """Return the day, in US Central time, whose quota an instant belongs to."""
    return instant.astimezone(US_CENTRAL).date()


def day_start(day: date) -> datetime:
    """Return the instant at which the quota of a day begins, in UTC."""
    return datetime.combine(day, time(), US_CENTRAL).astimezone(UTC)


def next_reset(now: datetime) -> datetime:
    """Return the instant of the next 00:00 US Central, in UTC."""
    return day_start(quota_day(now) + timedelta(days=1))


def retry_after_quota(now: datetime) -> datetime:
    """Return the instant at which a used up quota is tried again: the next reset, as a rule."""
    reset = next_reset(now)
    return now + RESET_RETRY if next_reset(now - RESET_TOLERANCE) < reset else reset


def usage_text(size: int) -> str:
    """Return what was exported today, of the quota that Marketo has by default.

    A subscription that has exported more than that has bought more: how much is not known.
    """
    if size > DAILY_EXPORT_MEGABYTES * 1_000_000:
        return f"{megabytes(size)} exported today"
    return f"{megabytes(size)} of today's {DAILY_EXPORT_MEGABYTES} MB"


@dataclass(frozen=True)
class QuotaUsage:
    """The used part of a day's quota: the bytes and the number of files, and the next reset."""

    used_bytes: int
    exports: int
    allocation_bytes: int
    reset: datetime

    @property
    def share(self) -> float:
        """The used part of the quota; 1 is all of it."""
        return self.used_bytes / self.allocation_bytes

    @property
    def remaining_bytes(self) -> int:
        """The bytes that are left at most."""
        return max(0, self.allocation_bytes - self.used_bytes)


class PastExports:
    """The completed jobs that are known."""

    def __init__(self) -> None:
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
            self._sizes[job.export_id] = (object_path, job.size or 0, finished)

    def bytes_today(self, now: datetime) -> int | None:
        """Return the bytes exported since 00:00 US Central; None if the list was not read."""
        return self.usage_of_day(quota_day(now)).used_bytes if self._is_list_read else None

    def usage_of_day(self, day: date, allocation_megabytes: int | None = None) -> QuotaUsage:
        """Return the used part of the quota of a day in US Central time.

        Without ``allocation_megabytes`` the quota is Marketo's default.
        """
        sizes = [
            size
            for _, size, finished in self._sizes.values()
            if size and finished and quota_day(finished) == day
        ]
        allocation = (allocation_megabytes or DAILY_EXPORT_MEGABYTES) * 1_000_000
        return QuotaUsage(sum(sizes), len(sizes), allocation, day_start(day + timedelta(days=1)))

    def sizes_by_id(self, object_path: str) -> dict[str, int]:
        """Return the sizes of an object's files that are not empty, by job id."""
        return {
            export_id: size
            for export_id, (path, size, _) in self._sizes.items()
            if path == object_path and size
        }


@dataclass(frozen=True)
class SizeEstimate:
    """The bytes of tasks if their files are like those of the past days.

    Attributes:
        average_bytes: If each file is as large as the average of its object.
        largest_bytes: If each file is as large as the largest of its object.
        past_files: The number of files that this is taken from.
        unknown_objects: The objects of which there is no past file, and so no estimate.
    """

    average_bytes: float
    largest_bytes: float
    past_files: int
    unknown_objects: tuple[str, ...] = ()


def estimate_size(
    tasks: Sequence[ExportTask], past_sizes: Mapping[str, Mapping[str, int]]
) -> SizeEstimate | None:
    """Return how many bytes the tasks will use; None if none of them uses any.

    Args:
        tasks: The tasks of a run. One whose job is completed already uses no more bytes.
        past_sizes: Object path -> job id -> bytes of its file.
    """
    paid = {export_id for sizes in past_sizes.values() for export_id in sizes}
    unpaid = Counter(task.request.object_path for task in tasks if task.export_id not in paid)
    if not unpaid:
        return None
    sizes = {path: list(past_sizes.get(path, {}).values()) for path in unpaid}
    known = {path: each for path, each in sizes.items() if each}
    return SizeEstimate(
        average_bytes=sum(unpaid[path] * sum(each) / len(each) for path, each in known.items()),
        largest_bytes=sum(unpaid[path] * max(each) for path, each in known.items()),
        past_files=sum(map(len, known.values())),
        unknown_objects=tuple(path for path in sizes if path not in known),
    )
