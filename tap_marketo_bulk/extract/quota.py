"""Marketo's day: the daily export quota is reset at 00:00 US Central."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

US_CENTRAL = ZoneInfo("America/Chicago")
# A quota that is still used up this long after midnight is the one of the day before: Marketo's
# clock is behind ours, or the reset takes its time.
RESET_TOLERANCE = timedelta(minutes=30)
RESET_RETRY = timedelta(minutes=5)


def next_reset(now: datetime) -> datetime:
    """Return the instant of the next 00:00 US Central, in UTC; daylight saving time counts."""
    tomorrow = now.astimezone(US_CENTRAL).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), US_CENTRAL).astimezone(UTC)


def retry_after_quota(now: datetime) -> datetime:
    """Return the instant at which a used up quota is tried again: the next reset, as a rule."""
    reset = next_reset(now)
    return now + RESET_RETRY if next_reset(now - RESET_TOLERANCE) < reset else reset
