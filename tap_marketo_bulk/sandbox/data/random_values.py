"""Deterministic pseudo-random bits and instants, and when a record is created and changed.

Every value of the data set is computed from the seed and from the position of the value (the index
of the lead, the field, the change), not from a sequence. It is therefore the same in whatever order
and however often it is computed. All instants are epoch seconds.
"""

import zlib
from dataclasses import dataclass
from datetime import date, datetime

_MASK = (1 << 64) - 1


def random_bits(*parts: int) -> int:
    """64 pseudo-random bits; the same ``parts`` always give the same bits."""
    # The multipliers are those of splitmix64.
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = ((state ^ part) * 0xBF58476D1CE4E5B9) & _MASK
        state ^= state >> 29
    state = (state * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 32)


def combine_bits(bits: int, number: int) -> int:
    """64 pseudo-random bits from 64 such bits and a number; faster than ``random_bits``."""
    state = ((bits ^ number) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 31)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 32)


def text_number(text: str) -> int:
    """A number for a text; other texts have other numbers."""
    return zlib.crc32(text.encode())


@dataclass(frozen=True)
class RandomInstants:
    """One pseudo-random instant for each index from 0, in ascending order, in epoch seconds.

    The first ``count`` instants are spread over the ``history_seconds`` before ``created_at``; the
    others follow it, one in every ``gap_seconds`` (0: there are no others).
    """

    seed: int
    created_at: int
    count: int
    history_seconds: int
    gap_seconds: int

    def instant(self, index: int) -> int:
        """The instant with this index."""
        slot_start = self._slot_start(index)
        return slot_start + random_bits(self.seed, index) % max(
            1, self._slot_start(index + 1) - slot_start
        )

    def max_count_before(self, instant: int) -> int:
        """An upper bound: no index from this one on has its instant before ``instant``."""
        if instant <= self.created_at:
            elapsed = max(0, instant - self.created_at + self.history_seconds)
            return -(-elapsed * self.count // self.history_seconds)
        if not self.gap_seconds:
            return self.count
        return self.count - (self.created_at - instant) // self.gap_seconds

    def _slot_start(self, index: int) -> int:
        if index < self.count:
            first_slot = self.created_at - self.history_seconds
            return first_slot + index * self.history_seconds // self.count
        return self.created_at + (index - self.count) * self.gap_seconds


Value = str | int | float | bool | date | datetime | None
"""The value of a column. A ``datetime`` is aware and in UTC; None is an empty value."""


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
