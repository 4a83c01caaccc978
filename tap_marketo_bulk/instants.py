"""Instants as text: ISO 8601 in, ``2026-01-31T00:00:00Z`` out."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_instant(text: str) -> datetime:
    """Return the instant, in UTC, of an ISO 8601 date-time; one without a time zone is in UTC.

    Raises:
        ValueError: ``text`` is not a date-time of the years 1 to 9999 in UTC.
        TypeError: ``text`` is not a string.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is, in UTC, not in the years 1 to 9999") from None


def format_instant(instant: datetime) -> str:
    """Return an instant in the format of Marketo and of bookmarks: ``2026-01-31T00:00:00Z``."""
    # Not strftime, which does not pad years before 1000 on every platform.
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
