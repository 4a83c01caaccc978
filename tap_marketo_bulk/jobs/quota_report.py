"""quota: the bytes of the daily export quota that this API user's jobs used."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.quota import US_CENTRAL, next_reset
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.jobs.past_jobs import PastJob

_LOWER_BOUND = (
    "This is a lower bound: Marketo shows each API user their own jobs only, and the exports of "
    "all users of the subscription count."
)
_DEFAULT_ALLOCATION = (
    f"Marketo's default is {DAILY_EXPORT_MEGABYTES} MB a day, and subscriptions can buy more. The "
    "API does not return the allocation: pass yours with --allocation-mb."
)


def format_quota(jobs: Sequence[PastJob], now: datetime, megabytes: int | None) -> str:
    """Return the usage of today, the allocation, and the time until the reset as text.

    Args:
        jobs: The jobs of the past seven days.
        now: The present.
        megabytes: The subscription's daily allocation, None where the user does not know it.
    """
    midnight = _last_reset(now)
    today = [each for each in jobs if each.finished and each.finished >= midnight]
    used = sum(each.charged_bytes for each in today)
    allocation = megabytes or DAILY_EXPORT_MEGABYTES
    reset = next_reset(now)
    remaining = formatting.duration((reset - now).total_seconds())
    exports = formatting.count(sum(1 for each in today if each.charged_bytes), "export")
    notes = _LOWER_BOUND if megabytes else f"{_LOWER_BOUND} {_DEFAULT_ALLOCATION}"
    return (
        f"Used today: at least {formatting.size(used)} of {allocation:,} MB "
        f"({used / 1e6 / allocation:.1%}), by {exports}.\n"
        f"Reset: in {remaining}, at {format_instant(reset)} (00:00 US Central).\n\n"
        + formatting.paragraph(notes)
    )


def _last_reset(now: datetime) -> datetime:
    today = now.astimezone(US_CENTRAL).date()
    return datetime.combine(today, time(), US_CENTRAL).astimezone(UTC)
