"""The activities stream: one record per activity, of all types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.clock import utc_text
from tap_marketo_bulk.extract import fields
from tap_marketo_bulk.streams.bulk import BulkStream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from tap_marketo_bulk.extract.windows import Window

# Adobe, "Bulk Activity Extract": the default columns, and actionResult when asked for.
COLUMNS = {
    "marketoGUID": fields.TEXT,
    "leadId": fields.INTEGER,
    "activityDate": fields.DATE_TIME,
    "activityTypeId": fields.INTEGER,
    "campaignId": fields.INTEGER,
    "primaryAttributeValueId": fields.INTEGER,
    "primaryAttributeValue": fields.TEXT,
    "attributes": fields.ATTRIBUTES,
    "actionResult": fields.TEXT,
}


class ActivitiesStream(BulkStream):
    """Activities of every type, ``attributes`` as an object."""

    name = "activities"
    export_object = "activities"
    key = "marketoGUID"
    valid_replication_keys = ("activityDate",)

    @property
    def lookback(self) -> timedelta:
        """Activities are dated when they happen, and stored later."""
        return self.source.settings.activity_lookback

    def export_filter(self, window: Window) -> Mapping[str, Any]:
        """Filter by the only date range activities have."""
        return {"createdAt": {"startAt": utc_text(window.start), "endAt": utc_text(window.end)}}


def activities_schema() -> dict[str, Any]:
    """Return the JSON Schema of an activity."""
    return {
        "type": "object",
        "properties": {name: dict(kind.schema) for name, kind in COLUMNS.items()},
    }
