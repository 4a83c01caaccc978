"""Which streams exist: described by Marketo, by the catalog where there is one, or fixed.

A new kind of stream is a module beside this one and an entry in ``StreamFactory.create_streams``.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.marketo.activity_types import describe_activity_types
from tap_marketo_bulk.marketo.describe import describe_lead_fields
from tap_marketo_bulk.streams import activities, deleted_leads, leads, typed_activities
from tap_marketo_bulk.streams.activities import ActivitiesRequestBuilder, ActivitiesStream
from tap_marketo_bulk.streams.bulk import BulkStream
from tap_marketo_bulk.streams.catalog import (
    check_activity_filter,
    check_selected_columns,
    check_selected_streams,
    check_selected_types,
    selected_streams,
)
from tap_marketo_bulk.streams.deleted_leads import DeletedLeadsSource
from tap_marketo_bulk.streams.leads import LeadsRequestBuilder
from tap_marketo_bulk.streams.reference import REFERENCE_STREAMS, ReferenceSource
from tap_marketo_bulk.streams.rest import RestStream
from tap_marketo_bulk.streams.typed_activities import (
    TypedActivitiesStream,
    typed_schema,
    typed_spec,
    types_by_stream_name,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from singer_sdk.singerlib.catalog import Catalog

    from tap_marketo_bulk.marketo.activity_types import ActivityType
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.sdk import SdkTap
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.sync_run import SyncRun


def is_stream_name(name: str) -> bool:
    """Return whether a subscription can have a stream of this name."""
    fixed = (leads.NAME, activities.NAME, deleted_leads.NAME)
    is_typed = name.startswith(typed_activities.PREFIX)
    return name in fixed or is_typed or is_reference_stream_name(name)


def is_reference_stream_name(name: str) -> bool:
    """Return whether the name is that of a reference stream."""
    return any(name == each.name for each in REFERENCE_STREAMS)


class StreamFactory:
    """Makes the streams of a tap."""

    def __init__(
        self,
        tap: SdkTap,
        settings: Settings,
        client: Client,
        run: SyncRun,
        known_streams: Container[str],
    ) -> None:
        """Make no call yet.

        Args:
            tap: The tap, whose catalog counts where there is one.
            settings: The settings of the tap.
            client: Marketo.
            run: What the streams share.
            known_streams: The streams that have a state: the pipeline has run before.
        """
        self._tap = tap
        self._settings = settings
        self._client = client
        self._run = run
        self._known_streams = known_streams

    def create_streams(self) -> list[MarketoStream]:
        """Return the streams. With a catalog, Marketo is asked only for what it cannot say.

        Raises:
            CatalogError: The catalog selects what neither Marketo nor this tap has.
            SettingsError: The activity filters name types that cannot be filtered like this.
        """
        check_activity_filter(self._settings.activity_filter, lambda: self._activity_types)
        streams = [
            self._activities(),
            *self._typed_activities(),
            self._deleted_leads(),
            *self._leads(),
            *self._reference(),
        ]
        if self._catalog:
            check_selected_streams(self._catalog, [stream.name for stream in streams])
        return streams

    @property
    def _catalog(self) -> Catalog | None:
        return self._tap.input_catalog

    @cached_property
    def _activity_types(self) -> list[ActivityType]:
        return describe_activity_types(self._client)

    def _activities(self) -> MarketoStream:
        spec = activities.activities_spec(self._settings)
        self._check_columns(spec.name, spec.schema)
        return ActivitiesStream(
            self._tap, spec, self._run, ActivitiesRequestBuilder(self._settings)
        )

    def _deleted_leads(self) -> MarketoStream:
        spec = deleted_leads.deleted_leads_spec(self._settings)
        self._check_columns(spec.name, spec.schema)
        return RestStream(self._tap, spec, self._run, DeletedLeadsSource(self._client))

    def _reference(self) -> Iterator[MarketoStream]:
        """Yield the reference streams; for their columns Marketo is not asked."""
        for each in REFERENCE_STREAMS:
            spec = each.spec()
            self._check_columns(spec.name, spec.schema)
            yield RestStream(self._tap, spec, self._run, ReferenceSource(each, self._client))

    def _leads(self) -> Iterator[MarketoStream]:
        """Yield the leads stream; with a catalog, if it is there."""
        schema = self._leads_schema()
        if schema is not None:
            spec = leads.leads_spec(schema, self._settings)
            yield BulkStream(self._tap, spec, self._run, LeadsRequestBuilder(self._settings))

    def _leads_schema(self) -> dict[str, Any] | None:
        if self._catalog is None:
            return self._described_leads()
        entry = self._catalog.get_stream(leads.NAME)
        if entry is None:
            return None
        # The catalog's schema is the one that counts. It is compared with Marketo's while the
        # pipeline is new; later a field that was removed must not stop the nightly run.
        if self._is_new(leads.NAME) and selected_streams(self._catalog, leads.NAME):
            check_selected_columns(self._catalog, leads.NAME, self._described_leads())
        schema: dict[str, Any] = entry.schema.to_dict()
        return schema

    def _described_leads(self) -> dict[str, Any]:
        return leads.leads_schema(
            describe_lead_fields(self._client), self._settings.extra_lead_fields
        )

    def _typed_activities(self) -> Iterator[MarketoStream]:
        """Yield a stream for each activity type; with a catalog, for those it selects."""
        catalog, prefix = self._catalog, typed_activities.PREFIX
        selected = selected_streams(catalog, prefix) if catalog else None
        if selected == []:
            return
        types = types_by_stream_name(self._activity_types)
        only = self._settings.activity_filter.type_ids
        offered = {name: each for name, each in types.items() if not only or each.type_id in only}
        if selected is not None:
            check_selected_types(selected, types, offered)
        for name in offered if selected is None else selected:
            if name in offered:
                yield self._typed_stream(name, offered[name])

    def _typed_stream(self, name: str, activity_type: ActivityType) -> MarketoStream:
        schema = typed_schema(activity_type)
        entry = self._catalog.get_stream(name) if self._catalog else None
        if entry:
            if self._is_new(name):
                self._check_columns(name, schema)
            schema = entry.schema.to_dict()
        spec = typed_spec(name, activity_type, schema, self._settings)
        return TypedActivitiesStream(self._tap, spec, activity_type)

    def _check_columns(self, stream: str, schema: dict[str, Any]) -> None:
        if self._catalog:
            check_selected_columns(self._catalog, stream, schema)

    def _is_new(self, stream: str) -> bool:
        return stream not in self._known_streams
