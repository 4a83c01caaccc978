"""The custom objects, and their records, each of which is linked to a lead.

Bulk Extract exports only objects that are linked directly to leads and do not come from a CRM.
All instants are epoch seconds.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange
from tap_marketo_bulk.sandbox.data.fields import ObjectField, parse_fields
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory, is_list_member
from tap_marketo_bulk.sandbox.data.random_values import (
    RecordHistory,
    Value,
    object_history,
    random_bits,
)
from tap_marketo_bulk.sandbox.data.value_source import RecordContext, ValueSource
from tap_marketo_bulk.sandbox.options import Options

SYSTEM_FIELDS = (
    ObjectField("createdAt", "Created At", "datetime", is_updateable=False),
    ObjectField("marketoGUID", "Marketo GUID", "string", is_updateable=False, length=36),
    ObjectField("updatedAt", "Updated At", "datetime", is_updateable=False),
)

_PURCHASE_ORDER = """
Order Number | string | orderNumber
Lead ID | integer | leadID
Remarks | text | remarks
Internal Notes | textarea | internalNotes
Sales Region | String | salesRegion
Contact Email | email | contactEmail
Contact Phone | phone | contactPhone
Tracking Page | url | trackingPage
CRM Link | link | crmLink
Ordered On | date | orderedOn
Shipped At | datetime | shippedAt
Is Paid | boolean | isPaid
Items | integer | items
Weight | float | weight
Amount | currency | amount
Discount | percent | discount
Risk Score | score | riskScore
"""
_SUPPORT_TICKET = """
Ticket Key | string | ticketKey
Person ID | integer | personId
Subject | string | subject
Severity | Integer | severity
Opened At | DateTime | openedAt
Is Open | boolean | isOpen
"""
_VENUE = """
Venue Code | string | venueCode
Order Number | string | orderNumber
City | string | city
"""
_CONTRACT = """
Contract Id | string | contractId
Contact | integer | contactId
Value | currency | value
"""


@dataclass(frozen=True)
class CustomObjectDefinition:
    """A custom object.

    ``link_field`` is the field that refers to ``linked_object`` (``Lead`` or another custom
    object) by its field ``linked_field``. ``dedupe_field`` has a different value in each record.
    ``relationship_member`` is the member of a relationship that Describe Custom Object uses: one
    documented response has ``object`` in place of ``relatedTo``.
    """

    api_name: str
    display_name: str
    dedupe_field: str
    link_field: str
    custom_fields: tuple[ObjectField, ...]
    linked_object: str = "Lead"
    linked_field: str = "Id"
    relationship_member: str = "relatedTo"

    @property
    def fields(self) -> tuple[ObjectField, ...]:
        """All fields, in the order of Describe Custom Object."""
        return (*SYSTEM_FIELDS, *self.custom_fields)

    @property
    def export_error(self) -> str:
        """Why Bulk Extract does not export it; empty if it does."""
        if any(field.is_crm_managed for field in self.custom_fields):
            return f"Custom object '{self.api_name}' is managed by a CRM and cannot be exported"
        if self.linked_object != "Lead":
            return f"Custom object '{self.api_name}' is not linked to leads"
        return ""

    def list_entry(self, created_at: str) -> dict[str, object]:
        """Its entry in the response of List Custom Objects."""
        return self._entry(created_at, "relatedTo")

    def describe_entry(self, created_at: str) -> dict[str, object]:
        """The response of Describe Custom Object: the list entry and the fields."""
        entry = self._entry(created_at, self.relationship_member)
        return entry | {"fields": [field.describe_entry() for field in self.fields]}

    def _entry(self, created_at: str, relationship_member: str) -> dict[str, object]:
        searchable = (self.dedupe_field, "marketoGUID", self.link_field)
        relationship = {
            "field": self.link_field,
            "type": "child",
            relationship_member: {"name": self.linked_object, "field": self.linked_field},
        }
        return {
            "name": self.api_name,
            "displayName": self.display_name,
            "description": f"{self.display_name} of the sandbox",
            "createdAt": created_at,
            "updatedAt": created_at,
            "idField": "marketoGUID",
            "dedupeFields": [self.dedupe_field],
            "searchableFields": [[name] for name in searchable],
            "relationships": [relationship],
        }


CUSTOM_OBJECTS = (
    CustomObjectDefinition(
        "purchaseOrder_c", "Purchase Order", "orderNumber", "leadID", parse_fields(_PURCHASE_ORDER)
    ),
    CustomObjectDefinition(
        "SupportTicketV2",
        "Support Ticket",
        "ticketKey",
        "personId",
        parse_fields(_SUPPORT_TICKET),
        relationship_member="object",
    ),
    CustomObjectDefinition(
        "venue_c",
        "Venue",
        "venueCode",
        "orderNumber",
        parse_fields(_VENUE),
        linked_object="purchaseOrder_c",
        linked_field="orderNumber",
    ),
    CustomObjectDefinition(
        "sfdcContract_c",
        "Contract",
        "contractId",
        "contactId",
        tuple(replace(field, is_crm_managed=True) for field in parse_fields(_CONTRACT)),
    ),
)


def find_custom_object(api_name: str) -> CustomObjectDefinition | None:
    """The custom object with this API name, or None."""
    return next((one for one in CUSTOM_OBJECTS if one.api_name == api_name), None)


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
