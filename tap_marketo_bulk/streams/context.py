"""What streams are made from: settings, catalog, and what Marketo describes or denies."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.marketo.describe import describe_activity_types
from tap_marketo_bulk.streams.base import MarketoStream, StreamSpec
from tap_marketo_bulk.streams.catalog import (
    ColumnNaming,
    check_selected_columns,
    renamed_schema,
    selected_streams,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context
    from singer_sdk.singerlib.catalog import Catalog

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.describe import ActivityType
    from tap_marketo_bulk.rows.records import Record
    from tap_marketo_bulk.sdk import SdkTap
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.run import Run

logger = logging.getLogger("tap-marketo-bulk")


class CreationContext:
    """Passed to the function of each module of streams that makes its streams.

    Attributes:
        tap: The tap.
        settings: The settings of the tap.
        client: Marketo.
        run: What the streams share.
        naming: The names of columns.
    """

    def __init__(
        self,
        tap: SdkTap,
        settings: Settings,
        client: Client,
        run: Run,
        known_streams: Container[str],
    ) -> None:
        """Take what there is before any stream.

        Args:
            tap: The tap, whose catalog counts where there is one.
            settings: The settings of the tap.
            client: Marketo.
            run: What the streams share.
            known_streams: The streams that have a state: the pipeline has run before.
        """
        self.tap = tap
        self.settings = settings
        self.client = client
        self.run = run
        self.naming = ColumnNaming(settings.column_names)
        self._known_streams = known_streams

    @property
    def catalog(self) -> Catalog | None:
        """The catalog of the tap; None for discovery, and for a run of everything."""
        return self.tap.input_catalog

    @cached_property
    def activity_types(self) -> list[ActivityType]:
        """The activity types of the subscription; raises as ``Client.get``."""
        return describe_activity_types(self.client)

    def selected_streams(self, prefix: str) -> list[str] | None:
        """Return the selected streams of the catalog with this prefix; None without a catalog."""
        return selected_streams(self.catalog, prefix) if self.catalog else None

    def fixed_spec(self, spec: StreamSpec) -> StreamSpec:
        """Return what a stream is whose fields are the same in every subscription.

        Args:
            spec: The same, with Marketo's names.

        Raises:
            CatalogError: The catalog selects a column that does not exist.
        """
        names = self.naming.names_of_fields(spec.schema["properties"])
        named = replace(spec, schema=renamed_schema(spec.schema, names), names=names)
        self.check_columns(named.name, named.schema)
        return named

    def check_columns(self, stream: str, schema: dict[str, Any]) -> None:
        """Raise ``CatalogError`` where the catalog selects a column that ``schema`` lacks."""
        if self.catalog:
            check_selected_columns(self.catalog, stream, schema)

    def catalog_schema(
        self, stream: str, describe: Callable[[], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """Return the catalog's schema of a stream, None where it lacks the stream.

        It is compared with Marketo's while the stream is new; later a field that was removed must
        not stop the nightly run. Raises also as ``describe`` and ``check_columns``.
        """
        entry = self.catalog.get_stream(stream) if self.catalog else None
        if entry is None:
            return None
        if stream not in self._known_streams and self.selected_streams(stream):
            # Where the description is denied, the export is denied too, and the run reports that.
            with suppress(AccessDeniedError):
                self.check_columns(stream, describe())
        schema: dict[str, Any] = entry.schema.to_dict()
        return schema

    def catalog_or_described_schema(
        self, stream: str, describe: Callable[[], dict[str, Any]], always: Collection[str]
    ) -> dict[str, Any] | None:
        """Return the schema of a stream from the catalog or, without a catalog, from Marketo.

        None where the catalog lacks the stream.

        Args:
            stream: The stream's name.
            describe: Returns the schema with Marketo's names.
            always: The fields that every subscription has.

        Raises:
            AccessDeniedError: There is no catalog, and the API user may not read the description.
        """

        def described() -> dict[str, Any]:
            schema = self.naming.renamed(describe(), always)
            if self.catalog:
                self.naming.check_fields(self.catalog, stream, schema)
            return schema

        return self.catalog_schema(stream, described) if self.catalog else described()

    def log_denied(self, streams: str, error: AccessDeniedError) -> None:
        """Log that discovery does not offer streams, since their description is denied."""
        logger.info(
            "%s: not offered, since the API user lacks the permission %s.",
            streams,
            error.permission,
        )


class DeniedStream(MarketoStream):
    """A stream that is left out; the run ends with an error after all other streams."""

    def __init__(self, tap: Tap, spec: StreamSpec, run: Run, error: AccessDeniedError) -> None:
        """Describe the stream.

        Args:
            tap: The tap.
            spec: What the catalog says of the stream.
            run: The run, which the streams of a tap share.
            error: Marketo's response to the call that describes the stream.
        """
        super().__init__(tap, spec)
        self._run = run
        self._error = error

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield none."""
        del context  # there are no partitions
        self._run.postponed_errors.leave_out(self.name, self._error, is_test=self.has_record_limit)
        yield from ()


def undescribed_stream(
    context: CreationContext, spec: StreamSpec, error: AccessDeniedError
) -> DeniedStream:
    """Return a stream that discovery offers although its description is denied.

    Otherwise it would leave the catalog, and runs would go on without it and without an error.

    Args:
        context: What streams are made from.
        spec: What the stream is, with the fields that every subscription has.
        error: Marketo's response to the call that describes it.
    """
    names = context.naming.names_of_fields(spec.schema["properties"])
    logger.warning(
        "%s: the API user lacks the permission %s, so its catalog entry has no columns but %s. Run "
        "discovery again when the permission is there.",
        spec.name,
        error.permission,
        ", ".join(names.column_of(name) for name in spec.schema["properties"]),
    )
    named = replace(spec, schema=renamed_schema(spec.schema, names), names=names)
    return DeniedStream(context.tap, named, context.run, error)


def denied_streams(
    context: CreationContext, prefix: str, error: AccessDeniedError
) -> Iterator[DeniedStream]:
    """Yield the streams with a prefix that the catalog selects; without a catalog, log the error.

    Args:
        context: What streams are made from.
        prefix: The beginning of the streams' names.
        error: Marketo's response to the call that lists or describes them.
    """
    if context.catalog is None:
        context.log_denied(f"{prefix}*", error)
        return
    for entry in context.catalog.streams:
        if entry.tap_stream_id in (context.selected_streams(prefix) or ()):
            keys = (entry.replication_key,) if entry.replication_key else ()
            spec = StreamSpec(
                name=entry.tap_stream_id,
                schema=entry.schema.to_dict(),
                key=tuple(entry.key_properties or ()),
                replication_keys=keys,
            )
            yield DeniedStream(context.tap, spec, context.run, error)
