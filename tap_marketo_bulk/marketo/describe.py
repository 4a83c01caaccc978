"""The fields of program members and of custom objects, as the calls that describe them have them.

Sources: Adobe, "Program Members" and "Custom Objects". Unlike lead fields they have one name.


The fields of a subscription's leads.

Source: Adobe, "Describe Lead".


The fields of program members.

Source: Adobe, "Program Members".


The custom objects of a subscription: which there are, their fields, and what they link to.

Sources: Adobe, "Custom Objects" and "Bulk Custom Object Extract".


The activity types of a subscription, their attributes, and how each can be filtered.

Sources: Adobe, "Get Activity Types" and "Bulk Activity Extract".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.lists import entries_of
from tap_marketo_bulk.marketo.responses import parsing_response
from tap_marketo_bulk.texts import without_control_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.lists import Entry

logger = logging.getLogger("tap-marketo-bulk.marketo")


@dataclass(frozen=True)
class ObjectField:
    """A field of an object that a bulk export can contain.

    Attributes:
        name: The name that exports use.
        display_name: The name that Marketo's user interface shows.
        data_type: Marketo's data type in lower case, ``string`` or ``datetime`` for example.
        is_crm_managed: Whether the field comes from a CRM.
    """

    name: str
    display_name: str
    data_type: str
    is_crm_managed: bool = False


def parse_object_fields(entries: Iterable[Mapping[str, Any]]) -> list[ObjectField]:
    """Return the fields in Marketo's order, each name once.

    A field whose name has control characters is left out with a warning, as it is for leads.
    Raises what ``parsing_response`` turns into ``InvalidResponseError``.
    """
    fields: dict[str, ObjectField] = {}
    for entry in entries:
        name = str(entry["name"])
        if without_control_characters(name) != name:
            logger.warning(
                "The field %s is left out, since its name has control characters.",
                without_control_characters(name),
            )
            continue
        field = ObjectField(
            name=name,
            display_name=without_control_characters(entry.get("displayName") or name),
            data_type=without_control_characters(entry.get("dataType", "string")).casefold(),
            is_crm_managed=bool(entry.get("crmManaged")),
        )
        fields.setdefault(name, field)
    return list(fields.values())


LEADS_PATH = "/rest/v1/leads/describe.json"


# Marketo computes formulas when it shows them; bulk exports do not have them.
NOT_EXPORTED = frozenset({"formula"})


@dataclass(frozen=True)
class LeadField:
    """A lead field that a bulk export can contain.

    Attributes:
        name: The REST name, which exports use.
        display_name: The name that Marketo's user interface shows.
        data_type: Marketo's data type in lower case, ``string`` or ``datetime`` for example.
    """

    name: str
    display_name: str
    data_type: str


def describe_lead_fields(client: Client) -> list[LeadField]:
    """Return the lead fields an export can contain, in Marketo's order, each name once.

    Fields without a REST name are not available to the API, and formula fields are not
    exported. A field whose REST name has control characters is left out with a warning: without
    them it would be another field's name, and with them it could forge output of this tap and of
    its targets. Raises as ``Client.get``.
    """
    entries = client.get(LEADS_PATH).get("result") or []
    with parsing_response(f"GET {LEADS_PATH}"):
        described = [_lead_field(entry) for entry in entries if _has_usable_name(entry)]
    fields: dict[str, LeadField] = {}
    for field in described:
        if field.name and field.data_type not in NOT_EXPORTED:
            fields.setdefault(field.name, field)
    return list(fields.values())


def flat_lead_field_entries(client: Client) -> list[Entry]:
    """Return every entry of Describe Lead, those without a REST name too.

    ``rest`` and ``soap`` are replaced by their members, ``restName`` and ``restReadOnly`` for
    example. Raises as ``Client.get``.
    """
    entries = entries_of(f"GET {LEADS_PATH}", client.get(LEADS_PATH))
    with parsing_response(f"GET {LEADS_PATH}"):
        return [_flat_entry(entry) for entry in entries]


def _flat_entry(entry: Entry) -> Entry:
    flat = dict(entry)
    for api in ("rest", "soap"):
        members = flat.pop(api, None) or {}
        flat |= {f"{api}{name[:1].upper()}{name[1:]}": value for name, value in members.items()}
    return flat


def _has_usable_name(entry: Mapping[str, Any]) -> bool:
    name = str((entry.get("rest") or {}).get("name") or "")
    cleaned = without_control_characters(name)
    if cleaned != name:
        logger.warning(
            "The lead field %s is left out, since its REST name has control characters.", cleaned
        )
    return cleaned == name


def _lead_field(entry: Mapping[str, Any]) -> LeadField:
    name = str((entry.get("rest") or {}).get("name") or "")
    # "Integer" was seen beside "integer".
    data_type = without_control_characters(entry.get("dataType", "string")).casefold()
    return LeadField(name, without_control_characters(entry.get("displayName") or name), data_type)


MEMBERS_PATH = "/rest/v1/programs/members/describe.json"


def describe_member_fields(client: Client) -> list[ObjectField]:
    """Return the fields that an export of program members can contain.

    Raises as ``Client.get``.
    """
    call = f"GET {MEMBERS_PATH}"
    entries = entries_of(call, client.get(MEMBERS_PATH))
    if len(entries) != 1:
        raise InvalidResponseError(f"The result of {call} is not one description")
    with parsing_response(call):
        return parse_object_fields(entries[0]["fields"])


CUSTOM_OBJECTS_PATH = "/rest/v1/customobjects.json"


@dataclass(frozen=True)
class CustomObject:
    """A custom object, as Describe Custom Object returns it.

    Attributes:
        api_name: The name that paths use.
        fields: Its fields.
        linked_objects: The names of the objects that it is linked to, in lower case.
    """

    api_name: str
    fields: tuple[ObjectField, ...]
    linked_objects: frozenset[str]

    @property
    def export_problem(self) -> str | None:
        """Why Bulk Extract does not export the object; None where it does."""
        if any(field.is_crm_managed for field in self.fields):
            return "it comes from a CRM"
        if "lead" not in self.linked_objects:
            return "it is not linked to leads"
        return None


def list_custom_objects(client: Client) -> list[str]:
    """Return the API names of all custom objects. Raises as ``Client.get``."""
    call = f"GET {CUSTOM_OBJECTS_PATH}"
    entries = entries_of(call, client.get(CUSTOM_OBJECTS_PATH))
    with parsing_response(call):
        return [without_control_characters(entry["name"]) for entry in entries]


def describe_custom_object(client: Client, api_name: str) -> CustomObject:
    """Return a custom object. Raises as ``Client.get``."""
    path = f"/rest/v1/customobjects/{path_segment(api_name)}/describe.json"
    call = f"GET {path}"
    entries = entries_of(call, client.get(path))
    if len(entries) != 1:
        raise InvalidResponseError(f"The result of {call} is not one custom object")
    with parsing_response(call):
        return _custom_object(api_name, entries[0])


def export_object_path(api_name: str) -> str:
    """Return the export object in the paths of Bulk Extract."""
    return f"customobjects/{path_segment(api_name)}"


def path_segment(api_name: str) -> str:
    """Return an API name as a part of a path."""
    return quote(api_name, safe="")


def _custom_object(api_name: str, entry: Mapping[str, Any]) -> CustomObject:
    # One of Adobe's examples has "object" in place of "relatedTo".
    related = [each.get("relatedTo") or each["object"] for each in entry.get("relationships") or ()]
    return CustomObject(
        api_name=api_name,
        fields=tuple(parse_object_fields(entry.get("fields") or ())),
        linked_objects=frozenset(str(each["name"]).casefold() for each in related),
    )


TYPES_PATH = "/rest/v1/activities/types.json"


# Adobe: not available in bulk, use Get Deleted Leads.
DELETE_LEAD = 37


# Adobe: the types that exports can filter by primary attribute, each with its asset group.
ASSET_GROUPS: Mapping[str, str] = {
    "change data value": "attribute name",
    "change score": "attribute name",
    "change status in progression": "marketing program",
    "add to list": "static list",
    "remove from list": "static list",
    "fill out form": "web form",
}


@dataclass(frozen=True)
class ActivityAttribute:
    """An attribute of an activity type: its display name, and its data type in lower case."""

    name: str
    data_type: str


@dataclass(frozen=True)
class ActivityType:
    """An activity type.

    Attributes:
        type_id: Marketo's id; custom activities begin at 100001.
        name: The display name.
        primary_attribute: The asset an activity is about, a form or a web page for example.
        attributes: The other attributes.
    """

    type_id: int
    name: str
    primary_attribute: ActivityAttribute | None
    attributes: tuple[ActivityAttribute, ...]

    @property
    def primary_attribute_filter_group(self) -> str | None:
        """The asset group of the primary attribute; None where exports cannot filter by it.

        A filter by primary attribute can only combine activity types of one asset group.
        """
        return ASSET_GROUPS.get(self.name.casefold())


def describe_activity_types(client: Client) -> list[ActivityType]:
    """Return the types in Marketo's order. Raises as ``Client.get``."""
    entries = activity_type_entries(client)
    with parsing_response(f"GET {TYPES_PATH}"):
        return [_activity_type(entry) for entry in entries]


def activity_type_entries(client: Client) -> list[Entry]:
    """Return the entries of Get Activity Types as they are. Raises as ``Client.get``."""
    return entries_of(f"GET {TYPES_PATH}", client.get(TYPES_PATH))


def _activity_type(entry: Mapping[str, Any]) -> ActivityType:
    primary = entry.get("primaryAttribute")
    return ActivityType(
        type_id=int(entry["id"]),
        name=without_control_characters(entry.get("name") or entry["id"]),
        primary_attribute=_attribute(primary) if primary else None,
        attributes=tuple(_attribute(each) for each in entry.get("attributes") or ()),
    )


def _attribute(entry: Mapping[str, Any]) -> ActivityAttribute:
    data_type = without_control_characters(entry.get("dataType", "string")).casefold()
    return ActivityAttribute(without_control_characters(entry["name"]), data_type)
