"""When a record is created and changed, and which of its changes are visible at an instant.

All instants are epoch seconds.
"""

from dataclasses import dataclass

from tap_marketo_bulk.sandbox.data.random_values import random_bits

UNLIMITED_CHANGES = 1 << 40
_LATE_EVERY = 6
_DAY = 86_400
# One record in eight changes three times a day without end, the others a few times and no more.
_ACTIVE_EVERY = 8
_ACTIVE_PERIOD = 8 * 3600
_REMOVED_EVERY = 10


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

    def is_removed_at(self, instant: int) -> bool:
        """Whether the record is removed at ``instant``, if the option ``removals`` is set."""
        is_kept = (self.bits >> 4) % _REMOVED_EVERY
        return not is_kept and self.created_at + (self.bits >> 8) % (100 * _DAY) <= instant


def object_history(bits: int, earliest: int, max_delay_days: int) -> RecordHistory:
    """The history of a record that is created within so many days after ``earliest``."""
    is_active = bits % _ACTIVE_EVERY == 0
    return RecordHistory(
        bits=bits,
        created_at=earliest + (bits >> 8) % (max_delay_days * _DAY),
        change_period=_ACTIVE_PERIOD if is_active else 3600 + (bits >> 20) % (30 * _DAY),
        max_changes=UNLIMITED_CHANGES if is_active else (bits >> 12) % 4,
    )
