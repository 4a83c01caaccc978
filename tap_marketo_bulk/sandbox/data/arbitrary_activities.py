"""Activities of all types in any order: the edge case "arbitrary values".

All instants are epoch seconds.
"""

from collections.abc import Sequence

from tap_marketo_bulk.sandbox.data.activities import (
    MAX_STORAGE_DELAY,
    Activity,
    ActivityGenerator,
    AttributeValues,
    activity_guid,
    attribute_value,
    storage_delay,
)
from tap_marketo_bulk.sandbox.data.activity_types import (
    DELETE_LEAD_TYPE,
    MORE_ACTIVITY_TYPES,
    ActivityTypeDefinition,
)
from tap_marketo_bulk.sandbox.data.arbitrary_values import ArbitraryValues
from tap_marketo_bulk.sandbox.data.assets import Asset, assets_in_group
from tap_marketo_bulk.sandbox.data.attribute_edge_cases import AttributeEdgeCases
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator
from tap_marketo_bulk.sandbox.data.random_values import RandomInstants, random_bits


def arbitrary_attributes(
    activity_type: ActivityTypeDefinition, bits: int, values: ArbitraryValues
) -> AttributeValues:
    """Arbitrary values of the attributes of a type; some attributes have no value."""
    attributes: AttributeValues = {}
    for number, (name, data_type) in enumerate(activity_type.attributes):
        value = attribute_value(values.value(data_type, random_bits(bits, number)))
        if value is not None:
            attributes[name] = value
    return attributes


class ArbitraryActivities(ActivityGenerator):
    """Computes activities of all types, each as often as the others, in any order."""

    def __init__(
        self,
        instants: RandomInstants,
        leads: LeadGenerator,
        activity_types: Sequence[ActivityTypeDefinition],
        values: ArbitraryValues,
        attribute_edge_cases: AttributeEdgeCases,
    ) -> None:
        super().__init__()
        self._instants = instants
        self._leads = leads
        derived = (DELETE_LEAD_TYPE, *MORE_ACTIVITY_TYPES)
        self._activity_types = [one for one in activity_types if one not in derived]
        self._values = values
        self._attribute_edge_cases = attribute_edge_cases

    def indexes_between(self, start: int, end: int) -> range:
        """Indexes that include every activity that happened or was stored in this range."""
        first = self._instants.max_count_before(start - MAX_STORAGE_DELAY) - 1
        return range(max(0, first), self._instants.max_count_before(end + 1))

    def _activity(self, index: int) -> Activity:
        bits = random_bits(self._instants.seed, index, 3)
        happened_at = self._instants.instant(index)
        activity_type = self._activity_types[bits % len(self._activity_types)]
        attributes = arbitrary_attributes(activity_type, bits, self._values)
        lead_count = max(1, self._leads.min_count_before(happened_at))
        return Activity(
            guid=activity_guid(index, bits),
            lead_id=self._leads.history((bits >> 16) % lead_count).id,
            happened_at=happened_at,
            stored_at=happened_at + storage_delay(bits),
            activity_type=activity_type,
            campaign_id=8000 + (bits >> 24) % 40 if (bits >> 32) % 3 else None,
            primary_value=_primary_value(activity_type, bits >> 12),
            attributes=self._attribute_edge_cases.change(attributes, bits, index),
            result=("succeeded", "skipped", "failed", "succeeded")[(bits >> 28) % 4],
        )


def _primary_value(activity_type: ActivityTypeDefinition, bits: int) -> Asset | None:
    if activity_type.primary is None:
        return None
    assets = assets_in_group(activity_type.asset_group)
    return assets[bits % len(assets)]
