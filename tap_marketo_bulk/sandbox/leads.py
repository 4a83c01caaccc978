"""The leads of the world: when each came, changed and went, and what it held at any instant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from tap_marketo_bulk.sandbox import values
from tap_marketo_bulk.sandbox.chance import draw, mix
from tap_marketo_bulk.sandbox.fields import FRACTION_NAME, GROUPS, PADDING_NAME, LeadField
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.timeline import Timeline
from tap_marketo_bulk.sandbox.values import Value

_FIRST_ID = 1_000_003
_ID_STEP = 7
# One lead in ten changes three times a day for ever, the others a few times and then rest:
# 5,000 leads make a change a minute, and every month of the past has leads that rest since then.
_LIVELY_EVERY = 10
_LIVELY_PERIOD = 8 * 3600
_FOR_EVER = 1 << 40
_DAY = 86_400
_DELETED_EVERY = 100
_LATE_EVERY = 6
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

    def gone_at(self, instant: int) -> bool:
        """Whether the lead was deleted by ``instant``."""
        return self.deleted_at is not None and self.deleted_at <= instant

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
    options: Options

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

    def values(self, fields: Iterable[LeadField]) -> list[Value]:
        """What the columns of ``fields`` hold."""
        chances = [draw(self.life.chance, version) for version in self.versions]
        return [
            self._system(field)
            if field.is_system
            else self._drawn(field, mix(chances[field.group], field.salt))
            for field in fields
        ]

    def _system(self, field: LeadField) -> Value:
        if field.name == "id":
            return self.life.id
        instant = self.life.created_at if field.name == "createdAt" else self.updated_at
        return datetime.fromtimestamp(instant, UTC)

    def _drawn(self, field: LeadField, chance: int) -> Value:
        if field.is_formula:
            return None
        if field.name == PADDING_NAME and self.options.lead_padding_bytes:
            filling = "lorem ipsum "[chance % 12]
            return f"{chance:x} ".ljust(self.options.lead_padding_bytes, filling)
        if chance % 40 == 0:
            if self.options.fraction_in_integer and field.name == FRACTION_NAME:
                return chance % 100 + 0.5
            if self.options.empty_strings and field.data_type == "string":
                return ""
        return values.drawn(field.maker, chance)


class Leads:
    """All leads of one world."""

    def __init__(self, timeline: Timeline, options: Options) -> None:
        self._timeline = timeline
        self._options = options
        self._late_seconds = options.late_seconds
        self.life = lru_cache(maxsize=100_000)(self._life)

    def visible(self, at: int, indexes: Sequence[int] | None = None) -> Iterator[LeadState]:
        """The leads that exist at ``at``, in order of creation, of all or of ``indexes``."""
        for index in range(self._timeline.before(at + 1)) if indexes is None else indexes:
            life = self.life(index)
            if life.visible_at <= at and not life.gone_at(at):
                yield LeadState(life, self._versions(life, at), self._options)

    def created_between(self, start: int, end: int) -> range:
        """The indexes of which leads created from ``start`` to ``end`` are."""
        return range(max(0, self._timeline.before(start) - 1), self._timeline.before(end + 1))

    def deleted(self, at: int) -> list[Life]:
        """The leads that were deleted by ``at``, in order of deletion."""
        indexes = range(_DELETED_EVERY - 1, self._timeline.before(at + 1), _DELETED_EVERY)
        lives = [life for life in map(self.life, indexes) if life.gone_at(at)]
        return sorted(lives, key=lambda life: life.deleted_at or 0)

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
            deleted_at=created_at + 3600 + (chance >> 16) % (200 * _DAY) if deleted else None,
            period=_LIVELY_PERIOD if lively else 3600 + (chance >> 20) % (40 * _DAY),
            last_change=_FOR_EVER if lively else (chance >> 12) % 6,
        )

    def _lateness(self, chance: int) -> int:
        return (
            1 + (chance >> 8) % self._late_seconds
            if self._late_seconds and chance % _LATE_EVERY == 0
            else 0
        )

    def _versions(self, life: Life, at: int) -> tuple[int, ...]:
        count = life.changes_before(at)
        return tuple(self._version(life, group, count, at) for group in range(GROUPS))

    def _version(self, life: Life, group: int, count: int, at: int) -> int:
        number = count - (count - group) % GROUPS
        while number > 0:
            happened_at = life.change_at(number)
            # Only a recent change can still be invisible: spare the others the draw.
            if happened_at + self._late_seconds <= at:
                break
            if happened_at + self._lateness(draw(life.chance, number, 2)) <= at:
                break
            number -= GROUPS
        return max(0, number)
