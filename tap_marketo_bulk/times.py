"""Time: the clock as a parameter, instants as text, and the local clock compared with Marketo's."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger("tap-marketo-bulk")


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


class Clock(Protocol):
    """The present, and ways to wait."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never decrease, to measure waits with."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never decrease."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds of real time."""
        time.sleep(seconds)


class StepTakingClock:
    """A clock during whose waits something else is done, the steps of export jobs for example.

    Attributes:
        work_for: Works for some seconds, or waits; None while there is nothing to do.
    """

    def __init__(self, clock: Clock, work_for: Callable[[float], None] | None = None) -> None:
        self._clock = clock
        self.work_for = work_for

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds that never decrease."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let some seconds pass."""
        (self.work_for or self._clock.sleep)(seconds)


# Smaller differences are usual: they are corrected without a warning.
TOLERANCE = timedelta(seconds=5)
# No data is lost with a clock that is behind, so only a large difference is reported.
FAR_BEHIND = timedelta(minutes=5)
# A Date header has no fraction of a second.
_DATE_PRECISION = timedelta(seconds=1)


@dataclass(frozen=True)
class ClockReading:
    """Marketo's clock, between two instants of the local one.

    Attributes:
        sent: The local time before the request was sent.
        date: Marketo's time when it responded, in whole seconds.
        received: The local time after the response's headers had arrived.
    """

    sent: datetime
    date: datetime
    received: datetime

    @property
    def local_is_ahead(self) -> bool:
        """Whether the local clock is ahead, however long request and response took."""
        return self.sent - self.date > _DATE_PRECISION

    @property
    def local_is_far_behind(self) -> bool:
        """Whether the local clock is far behind, however long request and response took."""
        return self.date - self.received > FAR_BEHIND

    @property
    def local_lead(self) -> timedelta:
        """What to subtract from the local time, so that it is never ahead of Marketo's."""
        return self.received - self.date if self.local_is_ahead else timedelta()


class CorrectedClock:
    """A clock whose present is earlier than another's by a correction."""

    def __init__(self, clock: Clock, correction: timedelta) -> None:
        """Take the other clock, which also does the waiting."""
        self._clock = clock
        self._correction = correction

    def now(self) -> datetime:
        """Return the corrected present, in UTC."""
        return self._clock.now() - self._correction

    def monotonic(self) -> float:
        """Return seconds that never decrease."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds."""
        self._clock.sleep(seconds)


def parse_date_header(text: str | None) -> datetime | None:
    """Return the instant of a ``Date`` header in UTC; None where it is missing or invalid."""
    with suppress(ValueError, OverflowError):
        instant = parsedate_to_datetime(text or "")
        # The zone "-0000" gives a date without a time zone, which is in UTC.
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    return None


def corrected_clock(clock: Clock, reading: ClockReading | None) -> Clock:
    """Return a clock that is not ahead of Marketo's, and warn of a difference that matters.

    Args:
        clock: The local clock.
        reading: None where no response had a ``Date`` header: then the local clock is trusted.
    """
    if reading is None or not (reading.local_is_ahead or reading.local_is_far_behind):
        return clock
    local, marketo = format_instant(reading.received), format_instant(reading.date)
    if reading.local_is_far_behind:
        logger.warning(
            "The clock of this machine shows %s, but Marketo's shows %s. No data is lost: the next "
            "run reads what this one leaves; correct the clock of this machine.",
            local,
            marketo,
        )
        return clock
    level = logging.WARNING if reading.local_lead > TOLERANCE else logging.DEBUG
    logger.log(
        level,
        "The clock of this machine shows %s, but Marketo's shows %s. No data is lost: this run "
        "goes by Marketo's clock; correct the clock of this machine.",
        local,
        marketo,
    )
    return CorrectedClock(clock, reading.local_lead)
