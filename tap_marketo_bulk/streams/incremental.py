"""The base of streams that read from a bookmark to a horizon."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, Metadata

from tap_marketo_bulk.errors import CatalogError
from tap_marketo_bulk.extract.windows import horizon
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.streams.bookmark import Bookmark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context
    from singer_sdk.singerlib.catalog import Catalog, MetadataMapping

    from tap_marketo_bulk.extract.rows import Findings
    from tap_marketo_bulk.streams.source import Source

# "--test" wants one record, not a whole window's worth of quota.
TEST_STRETCH = timedelta(hours=1)


class IncrementalStream(Stream):
    """A stream whose bookmark is an instant up to which everything was delivered.

    The SDK's way, a bookmark taken from records, is replaced: a stream says itself how far it
    has come, see ``reach``.
    """

    key: ClassVar[str]
    valid_replication_keys: ClassVar[tuple[str, ...]]

    # Values are typed when a file is read.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    # Windows come oldest first, so an interrupted run can go on from the last one closed.
    is_sorted = True
    check_sorted = False

    def __init__(self, tap: Tap, schema: dict[str, Any], source: Source) -> None:
        """Take the schema from discovery, or from the catalog where there is one."""
        super().__init__(tap, schema=schema)
        self.primary_keys = (self.key,)
        self.replication_key = self.valid_replication_keys[0]
        self.source = source
        settings = source.settings
        self.horizon = horizon(source.clock.now(), lag=settings.lag, end=settings.end)

    # What the catalog says.

    def apply_catalog(self, catalog: Catalog) -> None:
        """Follow the catalog; what it leaves out stays as discovery has it.

        Raises:
            CatalogError: It asks for another replication key than Marketo can filter by.
        """
        super().apply_catalog(catalog)
        self.primary_keys = self.primary_keys or (self.key,)
        self.replication_key = self.replication_key or self.valid_replication_keys[0]
        if self.replication_key not in self.valid_replication_keys:
            message = (
                f"The catalog's replication key for {self.name} is {self.replication_key}, but "
                f"Marketo can only filter by {' or '.join(self.valid_replication_keys)}. Nothing "
                "was read."
            )
            raise CatalogError(message)

    @property
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata; discovery adds the replication keys there are to choose from."""
        discovers = self._metadata is None and self._input_schema is None
        mapping = super().metadata
        if discovers:
            mapping.root.valid_replication_keys = list(self.valid_replication_keys)
            for key in self.valid_replication_keys:
                mapping["properties", key].inclusion = Metadata.InclusionType.AUTOMATIC
        return mapping

    @property
    def lookback(self) -> timedelta:
        """What is read again before the bookmark by a run that begins where one ended."""
        return timedelta()

    # Where it begins.

    def start(self) -> datetime:
        """Return where this run begins to read."""
        earliest = self.source.settings.start
        if self.ABORT_AT_RECORD_COUNT is not None:
            return self.test_start()
        reached = self.reached
        if reached is None:
            return earliest
        if earliest > reached:
            self.logger.warning(
                "start_date %s lies after the bookmark of %s, so what changed from %s on is "
                "skipped. Set start_date back to load it.",
                format_instant(earliest),
                self.name,
                format_instant(reached),
            )
        # A run that was interrupted goes on where it was; the lookback is for its end.
        stopped_at = self.bookmark.instant("horizon") or reached
        return max(earliest, min(reached, stopped_at - self.lookback))

    def test_start(self) -> datetime:
        """Return where to look for the one record that a test of the connection wants."""
        return max(self.source.settings.start, self.horizon - TEST_STRETCH)

    @property
    def reached(self) -> datetime | None:
        """Return the end of the last window that was closed."""
        if self.replication_method == REPLICATION_FULL_TABLE:
            return None
        return self.bookmark.value(self.replication_key)

    @property
    def bookmark(self) -> Bookmark:
        """What STATE holds of this stream."""
        return Bookmark(self.name, self.stream_state)

    @property
    def selected_fields(self) -> tuple[str, ...]:
        """The fields to export, in the catalog's order; raises ``CatalogError`` without the key."""
        names = self.effective_schema.get("properties", {})
        selected = tuple(name for name in names if self.mask[("properties", name)])
        if self.key not in selected:
            message = (
                f"The catalog leaves out {self.key}, the key of {self.name}. Select it, or run "
                "discovery again; nothing was read."
            )
            raise CatalogError(message)
        return selected

    # How far it has come.

    def reach(self, instant: datetime) -> None:
        """Move the bookmark, never back; FULL_TABLE has none."""
        unfinished = self.lookback and instant < self.horizon
        self.bookmark.keep("horizon", self.horizon if unfinished else None)
        instant = max(instant, self.reached or instant)
        super()._increment_stream_state({self.replication_key or "": format_instant(instant)})

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's signature
        """Log as the SDK does, but leave the word on an error to the sentence that ends the run."""
        if message.startswith("An unhandled error occurred"):
            level = logging.DEBUG
        super().log(message, *args, level=level, **kwargs)

    def report(self, findings: Findings) -> None:
        """Warn of what was met in a file or an answer."""
        if findings.nul_bytes:
            self.logger.warning(
                "%s: removed %d NUL bytes from values.", self.name, findings.nul_bytes
            )
        for name, count in findings.invalid.items():
            self.logger.warning(
                "%s: %d values of %s did not fit their type and are null, the first at %s.",
                self.name,
                count,
                name,
                findings.samples[name],
            )

    def write_state(self) -> None:
        """Write a STATE message, if anything changed since the last one."""
        self.state_manager.is_flushed = False
        self._write_state_message()

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Context | None = None
    ) -> None:
        """Do nothing for a record."""

    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Keep the state free of what ``start`` works out."""

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return none: no window ends after the horizon."""
