"""An activity: its lead, type and attributes, when it happens and when Marketo stores it.

All instants are epoch seconds.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.activity_types import DELETE_LEAD_TYPE, ActivityTypeDefinition
from tap_marketo_bulk.sandbox.data.assets import Asset
from tap_marketo_bulk.sandbox.data.leads import LeadHistory
from tap_marketo_bulk.sandbox.data.random_values import Value

AttributeValues = dict[str, str | int | float | bool]
"""Attribute values by display name; an attribute without a value is not in it."""

AttributeValue = str | int | float | bool | None

_FIRST_DELETION_GUID = 500_000_000
_FIRST_GUID = 783_957_693
_GUID_STEP = 11
MAX_STORAGE_DELAY = 2400
_USUAL_STORAGE_DELAY = 30
_LATE_EVERY = 30


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


def delete_lead_activity(lead: LeadHistory, name: str = "") -> Activity:
    """The activity "Delete Lead" of a deleted lead with this name."""
    deleted_at = lead.deleted_at or 0
    return Activity(
        guid=str(_FIRST_DELETION_GUID + lead.index),
        lead_id=lead.id,
        happened_at=deleted_at,
        stored_at=deleted_at,
        activity_type=DELETE_LEAD_TYPE,
        campaign_id=None,
        primary_value=Asset(lead.id, name or f"Person {lead.id}"),
        attributes={"Remove From CRM": bool(lead.bits & 1)},
        result="succeeded",
    )


def attribute_value(value: Value) -> AttributeValue:
    """The value as JSON contains it: dates and date-times are texts."""
    if isinstance(value, datetime):
        return format_epoch_seconds(int(value.timestamp()))
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat()


class ActivityGenerator(ABC):
    """Computes the activities of a data set, except those that follow from other data.

    The activities have the indexes from 0 on.
    """

    def __init__(self) -> None:
        self.activity = lru_cache(maxsize=100_000)(self._activity)

    def stored_activities(self, at: int, indexes: Sequence[int]) -> Iterator[Activity]:
        """The activities with these ``indexes`` that Marketo has stored at ``at``."""
        for index in indexes:
            activity = self.activity(index)
            if activity.stored_at <= at:
                yield activity

    @abstractmethod
    def indexes_between(self, start: int, end: int) -> range:
        """Indexes that include every activity that happened or was stored in this range."""

    @abstractmethod
    def _activity(self, index: int) -> Activity:
        """The activity with this index."""


def activity_guid(index: int, bits: int) -> str:
    """The ``marketoGUID`` of the activity with this index."""
    return str(_FIRST_GUID + index * _GUID_STEP + bits % _GUID_STEP)


def storage_delay(bits: int) -> int:
    """The seconds until Marketo stores an activity: few, and for some up to the maximum."""
    is_late = (bits >> 8) % _LATE_EVERY == 0
    return (bits >> 20) % (MAX_STORAGE_DELAY if is_late else _USUAL_STORAGE_DELAY)
