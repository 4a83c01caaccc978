"""The activity types of a subscription, their attributes, and how each can be filtered.

Sources: Adobe, "Get Activity Types" and "Bulk Activity Extract".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.marketo.envelope import parsing_response
from tap_marketo_bulk.marketo.paging import entries_of
from tap_marketo_bulk.marketo.server_text import without_control_characters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.paging import Entry

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
