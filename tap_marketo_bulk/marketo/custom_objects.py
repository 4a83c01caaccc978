"""The custom objects of a subscription: which there are, their fields, and what they link to.

Sources: Adobe, "Custom Objects" and "Bulk Custom Object Extract".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.envelope import parsing_response
from tap_marketo_bulk.marketo.object_fields import parse_object_fields
from tap_marketo_bulk.marketo.paging import entries_of
from tap_marketo_bulk.marketo.server_text import without_control_characters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.object_fields import ObjectField

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
