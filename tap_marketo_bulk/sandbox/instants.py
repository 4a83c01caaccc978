"""Instants as whole epoch seconds, and the ways Marketo writes them."""

import re
from datetime import UTC, datetime

# ISO 8601 with a zone and without a fraction: the only form a filter accepts.
_ACCEPTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)")


def text(instant: int) -> str:
    """As bulk files and job results write it: ``2022-02-13T14:06:20Z``."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(written: str) -> int:
    """Read an instant of a request.

    Raises:
        ValueError: It is no ISO 8601 date-time with a zone, or it has a fraction of a second.
    """
    if not _ACCEPTED.fullmatch(written):
        message = f"Invalid date-time '{written}'"
        raise ValueError(message)
    return int(datetime.fromisoformat(written).timestamp())
