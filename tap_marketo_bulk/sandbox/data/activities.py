"""The activities: lead, type and attributes of each, when it happens and when Marketo stores it.

All instants are epoch seconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.activity_types import (
    DELETE_LEAD_TYPE,
    MORE_ACTIVITY_TYPES,
    ActivityTypeDefinition,
)
from tap_marketo_bulk.sandbox.data.assets import Asset, assets_in_group
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory
from tap_marketo_bulk.sandbox.data.random_values import (
    LONG_TEXT,
    RandomInstants,
    Value,
    random_bits,
    random_value,
    value_generator,
)

AttributeValues = dict[str, str | int | float | bool]
"""Attribute values by display name; an attribute without a value is not in it."""

_FIRST_GUID = 783_957_693
_GUID_STEP = 11
_FIRST_DELETION_GUID = 500_000_000
_MAX_STORAGE_DELAY = 2400
_USUAL_STORAGE_DELAY = 30
_LATE_EVERY = 30
_LONG_TEXT_EVERY = 5000


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity. ``primary_value`` is the asset in its primary attribute."""

    guid: str
    lead_id: int
    happened_at: int
    stored_at: int
    activity_type: ActivityTypeDefinition
    campaign_id: int | None
    primary_value: Asset | None
    attributes: AttributeValues | None
    result: str | None


def delete_lead_activity(lead: LeadHistory) -> Activity:
    """The activity "Delete Lead" of a deleted lead."""
    deleted_at = lead.deleted_at or 0
    return Activity(
        guid=str(_FIRST_DELETION_GUID + lead.index),
        lead_id=lead.id,
        happened_at=deleted_at,
        stored_at=deleted_at,
        activity_type=DELETE_LEAD_TYPE,
        campaign_id=None,
        primary_value=Asset(lead.id, f"Person {lead.id}"),
        attributes={"Remove From CRM": bool(lead.bits & 1)},
        result="succeeded",
    )


def attribute_values(activity_type: ActivityTypeDefinition, bits: int) -> AttributeValues:
    """Pseudo-random values of the attributes of a type; some attributes have no value."""
    attributes: AttributeValues = {}
    for number, (name, data_type) in enumerate(activity_type.attributes):
        generate = value_generator(data_type)
        value = _json_value(random_value(generate, random_bits(bits, number)))
        if value is not None:
            attributes[name] = value
    return attributes


class ActivityGenerator:
    """Computes the activities of a data set from the seed, except those that follow from others.

    ``attribute_key_case`` is the option of this name.
    """

    def __init__(
        self,
        instants: RandomInstants,
        leads: LeadGenerator,
        activity_types: Sequence[ActivityTypeDefinition],
        *,
        attribute_key_case: str,
    ) -> None:
        self._instants = instants
        self._leads = leads
        derived = (DELETE_LEAD_TYPE, *MORE_ACTIVITY_TYPES)
        self._activity_types = [one for one in activity_types if one not in derived]
        self._has_mixed_case = attribute_key_case == "mixed"
        self.activity = lru_cache(maxsize=100_000)(self._activity)

    def stored_activities(self, at: int, indexes: Sequence[int]) -> Iterator[Activity]:
        """The activities with these ``indexes`` that Marketo has stored at ``at``."""
        for index in indexes:
            activity = self.activity(index)
            if activity.stored_at <= at:
                yield activity

    def indexes_between(self, start: int, end: int) -> range:
        """Indexes that include every activity that happened or was stored in this range."""
        first = self._instants.max_count_before(start - _MAX_STORAGE_DELAY) - 1
        return range(max(0, first), self._instants.max_count_before(end + 1))

    def _activity(self, index: int) -> Activity:
        bits = random_bits(self._instants.seed, index, 3)
        happened_at = self._instants.instant(index)
        activity_type = self._activity_types[bits % len(self._activity_types)]
        is_late = (bits >> 8) % _LATE_EVERY == 0
        max_delay = _MAX_STORAGE_DELAY if is_late else _USUAL_STORAGE_DELAY
        lead_count = max(1, self._leads.min_count_before(happened_at))
        return Activity(
            guid=str(_FIRST_GUID + index * _GUID_STEP + bits % _GUID_STEP),
            lead_id=self._leads.history((bits >> 16) % lead_count).id,
            happened_at=happened_at,
            stored_at=happened_at + (bits >> 20) % max_delay,
            activity_type=activity_type,
            campaign_id=8000 + (bits >> 24) % 40 if (bits >> 32) % 3 else None,
            primary_value=_primary_value(activity_type, bits >> 12),
            attributes=self._attributes(activity_type, bits, index),
            result=("succeeded", "skipped", "failed", "succeeded")[(bits >> 28) % 4],
        )

    def _attributes(
        self, activity_type: ActivityTypeDefinition, bits: int, index: int
    ) -> AttributeValues | None:
        if (bits >> 36) % 25 == 0:
            return None
        attributes = attribute_values(activity_type, bits)
        if (bits >> 40) % 50 == 0:
            attributes["Undocumented Note"] = "not in Get Activity Types"
        if index % _LONG_TEXT_EVERY == _LONG_TEXT_EVERY // 4:
            attributes["Query Parameters"] = LONG_TEXT
        if self._has_mixed_case and (bits >> 44) % 10 == 0:
            return {name.title(): value for name, value in attributes.items()}
        return attributes


def _json_value(value: Value) -> str | int | float | bool | None:
    """The value as JSON contains it: dates and date-times are texts."""
    if isinstance(value, datetime):
        return format_epoch_seconds(int(value.timestamp()))
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat()


def _primary_value(activity_type: ActivityTypeDefinition, bits: int) -> Asset | None:
    if activity_type.primary is None:
        return None
    assets = assets_in_group(activity_type.asset_group)
    return assets[bits % len(assets)]
