"""The records of custom objects: each is linked to a lead, and is created, changed and removed.

All instants are epoch seconds.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange
from tap_marketo_bulk.sandbox.data.custom_objects import CustomObjectDefinition
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory, is_list_member
from tap_marketo_bulk.sandbox.data.object_fields import ObjectField
from tap_marketo_bulk.sandbox.data.random_values import Value, random_bits
from tap_marketo_bulk.sandbox.data.record_history import RecordHistory, object_history
from tap_marketo_bulk.sandbox.data.value_source import RecordContext, ValueSource
from tap_marketo_bulk.sandbox.options import Options

_MAX_RECORDS_PER_LEAD = 3
_MAX_DELAY_DAYS = 60


@dataclass(frozen=True)
class CustomObjectRowFilter:
    """The filter of an export of a custom object: a range of ``updatedAt``, or a list of leads."""

    time_range: TimeRange = ALL_TIME
    list_id: int | None = None


@dataclass(frozen=True, slots=True)
class CustomObjectRecord:
    """One record as it is visible at one instant, after its change number ``change``."""

    definition: CustomObjectDefinition
    lead: LeadHistory
    history: RecordHistory
    change: int
    source: ValueSource

    @property
    def guid(self) -> str:
        """The ``marketoGUID``, which has the form of a UUID."""
        digits = f"{self.history.bits:016x}{random_bits(self.history.bits, 3):016x}"
        lengths = (0, 8, 12, 16, 20, 32)
        return "-".join(digits[start:end] for start, end in pairwise(lengths))

    @property
    def updated_at(self) -> int:
        """The latest change: the column ``updatedAt`` and the instant that the filter compares."""
        return self.history.instant_of_change(self.change)

    def values(self, fields: Sequence[ObjectField]) -> list[Value]:
        """The values of ``fields``, in their order."""
        bits = random_bits(self.history.bits, self.change, 5)
        return [self._value(field, bits) for field in fields]

    def _value(self, field: ObjectField, bits: int) -> Value:
        match field.name:
            case "marketoGUID":
                return self.guid
            case "createdAt":
                return datetime.fromtimestamp(self.history.created_at, UTC)
            case "updatedAt":
                return datetime.fromtimestamp(self.updated_at, UTC)
            case self.definition.link_field:
                return self.lead.id
            case self.definition.dedupe_field:
                return f"{self.definition.display_name[:1]}-{self.history.bits % 10**12:012}"
        record = RecordContext(
            self.lead.bits, self.history.bits, self.history.created_at, self.updated_at
        )
        return self.source.value(field, field.field_bits(bits), record)


class CustomObjectGenerator:
    """Computes the records of all custom objects from the leads."""

    def __init__(self, leads: LeadGenerator, options: Options, source: ValueSource) -> None:
        self._leads = leads
        self._options = options
        self._source = source

    def records(
        self,
        definition: CustomObjectDefinition,
        row_filter: CustomObjectRowFilter,
        at: int,
        is_in_range: Callable[[int, TimeRange], bool],
    ) -> Iterator[CustomObjectRecord]:
        """The records that the filter selects, as they are visible at ``at``."""
        list_id = row_filter.list_id
        for lead in self._leads.visible_histories(at):
            if list_id is not None and not is_list_member(lead, list_id, at):
                continue
            for record in self._records_of_lead(definition, lead, at):
                if is_in_range(record.updated_at, row_filter.time_range):
                    yield record

    def _records_of_lead(
        self, definition: CustomObjectDefinition, lead: LeadHistory, at: int
    ) -> Iterator[CustomObjectRecord]:
        salt = zlib.crc32(definition.api_name.encode())
        count = random_bits(lead.bits, salt) % (_MAX_RECORDS_PER_LEAD + 1)
        for number in range(count):
            bits = random_bits(lead.bits, salt, number)
            history = object_history(bits, lead.created_at, _MAX_DELAY_DAYS)
            change = history.visible_change_at(at, self._options.late_seconds)
            is_removed = self._options.removals and history.is_removed_at(at)
            if change is not None and not is_removed:
                yield CustomObjectRecord(definition, lead, history, change, self._source)
