"""The tap: name, capabilities, streams; wires the parts together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap

from tap_marketo_bulk.clock import Clock, SystemClock
from tap_marketo_bulk.extract.pipeline import Pipeline
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.describe import describe_leads
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.settings import SCHEMA, Settings, parse, tidy
from tap_marketo_bulk.streams.activities import ActivitiesStream, activities_schema
from tap_marketo_bulk.streams.bulk import Source
from tap_marketo_bulk.streams.leads import LeadsStream, leads_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Stream


class TapMarketoBulk(Tap):
    """Adobe Marketo leads and activities through Bulk Extract."""

    name = "tap-marketo-bulk"
    config_jsonschema: ClassVar[dict[str, Any]] = SCHEMA
    # Discovery describes the subscription, so settings are needed for it.
    dynamic_catalog = True
    clock: ClassVar[Clock] = SystemClock()

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in place of the SDK, whose messages would show a secret."""
        del raise_errors  # settings that are wrong are no use to anyone
        self.append_builtin_config(self.config_jsonschema)
        self._config = tidy(self._config)
        self.settings: Settings = parse(self._config, self.config_jsonschema, self.clock.now())
        return []

    @cached_property
    def client(self) -> Client:
        """The connection to Marketo."""
        return Client(self.settings.connection, self.clock)

    def discover_streams(self) -> Sequence[Stream]:
        """Return the streams, described by Marketo or, where there is one, by the catalog."""
        source = Source(
            settings=self.settings,
            clock=self.clock,
            pipeline=Pipeline(
                Exports(self.client),
                self.clock,
                poll_seconds=self.settings.poll_seconds,
                job_timeout_seconds=self.settings.job_timeout_seconds,
            ),
        )
        return [
            LeadsStream(self, self._leads_schema(), source),
            ActivitiesStream(self, activities_schema(), source),
        ]

    def _leads_schema(self) -> dict[str, Any]:
        entry = self.input_catalog.get_stream(LeadsStream.name) if self.input_catalog else None
        # A catalog spares the call, and its schema is the one that counts.
        return entry.schema.to_dict() if entry else leads_schema(describe_leads(self.client))
