"""Instants as text: ISO 8601 in, ``2026-01-31T00:00:00Z`` out."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_instant(text: str) -> datetime:
    """Return the instant that an ISO 8601 date-time names, UTC where it names no zone.

    Raises:
        ValueError: The text is no date-time.
        TypeError: It is no text.
    """
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def format_instant(instant: datetime) -> str:
    """Return an instant as Marketo and the bookmarks write it: ``2026-01-31T00:00:00Z``."""
    # strftime does not pad years before 1000 on every platform.
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
