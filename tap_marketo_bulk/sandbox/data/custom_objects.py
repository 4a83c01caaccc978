"""The custom objects: their fields and relationships, as the list and describe calls return them.

Bulk Extract exports only objects that are linked directly to leads and do not come from a CRM.
"""

from dataclasses import dataclass, replace

from tap_marketo_bulk.sandbox.data.object_fields import ObjectField, parse_fields

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
