"""When a record is created and changed, and which of its changes are visible at an instant.

All instants are epoch seconds.
"""

from dataclasses import dataclass

from tap_marketo_bulk.sandbox.data.random_values import random_bits

UNLIMITED_CHANGES = 1 << 40
_LATE_EVERY = 6


def visibility_delay(bits: int, late_seconds: int) -> int:
    """The seconds after which a change is visible: 0, or at most ``late_seconds`` for some."""
    if late_seconds and bits % _LATE_EVERY == 0:
        return 1 + (bits >> 8) % late_seconds
    return 0


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """When one record is created and changed.

    Change ``n`` is in period ``n`` after ``created_at``, each ``change_period`` seconds long; the
    last one is change ``max_changes``.
    """

    bits: int
    created_at: int
    change_period: int
    max_changes: int

    def instant_of_change(self, number: int) -> int:
        """The instant of change ``number``, from 1; 0 is the creation."""
        if not number:
            return self.created_at
        period_start = self.created_at + number * self.change_period
        return period_start + random_bits(self.bits, number) % (self.change_period // 2)

    def change_count_at(self, instant: int) -> int:
        """The number of changes up to ``instant``."""
        periods = max(0, instant - self.created_at) // self.change_period
        count = min(self.max_changes, periods)
        while count and self.instant_of_change(count) > instant:
            count -= 1
        return count

    def visible_change_at(self, instant: int, late_seconds: int) -> int | None:
        """The number of the latest change that is visible at ``instant``; None: no record yet.

        A change is visible at most ``late_seconds`` after it happens.
        """
        if instant < self.created_at:
            return None
        number = self.change_count_at(instant)
        while number >= 0:
            delay = visibility_delay(random_bits(self.bits, number, 2), late_seconds)
            if self.instant_of_change(number) + delay <= instant:
                return number
            number -= 1
        return None
