"""The deleted_leads stream: one record per lead that was deleted or merged away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.extract.fields import parse_attributes, type_for_schema
from tap_marketo_bulk.extract.json_values import JsonValues
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.marketo.deleted_leads import iter_deleted_lead_pages
from tap_marketo_bulk.streams.activities import COLUMNS
from tap_marketo_bulk.streams.incremental import IncrementalStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.extract.fields import FieldType
    from tap_marketo_bulk.extract.rows import Row
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.deleted_leads import Deletion
    from tap_marketo_bulk.streams.source import Source

# What Get Deleted Leads does not tell.
_LACKING = ("campaignId", "actionResult")


class DeletedLeadsStream(IncrementalStream):
    """Deletions of leads, page by page; they take no export job and no quota of bytes.

    Marketo promises no order, so the bookmark moves once, after the last page.
    """

    name = "deleted_leads"
    key = "marketoGUID"
    valid_replication_keys = ("activityDate",)

    def __init__(self, tap: Tap, source: Source, client: Client) -> None:
        """Take the schema that every subscription has."""
        super().__init__(tap, deleted_leads_schema(), source)
        self._client = client

    @property
    def lookback(self) -> timedelta:
        """As for all activities."""
        return self.source.settings.activity_lookback

    def test_start(self) -> datetime:
        """Look for one record everywhere: that costs no quota."""
        return self.source.settings.start

    def get_records(self, context: Context | None) -> Iterator[Row]:
        """Yield the deletions up to the horizon; later ones are left for the next run."""
        del context  # there are no partitions
        start = self.start()
        if start >= self.horizon:
            return
        invalid_as_null = self.source.settings.invalid_as_null
        values = JsonValues(self.name, self.key, invalid_as_null=invalid_as_null)
        types = self._types()
        end = format_instant(self.horizon)
        pages = iter_deleted_lead_pages(self._client, start)
        while (page := self._next(pages)) is not None:
            # Meanwhile exports of other streams are being made.
            self.source.pipeline.note()
            records = (self._record(deletion, types, values) for deletion in page)
            yield from (each for each in records if str(each.get("activityDate") or "") <= end)
        self.report(values.findings)
        self.reach(self.horizon)
        self.write_state()

    def _next(self, pages: Iterator[list[Deletion]]) -> list[Deletion] | None:
        with self.source.pipeline.away():
            return next(pages, None)

    def _types(self) -> dict[str, FieldType]:
        properties = self.effective_schema["properties"]
        return {name: type_for_schema(properties[name]) for name in self.selected_fields}

    def _record(
        self, deletion: Deletion, types: Mapping[str, FieldType], values: JsonValues
    ) -> Row:
        # Read as attributes are: without what no database takes as text.
        told = parse_attributes(json.dumps(deletion))
        if told.get(self.key) is None:
            message = (
                f"Marketo tells of a deleted lead without {self.key}, its key. The bookmark was "
                "not moved; run again, and ask Marketo Support if it stays so."
            )
            raise InvalidValueError(message)
        return {
            name: values.typed(told.get(name), kind, name, told) for name, kind in types.items()
        }


def deleted_leads_schema() -> dict[str, Any]:
    """Return the JSON Schema of a deletion."""
    return {
        "type": "object",
        "properties": {
            name: dict(kind.schema) for name, kind in COLUMNS.items() if name not in _LACKING
        },
    }
