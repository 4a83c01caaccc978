"""Leads: one record per lead, a column for each field of Describe Lead."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.marketo.describe import describe_lead_fields
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.plan.ledger import FullReadMode, IncrementalReadMode, UndatedReadMode
from tap_marketo_bulk.rows.field_types import DATE_TIME, INTEGER, TEXT
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream, ExportRequestBuilder, window_filter
from tap_marketo_bulk.streams.context import undescribed_stream
from tap_marketo_bulk.streams.object_schema import object_schema
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_marketo_bulk.errors import UnsupportedFilterError
    from tap_marketo_bulk.marketo.describe import ObjectField
    from tap_marketo_bulk.plan.ledger import ReadMode
    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.bulk import ConsumerNeeds
    from tap_marketo_bulk.streams.catalog import ColumnNames
    from tap_marketo_bulk.streams.context import CreationContext

logger = logging.getLogger("tap-marketo-bulk")

NAME = "leads"
ALWAYS_THERE = {"id": INTEGER, "createdAt": DATE_TIME, "updatedAt": DATE_TIME}


def create_streams(context: CreationContext) -> Iterator[MarketoStream]:
    """Yield the leads stream; with a catalog, if it is there."""
    settings = context.settings

    def describe() -> dict[str, Any]:
        return leads_schema(describe_lead_fields(context.client), settings.extra_lead_fields)

    try:
        schema = context.catalog_or_described_schema(NAME, describe)
    except AccessDeniedError as error:
        minimal = leads_spec(object_schema((), ALWAYS_THERE), settings)
        yield undescribed_stream(context, minimal, error)
        return
    if schema is not None:
        names = context.naming.names_in(schema)
        spec = replace(leads_spec(schema, settings), names=names)
        yield BulkStream(context.tap, spec, context.run, LeadsRequestBuilder(settings, names))


def leads_spec(schema: dict[str, Any], settings: Settings) -> StreamSpec:
    """Return what the leads stream is, with a schema from discovery or from the catalog."""
    # A list has members, and no changes that could be filtered by.
    is_list = bool(settings.lead_list)
    return StreamSpec(
        name=NAME,
        schema=schema,
        key=("id",),
        replication_keys=("updatedAt", "createdAt"),
        full_read=UndatedReadMode() if is_list else FullReadMode(),
        is_always_full=is_list,
    )


def leads_schema(fields: Iterable[ObjectField], extra_fields: Iterable[str] = ()) -> dict[str, Any]:
    """Return the JSON Schema of a lead.

    Args:
        fields: The fields of Describe Lead.
        extra_fields: Names of fields that Describe Lead does not list; their values are text.
    """
    return object_schema(fields, dict.fromkeys(extra_fields, TEXT))


class LeadsRequestBuilder(ExportRequestBuilder):
    """How Marketo is asked for leads: by change, by creation, or by membership of a list."""

    object_path = "leads"

    def __init__(self, settings: Settings, names: ColumnNames) -> None:
        """Take the settings, and the names of the stream's columns."""
        self._settings = settings
        self._names = names

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return the one request for a window."""
        fields = consumers[0].stream.exported_fields_in_order()
        chosen = self._filter(window, mode)
        return (ExportRequest(self.object_path, fields, chosen, self._settings.file_format),)

    def date_column(self, mode: ReadMode) -> str | None:
        """Return the column of the filter; that of a full read is a lead's creation."""
        if isinstance(mode, UndatedReadMode):
            return None
        if isinstance(mode, IncrementalReadMode):
            return self._names.field_of(mode.replication_key)
        return "createdAt"

    def fallback_mode(self, mode: ReadMode, error: UnsupportedFilterError) -> ReadMode | None:
        """Return a full read where the subscription lacks the ``updatedAt`` filter.

        That is dearer, but no change is missed.
        """
        updated_at = self._names.column_of("updatedAt")
        if mode != IncrementalReadMode(updated_at):
            return None
        logger.warning(
            "Marketo has no updatedAt filter for this subscription (%s), so each run exports all "
            "leads created since %s, which costs quota for all of them. Ask Marketo Support to "
            "enable the updatedAt filter for bulk lead extract.",
            error.reason.rstrip("."),
            format_instant(self._settings.start),
        )
        return FullReadMode(bookmark_key=updated_at)

    def _filter(self, window: Window, mode: ReadMode) -> Mapping[str, Any]:
        column = self.date_column(mode)
        if column is None:
            return self._settings.lead_list
        return {column: window_filter(window)}
