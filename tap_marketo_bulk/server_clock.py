"""The local clock, compared with Marketo's by the ``Date`` header of a response.

A run reads up to the present less a lag. With a clock that is ahead of Marketo's by more than the
lag it would read up to an instant that has not come yet in Marketo, move the bookmark there, and
never see what changes until then. So a clock that is ahead is corrected. With a clock that is
behind, the newest records are left for the next run, and nothing is lost.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from threading import Condition

    from tap_marketo_bulk.clock import Clock

logger = logging.getLogger("tap-marketo-bulk")

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

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait for a notification, or this many seconds."""
        self._clock.wait(condition, seconds)


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
