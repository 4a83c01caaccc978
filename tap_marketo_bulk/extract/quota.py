"""Marketo's day: the daily export quota is reset at 00:00 US Central."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tap_marketo_bulk.extract.quantities import megabytes
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES

US_CENTRAL = ZoneInfo("America/Chicago")
# A quota that is still used up this long after midnight is the one of the day before: Marketo's
# clock is behind ours, or the reset takes its time.
RESET_TOLERANCE = timedelta(minutes=30)
RESET_RETRY = timedelta(minutes=5)


def latest_reset(now: datetime) -> datetime:
    """Return the instant of the latest 00:00 US Central, in UTC."""
    today = now.astimezone(US_CENTRAL).date()
    return datetime.combine(today, time(), US_CENTRAL).astimezone(UTC)


def next_reset(now: datetime) -> datetime:
    """Return the instant of the next 00:00 US Central, in UTC; daylight saving time counts."""
    tomorrow = now.astimezone(US_CENTRAL).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), US_CENTRAL).astimezone(UTC)


def usage_text(size: int) -> str:
    """Return what was exported today, of the quota that Marketo has by default.

    A subscription that has exported more than that has bought more: how much is not known.
    """
    if size > DAILY_EXPORT_MEGABYTES * 1_000_000:
        return f"{megabytes(size)} exported today"
    return f"{megabytes(size)} of today's {DAILY_EXPORT_MEGABYTES} MB"


def retry_after_quota(now: datetime) -> datetime:
    """Return the instant at which a used up quota is tried again: the next reset, as a rule."""
    reset = next_reset(now)
    return now + RESET_RETRY if next_reset(now - RESET_TOLERANCE) < reset else reset
