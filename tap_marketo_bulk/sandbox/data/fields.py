"""The fields of leads, custom objects, program members and companies, and their descriptions.

Bulk Extract exports only custom objects that are linked directly to leads and do not come from a
CRM.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tap_marketo_bulk.sandbox.data import load_table
from tap_marketo_bulk.sandbox.data.random_values import combine_bits, text_number

PADDED_FIELD_NAME = "mktoPersonNotes"
"""The field that the option ``lead_padding_bytes`` makes long."""
FRACTION_FIELD_NAME = "seats__c"
"""The integer field that the option ``fraction_in_integer`` gives fractions."""
CHANGE_GROUP_COUNT = 6
"""Every field is in one of so many groups, and each change of a lead changes the fields of one
group, the groups in turn. Groups with an even number contain the standard fields."""

# Each row: display name, data type, name.
_TABLES = load_table("fields")
# The fields whose values follow from the lead's history.
_SYSTEM_FIELD_NAMES = frozenset({"id", "createdAt", "updatedAt"})
_LENGTHS = {"string": 255, "email": 255, "phone": 255, "text": 2000, "textarea": 30000}
_SEARCHABLE_LEAD_FIELDS = ("id", "email", "firstName", "lastName", "company", "leadPerson")


@dataclass(frozen=True)
class Field:
    """A field of a lead or of another object; ``name`` is its REST name, empty without one."""

    name: str
    display_name: str
    data_type: str

    @cached_property
    def name_checksum(self) -> int:
        """Makes the pseudo-random values of this field different from those of other fields.

        It does not depend on which other fields exist.
        """
        return text_number(self.name)

    def field_bits(self, bits: int) -> int:
        """The pseudo-random bits of this field in a record with these bits."""
        return combine_bits(bits, self.name_checksum)


@dataclass(frozen=True)
class LeadField(Field):
    """A lead field as in Describe Lead; a field without name is not in the REST API."""

    id: int
    is_standard: bool = False

    @property
    def is_exportable(self) -> bool:
        """Whether a bulk export can contain its values."""
        return bool(self.name) and not self.is_formula

    @property
    def is_formula(self) -> bool:
        """Whether Marketo computes it when it is displayed, so that it has no stored value."""
        return self.data_type == "formula"

    @cached_property
    def is_system(self) -> bool:
        """Whether its value follows from the lead's history."""
        return self.name in _SYSTEM_FIELD_NAMES

    @cached_property
    def change_group(self) -> int:
        """The number of its change group, below ``CHANGE_GROUP_COUNT``."""
        return (self.id * 2 + (not self.is_standard)) % CHANGE_GROUP_COUNT

    def describe_entry(self) -> dict[str, object]:
        """Its entry in the response of Describe Lead."""
        length = {"url": 255, **_LENGTHS}.get(self.data_type)
        return {
            "id": self.id,
            "displayName": self.display_name,
            "dataType": self.data_type,
            **({"length": length} if length else {}),
            **({"rest": {"name": self.name, "readOnly": self.is_system}} if self.name else {}),
            "soap": {"name": self.display_name.replace(" ", ""), "readOnly": False},
        }


@dataclass(frozen=True)
class ObjectField(Field):
    """A field in Describe Custom Object or Describe Program Member: no ``rest`` wrapper.

    ``length`` is its documented length; 0: the length that is usual for the data type, if any.
    """

    is_updateable: bool = True
    is_crm_managed: bool = False
    length: int = 0

    def describe_entry(self) -> dict[str, object]:
        """Its entry in ``fields`` of the response."""
        length = self.length or {"url": 2000, **_LENGTHS}.get(self.data_type.casefold())
        return {
            "name": self.name,
            "displayName": self.display_name,
            "dataType": self.data_type,
            **({"length": length} if length else {}),
            "updateable": self.is_updateable,
            "crmManaged": self.is_crm_managed,
        }


ECIDS_FIELD = LeadField("ecids", "ECIDs", "string", 9001)
"""Can be exported where Adobe Audience Sharing is on."""
EXTERNAL_COMPANY_ID_FIELD = LeadField(
    "externalCompanyId", "External Company Id", "string", 57, is_standard=True
)
"""A field of every subscription, which old expected results do not have."""


def lead_fields(many_fields: int) -> list[LeadField]:
    """The fields of a new subscription, with ``many_fields`` additional custom fields."""
    return [
        LeadField(name, display_name, data_type, field_id, is_standard=group == "lead")
        # A change of a custom field does not change the column `updatedAt`. The last group is in
        # Describe Lead, but an export cannot contain it: formulas, or no REST name.
        for group, first_id in (("lead", 1), ("lead custom", 1001), ("lead not exportable", 2001))
        for field_id, (display_name, data_type, name) in enumerate(_TABLES[group], first_id)
    ] + list(_numbered_fields(many_fields))


def _numbered_fields(count: int) -> Iterable[LeadField]:
    types = ("string", "boolean", "integer", "float", "date", "datetime", "currency", "text")
    for number in range(count):
        data_type = types[number % len(types)]
        yield LeadField(f"extra{number}__c", f"Extra {number}", data_type, 10001 + number)


def object_fields(
    system_group: str, group: str, *, is_crm_managed: bool = False
) -> tuple[ObjectField, ...]:
    """The fields of a group of system fields, then those of a group of others."""
    rows = [(one, row) for one in (system_group, group) for row in _TABLES[one]]
    return tuple(
        ObjectField(
            name,
            display_name,
            data_type,
            is_updateable=one == group,
            is_crm_managed=is_crm_managed and one == group,
            length=_TABLES["lengths"].get(f"{one} {name}", 0),
        )
        for one, (display_name, data_type, name) in rows
    )


MEMBER_FIELDS = object_fields("member", "member updateable")
"""All fields of a program member: standard ones, then custom ones."""


def describe_leads(fields: Sequence[LeadField]) -> dict[str, object]:
    """The result of Describe Lead 2: the lead fields that have a REST name."""
    named = [one for one in fields if one.name]
    names = {one.name for one in named}
    entries = [
        ObjectField(one.name, one.display_name, one.data_type, not one.is_system).describe_entry()
        for one in named
    ]
    searchable = [[name] for name in _SEARCHABLE_LEAD_FIELDS if name in names]
    return {"name": "API Lead", "searchableFields": searchable, "fields": entries}


def describe_object(kind: str, created_at: str) -> dict[str, object]:
    """The result of the describe call of a ``member``, a ``company`` or a ``named account``."""
    fields = object_fields(kind, f"{kind} updateable")
    return {
        **_TABLES["descriptions"][kind],
        "createdAt": created_at,
        "updatedAt": created_at,
        "fields": [field.describe_entry() for field in fields],
    }


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
