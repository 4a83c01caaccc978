"""Time: the sandbox's clock, the text format of instants, and Marketo's day.

An instant is a whole number of epoch seconds (``int``) in the data and in files, and an aware
``datetime`` in UTC for export jobs, tokens and calls.
"""

import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

CENTRAL_TIME_ZONE = "America/Chicago"

# ISO 8601 with a time zone.
_REQUEST_FORMAT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)")


class SandboxClock:
    """A clock with a configurable start and speed; threads can share it.

    ``speed`` is sandbox seconds per real second. With 0, time moves only by :meth:`advance`.
    """

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        self._start = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self._speed = speed
        self._origin = time.monotonic()
        self._advanced_seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The current instant, aware and in UTC."""
        with self._lock:
            elapsed = (time.monotonic() - self._origin) * self._speed + self._advanced_seconds
        return self._start + timedelta(seconds=elapsed)

    def advance(self, seconds: float) -> None:
        """Move time forward by ``seconds``."""
        with self._lock:
            self._advanced_seconds += seconds


def to_datetime(instant: int) -> datetime:
    """The aware instant, in UTC, of epoch seconds."""
    return datetime.fromtimestamp(instant, UTC)


def format_epoch_seconds(instant: int) -> str:
    """Format epoch seconds as files and responses contain them: ``2022-02-13T14:06:20Z``."""
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_seconds_of(text: str, *, is_strict: bool = False) -> int:
    """Parse an instant of a request into whole epoch seconds.

    Raises:
        ValueError: ``text`` is not an ISO 8601 date-time with a time zone, or ``is_strict`` and it
            has a fraction of a second.
    """
    match = _REQUEST_FORMAT.fullmatch(text)
    if not match or (is_strict and match[1]):
        message = f"Invalid date-time '{text}'"
        raise ValueError(message)
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        # The texts of Python's errors differ between its versions.
        message = f"Invalid date-time '{text}'"
        raise ValueError(message) from error


@dataclass(frozen=True)
class TimeRange:
    """The range of a filter, from ``startAt`` to ``endAt``."""

    start: int
    end: int


ALL_TIME = TimeRange(0, 1 << 40)


class TimeZoneDataMissingError(Exception):
    """The machine has no time zone data."""


def central_midnight(now: datetime, *, time_zone: str = CENTRAL_TIME_ZONE) -> datetime:
    """The latest midnight before ``now`` in US Central time, as an instant in UTC.

    Marketo's quotas reset then.

    Raises:
        TimeZoneDataMissingError: The machine has no time zone data.
    """
    try:
        central = ZoneInfo(time_zone)
    except ZoneInfoNotFoundError:
        message = (
            f"This machine has no data for the time zone {time_zone}, in which Marketo's "
            "days begin. Install time zone data, for example with: pip install tzdata"
        )
        raise TimeZoneDataMissingError(message) from None
    local = now.astimezone(central)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
