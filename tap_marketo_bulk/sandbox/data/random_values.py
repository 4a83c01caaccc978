"""Deterministic pseudo-random bits and instants, and the type of values.

Every value of the data set is computed from the seed and from the position of the value (the index
of the lead, the field, the change), not from a sequence. It is therefore the same in whatever order
and however often it is computed.
"""

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
