"""The fields of leads, program members and custom objects, and the activity types.

Sources: Adobe, "Describe Lead", "Program Members", "Custom Objects", "Bulk Custom Object Extract",
"Get Activity Types" and "Bulk Activity Extract".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.lists import entries_of
from tap_marketo_bulk.marketo.responses import has_result, parsing_response
from tap_marketo_bulk.texts import without_control_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.lists import Entry

logger = logging.getLogger("tap-marketo-bulk.marketo")
LEADS_PATH = "/rest/v1/leads/describe.json"
MEMBERS_PATH = "/rest/v1/programs/members/describe.json"
# Marketo computes formulas when it shows them; bulk exports do not have them.
NOT_EXPORTED = frozenset({"formula"})


@dataclass(frozen=True)
class ObjectField:
    """A field of an object that a bulk export can contain.

    Attributes:
        name: The name that exports use; for leads the REST name.
        display_name: The name that Marketo's user interface shows.
        data_type: Marketo's data type in lower case, ``string`` or ``datetime`` for example.
        is_crm_managed: Whether the field comes from a CRM.
    """

    name: str
    display_name: str
    data_type: str
    is_crm_managed: bool = False


def describe_lead_fields(client: Client) -> list[ObjectField]:
    """Return the lead fields an export can contain, in Marketo's order, each name once.

    Fields without a REST name are not available to the API, and formula fields are not exported.
    Raises as ``Client.get``.
    """
    entries = _lead_field_entries(client)
    with parsing_response(f"GET {LEADS_PATH}"):
        exported = [entry for entry in entries if _data_type(entry) not in NOT_EXPORTED]
        named = [((entry.get("rest") or {}).get("name"), entry) for entry in exported]
        return _parse_fields((str(name), entry) for name, entry in named if name)


def flat_lead_field_entries(client: Client) -> list[Entry]:
    """Return every entry of Describe Lead, those without a REST name too.

    ``rest`` and ``soap`` are replaced by their members, ``restName`` and ``restReadOnly`` for
    example. Raises as ``Client.get``.
    """
    entries = _lead_field_entries(client)
    with parsing_response(f"GET {LEADS_PATH}"):
        return [_flat_entry(entry) for entry in entries]


def describe_member_fields(client: Client) -> list[ObjectField]:
    """Return the fields that an export of program members can contain.

    Raises as ``Client.get``.
    """
    entry = _only_description(client, MEMBERS_PATH)
    with parsing_response(f"GET {MEMBERS_PATH}"):
        return _parse_object_fields(entry)


def _lead_field_entries(client: Client) -> list[Entry]:
    return entries_of(f"GET {LEADS_PATH}", client.get(LEADS_PATH, is_complete=has_result))


def _flat_entry(entry: Entry) -> Entry:
    flat = dict(entry)
    for api in ("rest", "soap"):
        members = flat.pop(api, None) or {}
        flat |= {f"{api}{name[:1].upper()}{name[1:]}": value for name, value in members.items()}
    return flat


def _only_description(client: Client, path: str) -> Entry:
    entries = entries_of(f"GET {path}", client.get(path, is_complete=has_result))
    if len(entries) != 1:
        raise InvalidResponseError(f"The result of GET {path} is not one description")
    return entries[0]


def _parse_object_fields(description: Entry) -> list[ObjectField]:
    return _parse_fields((str(entry["name"]), entry) for entry in description["fields"])


def _parse_fields(named_entries: Iterable[tuple[str, Entry]]) -> list[ObjectField]:
    """Return the fields in Marketo's order, each name once.

    A field whose name has control characters is left out with a warning: without them it would be
    another field's name, and with them it could forge output of this tap and of its targets.
    """
    fields: dict[str, ObjectField] = {}
    for name, entry in named_entries:
        clean_name = without_control_characters(name)
        if clean_name == name:
            fields.setdefault(name, _parse_field(name, entry))
        else:
            logger.warning(
                "The field %s is left out, since its name has control characters.", clean_name
            )
    return list(fields.values())


def _parse_field(name: str, entry: Entry) -> ObjectField:
    return ObjectField(
        name=name,
        display_name=without_control_characters(entry.get("displayName") or name),
        data_type=_data_type(entry),
        is_crm_managed=bool(entry.get("crmManaged")),
    )


def _data_type(entry: Entry) -> str:
    # "Integer" was seen beside "integer".
    return without_control_characters(entry.get("dataType", "string")).casefold()


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
        """Why Bulk Extract does not export the object; None if it does."""
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
    path = f"/rest/v1/customobjects/{_path_segment(api_name)}/describe.json"
    entry = _only_description(client, path)
    with parsing_response(f"GET {path}"):
        # One of Adobe's examples has "object" in place of "relatedTo".
        related = [it.get("relatedTo") or it["object"] for it in entry.get("relationships") or ()]
        return CustomObject(
            api_name=api_name,
            fields=tuple(_parse_object_fields(entry)),
            linked_objects=frozenset(str(each["name"]).casefold() for each in related),
        )


def export_object_path(api_name: str) -> str:
    """Return the export object in the paths of Bulk Extract."""
    return f"customobjects/{_path_segment(api_name)}"


def _path_segment(api_name: str) -> str:
    return quote(api_name, safe="")


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
        """The asset group of the primary attribute; None if exports cannot filter by it.

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
    return entries_of(f"GET {TYPES_PATH}", client.get(TYPES_PATH, is_complete=has_result))


def _activity_type(entry: Entry) -> ActivityType:
    primary = entry.get("primaryAttribute")
    return ActivityType(
        type_id=int(entry["id"]),
        name=without_control_characters(entry.get("name") or entry["id"]),
        primary_attribute=_attribute(primary) if primary else None,
        attributes=tuple(_attribute(each) for each in entry.get("attributes") or ()),
    )


def _attribute(entry: Entry) -> ActivityAttribute:
    return ActivityAttribute(without_control_characters(entry["name"]), _data_type(entry))
