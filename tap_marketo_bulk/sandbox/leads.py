"""The leads of the world: when each came, changed and went, and what it held at any instant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from tap_marketo_bulk.sandbox import values
from tap_marketo_bulk.sandbox.chance import draw
from tap_marketo_bulk.sandbox.fields import PADDING_NAME, LeadField
from tap_marketo_bulk.sandbox.timeline import Timeline
from tap_marketo_bulk.sandbox.values import Value

_FIRST_ID = 1_000_003
_ID_STEP = 7
# A change touches one of these groups of fields in turn: standard ones have even numbers.
_GROUPS = 6
# One lead in ten changes three times a day for ever, the others a few times and then rest:
# 5,000 leads make a change a minute, and every month of the past has leads that rest since then.
_LIVELY_EVERY = 10
_LIVELY_PERIOD = 8 * 3600
_FOR_EVER = 1 << 40
_DAY = 86_400
_DELETED_EVERY = 100
# The column `updatedAt` of one lead in so many is a second older than `createdAt` (seen).
_YOUNGER_EVERY = 40


@dataclass(frozen=True, slots=True)
class Life:
    """One lead's course. Change ``n`` happens in the ``n``-th ``period`` after ``created_at``."""

    index: int
    id: int
    chance: int
    created_at: int
    visible_at: int
    deleted_at: int | None
    period: int
    last_change: int

    def change_at(self, number: int) -> int:
        """When change ``number`` (from 1) happens; 0 is the creation."""
        if not number:
            return self.created_at
        begin = self.created_at + number * self.period
        return begin + draw(self.chance, number) % (self.period // 2)

    def changes_before(self, instant: int) -> int:
        """How many changes have happened by ``instant``."""
        count = min(self.last_change, max(0, instant - self.created_at) // self.period)
        while count and self.change_at(count) > instant:
            count -= 1
        return count


@dataclass(frozen=True, slots=True)
class LeadState:
    """One lead as it was visible at one instant.

    ``versions`` holds, for each group of fields, the change that last touched it.
    """

    life: Life
    versions: tuple[int, ...]
    padding_bytes: int

    @property
    def changed_at(self) -> int:
        """The latest change of any field: what the filter ``updatedAt`` looks at."""
        return self.life.change_at(max(self.versions))

    @property
    def updated_at(self) -> int:
        """The column ``updatedAt``, which only standard fields move."""
        latest = max(self.versions[::2])
        if not latest and self.life.index % _YOUNGER_EVERY == 0:
            return self.life.created_at - 1
        return self.life.change_at(latest)

    def value(self, field: LeadField) -> Value:
        """What the column of ``field`` holds."""
        name = field.name
        if name == "id":
            return self.life.id
        if name == "createdAt":
            return datetime.fromtimestamp(self.life.created_at, UTC)
        if name == "updatedAt":
            return datetime.fromtimestamp(self.updated_at, UTC)
        group = (field.id * 2 + (not field.standard)) % _GROUPS
        chance = draw(self.life.chance, field.salt, self.versions[group])
        if name == PADDING_NAME and self.padding_bytes:
            return f"{chance:x} ".ljust(self.padding_bytes, "lorem ipsum "[chance % 12])
        return values.drawn(field.data_type, chance)


class Leads:
    """All leads of one world."""

    def __init__(self, timeline: Timeline, *, late_seconds: int, padding_bytes: int) -> None:
        self._timeline = timeline
        self._late_seconds = late_seconds
        self._padding_bytes = padding_bytes
        self.life = lru_cache(maxsize=100_000)(self._life)

    def visible(self, at: int, indexes: Sequence[int] | None = None) -> Iterator[LeadState]:
        """The leads that exist at ``at``, in order of creation, of all or of ``indexes``."""
        for index in range(self._timeline.before(at + 1)) if indexes is None else indexes:
            life = self.life(index)
            deleted = life.deleted_at is not None and life.deleted_at <= at
            if life.visible_at <= at and not deleted:
                yield LeadState(life, self._versions(life, at), self._padding_bytes)

    def created_between(self, start: int, end: int) -> range:
        """The indexes of which leads created from ``start`` to ``end`` are."""
        return range(max(0, self._timeline.before(start) - 1), self._timeline.before(end + 1))

    def count_before(self, instant: int) -> int:
        """About how many leads were created before ``instant``; never one that was not."""
        return max(0, self._timeline.before(instant) - 1)

    def _life(self, index: int) -> Life:
        chance = draw(self._timeline.seed, index, 1)
        created_at = self._timeline.instant(index)
        lively = chance % _LIVELY_EVERY == 0
        deleted = index % _DELETED_EVERY == _DELETED_EVERY - 1
        return Life(
            index=index,
            id=_FIRST_ID + index * _ID_STEP + chance % _ID_STEP,
            chance=chance,
            created_at=created_at,
            visible_at=created_at + self._lateness(chance >> 8),
            deleted_at=created_at + (chance >> 16) % (200 * _DAY) if deleted else None,
            period=_LIVELY_PERIOD if lively else 3600 + (chance >> 20) % (40 * _DAY),
            last_change=_FOR_EVER if lively else (chance >> 12) % 6,
        )

    def _lateness(self, chance: int) -> int:
        return 1 + chance % self._late_seconds if self._late_seconds and chance % 20 == 0 else 0

    def _versions(self, life: Life, at: int) -> tuple[int, ...]:
        count = life.changes_before(at)
        return tuple(self._version(life, group, count, at) for group in range(_GROUPS))

    def _version(self, life: Life, group: int, count: int, at: int) -> int:
        number = count - (count - group) % _GROUPS
        while number > 0:
            happened_at = life.change_at(number)
            # Only a recent change can still be invisible: spare the others the draw.
            if happened_at + self._late_seconds <= at:
                break
            if happened_at + self._lateness(draw(life.chance, number, 2)) <= at:
                break
            number -= _GROUPS
        return max(0, number)
