"""Marketo's day: quotas are reset at 00:00 US Central."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

US_CENTRAL = ZoneInfo("America/Chicago")


def next_reset(now: datetime) -> datetime:
    """Return the instant of the next 00:00 US Central, in UTC; daylight saving time counts."""
    tomorrow = now.astimezone(US_CENTRAL).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), US_CENTRAL).astimezone(UTC)
