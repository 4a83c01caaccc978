"""Marketo's day, which ends at midnight of US Central time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

CENTRAL_NAME = "America/Chicago"


class TimeZoneMissingError(Exception):
    """The machine has no time zone data."""


def central_midnight(now: datetime) -> datetime:
    """The last midnight of US Central time at ``now``, in UTC.

    Raises:
        TimeZoneMissingError: The machine has no time zone data.
    """
    try:
        central = ZoneInfo(CENTRAL_NAME)
    except ZoneInfoNotFoundError:
        message = (
            f"This machine does not know the time zone {CENTRAL_NAME}, in which Marketo counts "
            "its days. Install its time zone data, for example with: pip install tzdata"
        )
        raise TimeZoneMissingError(message) from None
    local = now.astimezone(central)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
