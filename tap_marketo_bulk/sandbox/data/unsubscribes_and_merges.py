"""Unsubscribes and merges: the activities of the types in ``MORE_ACTIVITY_TYPES``.

They follow from other activities and from deletions of leads, so that the rows of the other types
are the same with and without the option.
"""

from collections.abc import Callable
from dataclasses import replace

from tap_marketo_bulk.sandbox.data.activities import Activity, AttributeValues
from tap_marketo_bulk.sandbox.data.activity_types import MERGE_LEADS_TYPE, UNSUBSCRIBE_EMAIL_TYPE
from tap_marketo_bulk.sandbox.data.assets import Asset
from tap_marketo_bulk.sandbox.data.leads import LeadHistory
from tap_marketo_bulk.sandbox.data.random_values import random_bits

_CLICK_EMAIL_ID = 11
_SALT = 9_000_011
_UNSUBSCRIBE_GUID_OFFSET = 5_000_000_000
_FIRST_MERGE_GUID = 600_000_000


def unsubscribe_activity(
    activity: Activity,
    attributes_of: Callable[[Activity, int], AttributeValues],
    *,
    one_in: int,
    seconds: int,
) -> Activity | None:
    """The activity "Unsubscribe Email" that follows ``activity``, or None.

    One click in an email in so many is followed by one, ``seconds`` later. ``attributes_of``
    computes the attributes of an activity from it and pseudo-random bits.
    """
    bits = random_bits(int(activity.guid), _SALT)
    if activity.activity_type.id != _CLICK_EMAIL_ID or bits % one_in:
        return None
    unsubscribe = replace(
        activity,
        guid=str(int(activity.guid) + _UNSUBSCRIBE_GUID_OFFSET),
        happened_at=activity.happened_at + seconds,
        stored_at=activity.stored_at + seconds,
        activity_type=UNSUBSCRIBE_EMAIL_TYPE,
    )
    return replace(unsubscribe, attributes=attributes_of(unsubscribe, bits))


def merge_activity(deleted: LeadHistory, winner: LeadHistory, name: str = "") -> Activity | None:
    """The activity "Merge Leads" of the ``winner`` that replaces a deleted lead.

    ``name`` is the name of the winner. None if the deleted lead was not merged: so are one in two.
    """
    deleted_at = deleted.deleted_at or 0
    if random_bits(deleted.bits, _SALT) % 2:
        return None
    return Activity(
        guid=str(_FIRST_MERGE_GUID + deleted.index),
        lead_id=winner.id,
        happened_at=deleted_at,
        stored_at=deleted_at,
        activity_type=MERGE_LEADS_TYPE,
        campaign_id=None,
        primary_value=Asset(winner.id, name or f"Person {winner.id}"),
        attributes={
            "Master Updated": bool(deleted.bits & 2),
            "Merge IDs": str(deleted.id),
            "Merge Source": "Web service API",
            "Merged in Sales": bool(deleted.bits & 4),
        },
        result="succeeded",
    )
