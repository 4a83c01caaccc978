"""The activity types of a subscription, and which of them can be filtered by what they are about.

Sources: Adobe, "Get Activity Types" and "Bulk Activity Extract".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.marketo.envelope import understanding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.marketo.client import Client

TYPES_PATH = "/rest/v1/activities/types.json"
# Adobe: not available in bulk, use Get Deleted Leads.
DELETE_LEAD = 37
# Adobe: the types whose primary attribute can be filtered by, each with its asset group.
ASSET_GROUPS: Mapping[str, str] = {
    "change data value": "attribute name",
    "change score": "attribute name",
    "change status in progression": "marketing program",
    "add to list": "static list",
    "remove from list": "static list",
    "fill out form": "web form",
}


@dataclass(frozen=True)
class Attribute:
    """One thing an activity tells: its display name, and its data type in lower case."""

    name: str
    data_type: str


@dataclass(frozen=True)
class ActivityType:
    """A kind of activity.

    Attributes:
        type_id: Marketo's id; custom activities begin at 100001.
        name: The display name.
        primary: What the activity is about, a form or a web page for example.
        attributes: What else it tells.
    """

    type_id: int
    name: str
    primary: Attribute | None
    attributes: tuple[Attribute, ...]

    @property
    def asset_group(self) -> str | None:
        """The group of assets its primary attribute can be filtered by, if any."""
        return ASSET_GROUPS.get(self.name.casefold())


def describe_activity_types(client: Client) -> list[ActivityType]:
    """Return the types in Marketo's order. Raises as ``Client.get``."""
    entries = client.get(TYPES_PATH).get("result") or []
    with understanding(f"GET {TYPES_PATH}"):
        return [_activity_type(entry) for entry in entries]


def _activity_type(entry: Mapping[str, Any]) -> ActivityType:
    primary = entry.get("primaryAttribute")
    return ActivityType(
        type_id=int(entry["id"]),
        name=str(entry.get("name") or entry["id"]),
        primary=_attribute(primary) if primary else None,
        attributes=tuple(_attribute(each) for each in entry.get("attributes") or ()),
    )


def _attribute(entry: Mapping[str, Any]) -> Attribute:
    return Attribute(str(entry["name"]), str(entry.get("dataType", "string")).casefold())
