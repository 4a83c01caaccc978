"""The leads: when each is created, changed and deleted, and its values at any instant.

All instants are epoch seconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tap_marketo_bulk.sandbox.clock import to_datetime
from tap_marketo_bulk.sandbox.data.assets import EMPTY_LIST_IDS
from tap_marketo_bulk.sandbox.data.fields import (
    CHANGE_GROUP_COUNT,
    FRACTION_FIELD_NAME,
    PADDED_FIELD_NAME,
    LeadField,
)
from tap_marketo_bulk.sandbox.data.random_values import (
    UNLIMITED_CHANGES,
    RandomInstants,
    RecordHistory,
    Value,
    combine_bits,
    random_bits,
    visibility_delay,
)
from tap_marketo_bulk.sandbox.data.value_source import RecordContext, ValueSource
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options

_FIRST_ID = 1_000_003
_ID_STEP = 7
# One lead in ten changes three times a day without end, the others a few times and then no more:
# 5,000 leads have a change a minute, and every past month has leads with their last change in it.
_ACTIVE_EVERY = 10
_ACTIVE_PERIOD = 8 * 3600
_DAY = 86_400
_DELETED_EVERY = 100
# The column `updatedAt` of one lead in so many is a second older than `createdAt` (seen).
_UPDATED_BEFORE_CREATED_EVERY = 40


@dataclass(frozen=True, slots=True)
class LeadHistory(RecordHistory):
    """When one lead is created, changed and deleted."""

    index: int
    id: int
    visible_at: int
    deleted_at: int | None

    def is_deleted_at(self, instant: int) -> bool:
        """Whether the lead is deleted at ``instant``."""
        return self.deleted_at is not None and self.deleted_at <= instant

    def is_list_member(self, list_id: int, at: int) -> bool:
        """Whether the lead is a member of the list at ``at``. Memberships begin and end."""
        bits = random_bits(self.bits, list_id)
        if bits % 4 or list_id in EMPTY_LIST_IDS:
            return False
        added_at = self.created_at + (bits >> 8) % (30 * _DAY)
        removed_at = added_at + (bits >> 16) % (300 * _DAY)
        return added_at <= at < removed_at


@dataclass(frozen=True, slots=True)
class LeadSnapshot:
    """One lead as it is visible at one instant.

    ``latest_changes`` has, for each change group, the number of the latest change of its fields.
    """

    lead: LeadHistory
    latest_changes: tuple[int, ...]
    options: Options
    source: ValueSource

    @property
    def key(self) -> int:
        """The id."""
        return self.lead.id

    @property
    def changed_at(self) -> int:
        """The latest change of any field, which the filter ``updatedAt`` compares."""
        return self.lead.instant_of_change(max(self.latest_changes))

    @property
    def updated_at(self) -> int:
        """The column ``updatedAt``: the latest change of a standard field."""
        latest = max(self.latest_changes[::2])
        is_exception = EdgeCase.UPDATED_BEFORE_CREATED in self.source.edge_cases
        if is_exception and not latest and self.lead.index % _UPDATED_BEFORE_CREATED_EVERY == 0:
            return self.lead.created_at - 1
        return self.lead.instant_of_change(latest)

    def values(self, fields: Iterable[LeadField]) -> list[Value]:
        """The values of ``fields``, in their order."""
        history = self.lead
        group_bits = [random_bits(history.bits, change) for change in self.latest_changes]
        record = RecordContext(history.bits, history.bits, history.created_at, self.changed_at)
        return [
            self._system_value(field)
            if field.is_system
            else self._random_value(
                field, combine_bits(group_bits[field.change_group], field.name_checksum), record
            )
            for field in fields
        ]

    def _system_value(self, field: LeadField) -> Value:
        if field.name == "id":
            return self.lead.id
        instant = self.lead.created_at if field.name == "createdAt" else self.updated_at
        return to_datetime(instant)

    def _random_value(self, field: LeadField, bits: int, record: RecordContext) -> Value:
        if field.is_formula:
            return None
        if field.name == PADDED_FIELD_NAME and self.options.lead_padding_bytes:
            character = "lorem ipsum "[bits % 12]
            return f"{bits:x} ".ljust(self.options.lead_padding_bytes, character)
        has_fractions = self.options.fraction_in_integer and field.name == FRACTION_FIELD_NAME
        if has_fractions and bits % 40 == 0:
            return bits % 100 + 0.5
        return self.source.value(field, bits, record)


class LeadGenerator:
    """Computes the leads of a data set from the seed; their indexes are in creation order."""

    def __init__(
        self, created_instants: RandomInstants, options: Options, source: ValueSource
    ) -> None:
        self._created_instants = created_instants
        self._options = options
        self._source = source
        self._late_seconds = options.late_seconds
        self.history = lru_cache(maxsize=100_000)(self._history)

    def visible_histories(
        self, at: int, indexes: Sequence[int] | None = None
    ) -> Iterator[LeadHistory]:
        """The leads with these ``indexes`` (None: all) that exist at ``at``, in creation order."""
        if indexes is None:
            indexes = range(self._created_instants.max_count_before(at + 1))
        for index in indexes:
            history = self.history(index)
            if history.visible_at <= at and not history.is_deleted_at(at):
                yield history

    def snapshot(self, history: LeadHistory, at: int) -> LeadSnapshot:
        """The lead as it is visible at ``at``."""
        count = history.change_count_at(at)
        groups = range(CHANGE_GROUP_COUNT)
        changes = tuple(self._latest_visible_change(history, one, count, at) for one in groups)
        return LeadSnapshot(history, changes, self._options, self._source)

    def indexes_created_between(self, start: int, end: int) -> range:
        """Indexes that include every lead created from ``start`` to ``end``, and few others."""
        first = max(0, self._created_instants.max_count_before(start) - 1)
        return range(first, self._created_instants.max_count_before(end + 1))

    def deleted_leads(self, at: int) -> list[LeadHistory]:
        """The leads that are deleted at ``at``, in deletion order."""
        end = self._created_instants.max_count_before(at + 1)
        histories = map(self.history, range(_DELETED_EVERY - 1, end, _DELETED_EVERY))
        deleted = [history for history in histories if history.is_deleted_at(at)]
        return sorted(deleted, key=lambda history: history.deleted_at or 0)

    def min_count_before(self, instant: int) -> int:
        """A lower bound: every lead with an index below it is created before ``instant``."""
        return max(0, self._created_instants.max_count_before(instant) - 1)

    def _history(self, index: int) -> LeadHistory:
        bits = random_bits(self._created_instants.seed, index, 1)
        created_at = self._created_instants.instant(index)
        is_active = bits % _ACTIVE_EVERY == 0
        is_deleted = index % _DELETED_EVERY == _DELETED_EVERY - 1
        return LeadHistory(
            index=index,
            id=_FIRST_ID + index * _ID_STEP + bits % _ID_STEP,
            bits=bits,
            created_at=created_at,
            visible_at=created_at + visibility_delay(bits >> 8, self._late_seconds),
            deleted_at=created_at + 3600 + (bits >> 16) % (200 * _DAY) if is_deleted else None,
            change_period=_ACTIVE_PERIOD if is_active else 3600 + (bits >> 20) % (40 * _DAY),
            max_changes=UNLIMITED_CHANGES if is_active else (bits >> 12) % 6,
        )

    def _latest_visible_change(self, history: LeadHistory, group: int, count: int, at: int) -> int:
        number = count - (count - group) % CHANGE_GROUP_COUNT
        while number > 0:
            changed_at = history.instant_of_change(number)
            # Only a recent change can be invisible: no need to compute the delay of the others.
            if changed_at + self._late_seconds <= at:
                break
            delay = visibility_delay(random_bits(history.bits, number, 2), self._late_seconds)
            if changed_at + delay <= at:
                break
            number -= CHANGE_GROUP_COUNT
        return max(0, number)
