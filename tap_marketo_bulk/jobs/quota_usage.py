"""The daily export quota: how much of it this API user's jobs have used today.

Marketo counts the bytes of completed files from 00:00 US Central on, those of all API users; the
job list has those of one, so what is counted here is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from tap_marketo_bulk.exports.quota import US_CENTRAL, next_reset
from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.jobs.past_jobs import PastJob

LOWER_BOUND = (
    "This is a lower bound: Marketo shows each API user their own jobs only, and the exports of "
    "all users of the subscription count."
)
DEFAULT_ALLOCATION = (
    f"Marketo's default is {DAILY_EXPORT_MEGABYTES} MB a day, and subscriptions can buy more. The "
    "API does not return the allocation: pass yours with --allocation-mb."
)


@dataclass(frozen=True)
class QuotaUsage:
    """What a day's jobs have used of the daily quota.

    Attributes:
        used_bytes: The bytes of the files.
        exports: The number of the files.
        allocation_bytes: The quota.
        reset: When the quota is reset next.
    """

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
        """What the quota has left at most."""
        return max(0, self.allocation_bytes - self.used_bytes)

    def text(self) -> str:
        """Return the usage as text."""
        return (
            f"at least {formatting.size(self.used_bytes)} of "
            f"{self.allocation_bytes // 1_000_000:,} MB ({self.share:.1%}), by "
            f"{formatting.count(self.exports, 'export')}"
        )

    def reset_text(self, now: datetime) -> str:
        """Return the time until the reset as text."""
        remaining = formatting.duration((self.reset - now).total_seconds())
        return f"in {remaining}, at {format_instant(self.reset)} (00:00 US Central)"


def usage_of_day(jobs: Sequence[PastJob], now: datetime, megabytes: int | None) -> QuotaUsage:
    """Return what the jobs that ended on the day of ``now`` have used.

    Args:
        jobs: The jobs of the past seven days.
        now: An instant of the day.
        megabytes: The subscription's daily allocation, None for Marketo's default.
    """
    day = quota_day(now)
    sizes = [
        each.charged_bytes
        for each in jobs
        if each.charged_bytes and each.finished_at and quota_day(each.finished_at) == day
    ]
    allocation = (megabytes or DAILY_EXPORT_MEGABYTES) * 1_000_000
    return QuotaUsage(sum(sizes), len(sizes), allocation, next_reset(now))


def quota_day(instant: datetime) -> date:
    """Return the day, in US Central time, whose quota an instant belongs to."""
    return instant.astimezone(US_CENTRAL).date()


def day_start(day: date) -> datetime:
    """Return the instant at which the quota of a day begins, in UTC."""
    return datetime.combine(day, time(), US_CENTRAL).astimezone(UTC)
