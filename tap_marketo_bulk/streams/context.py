"""What streams are made from: settings, catalog, and what Marketo describes or denies."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError, DiscoveryDeniedError
from tap_marketo_bulk.marketo.describe import describe_activity_types
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.streams.base import MarketoStream, StreamSpec
from tap_marketo_bulk.streams.catalog import (
    ColumnNaming,
    check_entry_is_described,
    check_selected_columns,
    renamed_schema,
    selected_streams,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

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
        known_streams: The streams that have a state: the pipeline has run before.
    """

    def __init__(
        self,
        tap: SdkTap,
        settings: Settings,
        client: Client,
        run: Run,
        known_streams: Collection[str],
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
        self.known_streams = known_streams

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
        if stream not in self.known_streams and self.selected_streams(stream):
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
            AccessDeniedError: The API user may not read the description, and the catalog has none.
            CatalogError: The catalog's entry was made without the description.
        """

        def described() -> dict[str, Any]:
            schema = self.naming.renamed(describe(), always)
            if self.catalog:
                self.naming.check_fields(self.catalog, stream, schema)
            return schema

        if not self.catalog:
            return described()
        if self.selected_streams(stream) and self._is_undescribed(stream, always):
            check_entry_is_described(self.catalog, stream, described())
        return self.catalog_schema(stream, described)

    def _is_undescribed(self, stream: str, always: Collection[str]) -> bool:
        """Return whether an entry has no columns but those of every subscription.

        Versions before 0.4 made such an entry where the description was denied.
        """
        entry = self.catalog.get_stream(stream) if self.catalog else None
        columns = set(entry.schema.properties or {}) if entry else set()
        fixed = self.naming.names_of_fields(always)
        return columns == {INVALID_VALUES, *map(fixed.column_of, always)}

    def leave_out(
        self, streams: str, error: AccessDeniedError, *, is_optional: bool = True
    ) -> None:
        """Warn that discovery does not offer streams, since their description is denied.

        Raises:
            DiscoveryDeniedError: They are not optional, and missing permissions are not ignored.
        """
        if not is_optional and not self.settings.ignore_missing_permissions:
            raise DiscoveryDeniedError(streams, error) from error
        message = "%s: not offered, since the API user lacks the permission %s."
        logger.warning(message, streams, error.permission or "for it")

    def report_if_denied(self, streams: Collection[str], describe: Callable[[], object]) -> bool:
        """Postpone an error if streams are not in the catalog because a call is denied.

        Returns whether it is not denied.

        Args:
            streams: Streams that have a state, and that the catalog lacks.
            describe: Makes the call that discovery needs for them.
        """
        try:
            describe()
        except AccessDeniedError as error:
            for stream in sorted(streams):
                self.run.postponed_errors.leave_out(stream, error)
            return False
        return True


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


def denied_streams(
    context: CreationContext, names: Iterable[str], error: AccessDeniedError
) -> Iterator[DeniedStream]:
    """Yield streams of the catalog that are left out, since their description is denied.

    Args:
        context: What streams are made from.
        names: The names of the streams.
        error: Marketo's response to the call that lists or describes them.
    """
    for name in names:
        entry = context.catalog.get_stream(name) if context.catalog else None
        if entry is not None:
            keys = (entry.replication_key,) if entry.replication_key else ()
            spec = StreamSpec(
                name=entry.tap_stream_id,
                schema=entry.schema.to_dict(),
                key=tuple(entry.key_properties or ()),
                replication_keys=keys,
            )
            yield DeniedStream(context.tap, spec, context.run, error)
