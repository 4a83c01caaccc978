"""The activity types and their entries in Get Activity Types."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tap_marketo_bulk.sandbox.data import load_table
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options

AttributeDefinition = tuple[str, str]
"""A display name and a data type."""

DELETE_LEAD_ID = 37
"""The activity type that bulk exports do not contain; Get Deleted Leads returns it."""
_FIRST_ADDITIONAL_ID = 100_101


@dataclass(frozen=True)
class ActivityTypeDefinition:
    """An activity type.

    ``primary`` is its primary attribute. ``asset_group`` names the group of assets whose ids and
    names are the values of the primary attribute; only types with a group have filters by primary
    attribute.
    """

    id: int
    name: str
    primary: AttributeDefinition | None
    attributes: tuple[AttributeDefinition, ...]
    asset_group: str = ""

    def describe_entry(self) -> dict[str, object]:
        """Its entry in the response of Get Activity Types."""
        primary = {"primaryAttribute": _attribute_entry(self.primary)} if self.primary else {}
        return {
            "id": self.id,
            "name": self.name,
            "description": f"{self.name}, as it happened to a person",
            **primary,
            "attributes": [_attribute_entry(attribute) for attribute in self.attributes],
        }


def _attribute_entry(attribute: AttributeDefinition) -> dict[str, str]:
    name, data_type = attribute
    return {"name": name, "dataType": data_type}


def _types(group: str) -> Iterator[ActivityTypeDefinition]:
    for row in load_table("activity_types")[group]:
        primary = tuple(row["primary"]) if row["primary"] else None
        attributes = tuple(row["attributes"].items())
        asset_group = row.get("asset_group", "")
        yield ActivityTypeDefinition(row["id"], row["name"], primary, attributes, asset_group)


_BUILT_IN_TYPES = tuple(_types("built-in"))
# In place of the types with the same ids, without the edge case "similar names".
_DISTINCT_TYPES = {one.id: one for one in _types("distinct names")}


def activity_types(options: Options) -> tuple[ActivityTypeDefinition, ...]:
    """The activity types of a sandbox with these options."""
    (custom_type,) = _types("additional")
    custom_types = (
        replace(custom_type, id=_FIRST_ADDITIONAL_ID + number, name=f"Custom Activity {number + 1}")
        for number in range(options.many_types)
    )
    built_in = _BUILT_IN_TYPES
    if EdgeCase.SIMILAR_NAMES not in options.edge_cases:
        built_in = tuple(_DISTINCT_TYPES.get(one.id, one) for one in built_in)
    # A data set with arbitrary values can be without unsubscribes and merges.
    is_arbitrary = EdgeCase.ARBITRARY_VALUES in options.edge_cases
    has_more = options.more_activity_types or not is_arbitrary
    return (*built_in, *(_types("more") if has_more else ()), *custom_types)
