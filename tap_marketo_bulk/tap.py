"""The tap: its name, its capabilities, and how its parts are connected."""

from __future__ import annotations

import io
import logging
import select
import sys
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.singerlib.catalog import Catalog

from tap_marketo_bulk.command import ErrorReportingCommand, SignalExit
from tap_marketo_bulk.errors import SettingsError
from tap_marketo_bulk.input_files import catalog_file_text, state_file_text
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.sdk import SdkTap, filter_log
from tap_marketo_bulk.settings.config import (
    normalize_config,
    parse_settings,
    read_environment_settings,
)
from tap_marketo_bulk.settings.settings import Settings, build_schema
from tap_marketo_bulk.streams.base import MarketoStream
from tap_marketo_bulk.streams.bulk import BulkStream
from tap_marketo_bulk.streams.catalog import check_bookmark_column, read_catalog
from tap_marketo_bulk.streams.context import CreationContext
from tap_marketo_bulk.streams.output import MessageWriter
from tap_marketo_bulk.streams.registry import (
    create_streams,
    is_reference_stream_name,
    is_stream_name,
    report_missing_streams,
)
from tap_marketo_bulk.streams.report import log_summary
from tap_marketo_bulk.streams.run import Run
from tap_marketo_bulk.streams.state_store import StateStore, parse_bookmarks, unwrap_state
from tap_marketo_bulk.times import Clock, StepTakingClock, SystemClock, corrected_clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click
    from singer_sdk import Stream

    from tap_marketo_bulk.streams.bulk import ExportGroup


class TapMarketoBulk(SdkTap):
    """Leads, activities and reference data from Adobe Marketo."""

    name = "tap-marketo-bulk"
    config_jsonschema: ClassVar[dict[str, Any]] = build_schema()
    # Without batches: the SDK writes STATE before a batch's records are.
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

    def __init__(self, *, catalog: object = None, state: object = None, **options: Any) -> None:  # noqa: ANN401 - the SDK's
        """Take what the SDK takes.

        Raises:
            CatalogError: The catalog is not in Singer's format.
            StateError: The state is not a JSON object.
        """
        if catalog is not None and not isinstance(catalog, Catalog):
            catalog = read_catalog(catalog)
        super().__init__(
            catalog=catalog, state=None if state is None else unwrap_state(state), **options
        )

    def parse_and_check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Parse the settings; return the configuration with defaults, for the SDK.

        Raises:
            SettingsError: Something is wrong with them.
        """
        self.append_builtin_config(self.config_jsonschema)
        normalized = normalize_config(config, self.config_jsonschema)
        self.settings: Settings = parse_settings(
            normalized, self.config_jsonschema, self.clock.now()
        )
        return normalized

    def read_environment_settings(self) -> dict[str, Any]:
        """Return the settings in environment variables as text."""
        self.append_builtin_config(self.config_jsonschema)
        return dict(read_environment_settings(self.config_jsonschema, self.name))

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the state of an earlier run; raises ``StateError`` if it is not this tap's."""
        bookmarks = parse_bookmarks(state, is_stream_name, is_reference_stream_name)
        super().load_state({"bookmarks": bookmarks})
        if "version" in state:
            cast("dict[str, Any]", self.state)["version"] = state["version"]

    @cached_property
    def _client_clock(self) -> StepTakingClock:
        """The clock of calls, during whose waits the steps of export jobs are taken."""
        return StepTakingClock(self.clock)

    @cached_property
    def client(self) -> Client:
        """The connection to Marketo."""
        return Client(self.settings.connection, self._client_clock)

    @cached_property
    def sync_run(self) -> Run:
        """What all streams share. Can raise as ``Client.latest_clock_reading``."""
        state_store = StateStore(cast("dict[str, Any]", self.state), self.write_state)
        # What a run reads ends at a time of Marketo's clock, which the first response shows.
        clock = corrected_clock(self.clock, self.client.latest_clock_reading())
        run = Run(self.settings, clock, self.client, state_store, self.export_groups)
        self._client_clock.work_for = run.loop.sleep
        return run

    def discover_streams(self) -> Sequence[Stream]:
        """Return the streams; raises as ``registry.create_streams``."""
        return create_streams(self._creation_context())

    def _creation_context(self) -> CreationContext:
        known_streams = self.state.get("bookmarks", {})
        return CreationContext(self, self.settings, self.client, self.sync_run, known_streams)

    def export_groups(self) -> list[ExportGroup]:
        """Return the selected streams with export jobs, with the streams that share them."""
        return [
            stream.export_group()
            for stream in self.streams_to_read()
            if isinstance(stream, BulkStream)
        ]

    def exportable_object_paths(self) -> list[str]:
        """Return the paths of the objects that the tap can export, whatever is selected."""
        groups = [
            stream.export_group()
            for stream in self.streams.values()
            if isinstance(stream, BulkStream)
        ]
        return list(dict.fromkeys(group.export.path for group in groups))

    def streams_to_read(self) -> list[MarketoStream]:
        """Return the streams that are selected, or whose typed streams are."""
        return [
            stream
            for stream in self.streams.values()
            if isinstance(stream, MarketoStream)
            and (stream.selected or stream.has_selected_descendents)
        ]

    def rest_stream_names(self) -> list[str]:
        """Return the names of the selected streams that are read without export jobs."""
        with_jobs = {each.name for group in self.export_groups() for each in group.consumers}
        return [
            stream.name
            for stream in self.streams.values()
            if stream.selected and stream.name not in with_jobs
        ]

    def check_state(self) -> None:
        """Compare the state with the streams.

        Raises:
            StateError: A bookmark has the name of a column by another naming.
        """
        selected = {stream.name for stream in self.streams.values() if stream.selected}
        report_missing_streams(self._creation_context(), self.streams, selected)
        known_streams = self.state.get("bookmarks", {})
        for stream in self.streams_to_read():
            if stream.name in known_streams:
                state = self.sync_run.state_store[stream.name]
                check_bookmark_column(stream.name, state, stream.spec.replication_columns)

    def raise_postponed_errors(self) -> None:
        """Raise what kept streams from being read; raises as ``Run.raise_postponed_errors``."""
        self.sync_run.raise_postponed_errors()

    def report_run_end(self, error: BaseException | None) -> None:
        """Log what was read, whatever the outcome."""
        if isinstance(error, SignalExit):
            error.log_once(self.logger)
        self.sync_run.loop.close()
        log_summary(self.sync_run, self.streams_to_read(), error)

    def exit_between_messages(self, signal_number: int) -> None:
        """End the process after SIGINT or SIGTERM, but not in the middle of a line.

        Every change of the state was written when it was made, so nothing is left to write.
        Nothing is logged here either: the signal may have arrived in the middle of a log line.
        """
        if not select.select([], [sys.stderr], [], 0)[1]:
            # Nobody reads the log any more, and the process must not wait for that.
            logging.disable()
        # The signal may arrive before there is a run.
        run: Run | None = vars(self).get("sync_run")
        jobs = run.loop.count_jobs_that_run_on() if run else 0
        process_exit = SignalExit(signal_number, jobs)
        if isinstance(self.message_writer, MessageWriter):
            self.message_writer.end_between_messages(process_exit)
        else:
            raise process_exit

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:  # noqa: ANN401 - the SDK's own
        """Read the config files; raises ``SettingsError`` where one is not a JSON object."""
        try:
            return super().cb_config(ctx, param, value)
        except (TypeError, ValueError, RecursionError) as error:
            problem = f"a config file is not a JSON object ({error})"
            raise SettingsError([problem]) from None

    @classmethod
    def invoke(
        cls,
        *,
        catalog: IO[str] | None = None,
        state: IO[str] | None = None,
        **options: Any,  # noqa: ANN401 - the SDK's own
    ) -> None:
        """Run the tap; raises ``CatalogError`` or ``StateError`` where a file is not JSON."""
        super().invoke(
            catalog=io.StringIO(catalog_file_text(catalog)) if catalog else None,
            state=io.StringIO(state_file_text(state)) if state else None,
            **options,
        )

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command; it reports errors as sentences."""
        command = super().get_singer_command()
        return ErrorReportingCommand(
            name=command.name,
            callback=command.callback,
            params=command.params,
            help=command.help,
            context_settings=command.context_settings,
            logger=cls.logger,
        )


filter_log(TapMarketoBulk.logger)
