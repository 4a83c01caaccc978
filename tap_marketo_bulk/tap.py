"""The tap: name, capabilities, streams; wires the parts together."""

from __future__ import annotations

import atexit
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.singerlib.catalog import Catalog

from tap_marketo_bulk.clock import Clock, SystemClock
from tap_marketo_bulk.command import ErrorReportingCommand
from tap_marketo_bulk.errors import SettingsError, StateError
from tap_marketo_bulk.marketo.activity_types import ActivityType, describe_activity_types
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.describe import describe_leads
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.settings import Settings, parse_settings
from tap_marketo_bulk.settings_config import normalize_config, read_environment
from tap_marketo_bulk.settings_schema import build_schema
from tap_marketo_bulk.streams.activities import ActivitiesStream, activities_schema
from tap_marketo_bulk.streams.bookmark import Bookmark
from tap_marketo_bulk.streams.bulk import BulkStream
from tap_marketo_bulk.streams.catalog import (
    check_fields,
    check_filter,
    check_offered,
    check_streams,
    read_catalog,
    selected_streams,
)
from tap_marketo_bulk.streams.deleted_leads import DeletedLeadsStream, deleted_leads_schema
from tap_marketo_bulk.streams.leads import LeadsStream, leads_schema
from tap_marketo_bulk.streams.source import Source
from tap_marketo_bulk.streams.typed_activities import (
    PREFIX,
    TypedActivitiesStream,
    stream_names,
    typed_schema,
)
from tap_marketo_bulk.streams.writer import MessageWriter

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence
    from types import FrameType

    import click
    from singer_sdk import Stream


class TapMarketoBulk(Tap):
    """Adobe Marketo leads and activities through Bulk Extract."""

    name = "tap-marketo-bulk"
    config_jsonschema: ClassVar[dict[str, Any]] = build_schema()
    # Not batches: the SDK writes STATE before a batch's records are.
    capabilities: ClassVar[list[Any]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    # Discovery describes the subscription, so settings are needed for it.
    dynamic_catalog = True
    message_writer_class = MessageWriter
    clock: ClassVar[Clock] = SystemClock()
    _activity_types: list[ActivityType] | None = None

    def __init__(self, *, catalog: object = None, state: object = None, **options: Any) -> None:  # noqa: ANN401 - the SDK's
        """Take what the SDK takes.

        Raises:
            CatalogError, StateError: They are not of the form Singer gives them.
        """
        if catalog is not None and not isinstance(catalog, Catalog):
            catalog = read_catalog(catalog)
        if state is not None and not isinstance(state, dict):
            finding = "it is no JSON object"
            raise StateError(finding)
        super().__init__(catalog=catalog, state=state, **options)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in place of the SDK, whose messages would show a secret."""
        del raise_errors  # settings that are wrong are no use to anyone
        self.append_builtin_config(self.config_jsonschema)
        self._config = normalize_config(self._config, self.config_jsonschema)
        self.settings: Settings = parse_settings(
            self._config, self.config_jsonschema, self.clock.now()
        )
        return []

    @property
    def _env_var_config(self) -> dict[str, Any]:
        """Read environment variables as text; the SDK's parsing ends in tracebacks."""
        self.append_builtin_config(self.config_jsonschema)
        return read_environment(self.config_jsonschema, self.name)

    @cached_property
    def client(self) -> Client:
        """The connection to Marketo."""
        return Client(self.settings.connection, self.clock)

    @cached_property
    def source(self) -> Source:
        """What all streams of this run share."""
        source = Source(self.settings, self.clock, Exports(self.client), self.bulk_streams)
        # However the process ends, jobs that no STATE knows are not left running.
        atexit.register(source.pipeline.close)
        return source

    def discover_streams(self) -> Sequence[Stream]:
        """Return the streams, described by Marketo or, where there is one, by the catalog.

        Raises:
            CatalogError: The catalog selects what neither Marketo nor this tap has.
            SettingsError: The activity filters name types that cannot be filtered so.
        """
        check_filter(self.settings.activity_filter, self.activity_types)
        streams = [
            ActivitiesStream(self, activities_schema(), self.source),
            *self._typed_activities(),
            DeletedLeadsStream(self, self.source, self.client),
            *self._leads(),
        ]
        if self.input_catalog:
            check_streams(self.input_catalog, [stream.name for stream in streams])
            check_fields(self.input_catalog, ActivitiesStream.name, activities_schema())
            check_fields(self.input_catalog, DeletedLeadsStream.name, deleted_leads_schema())
        return streams

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the state of the run before; raises ``StateError`` where it makes no sense."""
        bookmarks = state.get("bookmarks", {})
        if not isinstance(bookmarks, dict):
            finding = "bookmarks is no object"
            raise StateError(finding)
        for name, bookmark in bookmarks.items():
            if not isinstance(bookmark, dict):
                finding = f"the bookmark of {name} is no object"
                raise StateError(finding)
            Bookmark(name, bookmark).check()
        super().load_state(state)

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:  # noqa: ANN401 - the SDK's own
        """Read the config files; raises ``SettingsError`` where one is no JSON object."""
        try:
            return super().cb_config(ctx, param, value)
        except (TypeError, ValueError) as error:
            finding = f"a config file is no JSON object ({error})"
            raise SettingsError([finding]) from None

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, with errors as sentences."""
        command = super().get_singer_command()
        return ErrorReportingCommand(
            name=command.name,
            callback=command.callback,
            params=command.params,
            help=command.help,
            context_settings=command.context_settings,
            logger=cls.logger,
        )

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End on SIGTERM or SIGINT, after the line that is being written.

        The SDK would write STATE here, perhaps in the middle of that line. Every change of state
        was written when it was made, so nothing is left to say.
        """
        if isinstance(self.message_writer, MessageWriter):
            self.logger.info("Asked to end; what was delivered is safe.")
            self.message_writer.end_process()
        else:
            super()._handle_termination(signum, frame)

    def bulk_streams(self) -> list[BulkStream]:
        """Return the selected streams that make orders: not the children, whose parent does."""
        return [
            stream
            for stream in self.streams.values()
            if isinstance(stream, BulkStream)
            and not stream.parent_stream_type
            and (stream.selected or stream.has_selected_descendents)
        ]

    def paged_streams(self) -> list[str]:
        """Return the names of the selected streams that make none."""
        return [
            stream.name
            for stream in self.streams.values()
            if stream.selected and not isinstance(stream, BulkStream)
        ]

    def activity_types(self) -> list[ActivityType]:
        """Return the subscription's activity types, asked for once."""
        if self._activity_types is None:
            self._activity_types = describe_activity_types(self.client)
        return self._activity_types

    def _leads(self) -> list[LeadsStream]:
        """Return the leads stream; with a catalog, if it is there."""
        catalog, name = self.input_catalog, LeadsStream.name
        if catalog is None:
            return [LeadsStream(self, self._described_leads(), self.source)]
        entry = catalog.get_stream(name)
        if entry is None:
            return []
        # The catalog's schema is the one that counts. While a pipeline is set up, it is
        # compared with Marketo's; later a field that goes must not stop the nightly run.
        if self._is_new(name) and name in selected_streams(catalog, name):
            check_fields(catalog, name, self._described_leads())
        return [LeadsStream(self, entry.schema.to_dict(), self.source)]

    def _described_leads(self) -> dict[str, Any]:
        return leads_schema(describe_leads(self.client), self.settings.extra_lead_fields)

    def _typed_activities(self) -> list[TypedActivitiesStream]:
        """Return a stream for each activity type; with a catalog, for those it selects."""
        catalog = self.input_catalog
        wanted = selected_streams(catalog, PREFIX) if catalog else None
        if wanted == []:
            return []
        kinds = stream_names(self.activity_types())
        only = self.settings.activity_filter.type_ids
        offered = {name: kind for name, kind in kinds.items() if not only or kind.type_id in only}
        if catalog is None or wanted is None:
            return [self._typed_stream(name, kind) for name, kind in offered.items()]
        check_offered(wanted, kinds, offered)
        return [self._typed_stream(name, kinds[name]) for name in wanted if name in offered]

    def _typed_stream(self, name: str, kind: ActivityType) -> TypedActivitiesStream:
        catalog = self.input_catalog
        entry = catalog.get_stream(name) if catalog else None
        if catalog is None or entry is None:
            return TypedActivitiesStream(self, name, kind, self.source, None)
        if self._is_new(name):
            check_fields(catalog, name, typed_schema(kind))
        return TypedActivitiesStream(self, name, kind, self.source, entry.schema.to_dict())

    def _is_new(self, stream: str) -> bool:
        return stream not in self.state.get("bookmarks", {})


def _hides_wiring(record: logging.LogRecord) -> bool:
    """Keep out the SDK's line for each typed stream, dozens of them, that it has a parent."""
    return not str(record.msg).startswith("Added '%s' as child stream")


TapMarketoBulk.logger.addFilter(_hides_wiring)
