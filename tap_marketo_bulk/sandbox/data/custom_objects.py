"""The custom objects, as List Custom Objects and Describe Custom Object return them.

Bulk Extract exports only objects that are linked directly to leads and do not come from a CRM.
"""

from dataclasses import dataclass
from functools import cached_property

from tap_marketo_bulk.sandbox.data.fields import ObjectField, object_fields
from tap_marketo_bulk.sandbox.data.tables import load_table


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
    linked_object: str = "Lead"
    linked_field: str = "Id"
    relationship_member: str = "relatedTo"
    is_crm_managed: bool = False

    @cached_property
    def fields(self) -> tuple[ObjectField, ...]:
        """All fields, in the order of Describe Custom Object."""
        return object_fields("custom object", self.api_name, is_crm_managed=self.is_crm_managed)

    @property
    def export_error(self) -> str:
        """Why Bulk Extract does not export it; empty if it does."""
        if self.is_crm_managed:
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


CUSTOM_OBJECTS = {
    row["api_name"]: CustomObjectDefinition(**row) for row in load_table("fields")["custom objects"]
}
"""All custom objects by API name."""
EXPORTED_OBJECTS = {
    name: definition for name, definition in CUSTOM_OBJECTS.items() if not definition.export_error
}
"""Those that Bulk Extract exports."""
