"""The leads stream: one record per lead, columns from Describe Lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.clock import utc_text
from tap_marketo_bulk.extract.fields import type_of
from tap_marketo_bulk.streams.bulk import BulkStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.marketo.describe import LeadField


class LeadsStream(BulkStream):
    """Leads, by their latest change or by their creation."""

    name = "leads"
    export_object = "leads"
    primary_keys = ("id",)
    replication_key = "updatedAt"
    valid_replication_keys = ("updatedAt", "createdAt")

    def export_filter(self, window: Window) -> Mapping[str, Any]:
        """Filter by the replication key; all leads were created at some time."""
        field = self.replication_key or "createdAt"
        return {field: {"startAt": utc_text(window.start), "endAt": utc_text(window.end)}}


def leads_schema(fields: Iterable[LeadField]) -> dict[str, Any]:
    """Return the JSON Schema of a lead."""
    return {
        "type": "object",
        "properties": {
            field.name: {**type_of(field.data_type).schema, "title": field.display_name}
            for field in fields
        },
    }
