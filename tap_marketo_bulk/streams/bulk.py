"""The base of every bulk stream: windows -> jobs -> rows -> records -> bookmark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel

from tap_marketo_bulk.clock import utc_text
from tap_marketo_bulk.errors import CatalogError, CorruptFileError, StateError
from tap_marketo_bulk.extract.fields import TEXT, type_for_schema
from tap_marketo_bulk.extract.pipeline import Order
from tap_marketo_bulk.extract.rows import Findings, Layout, read_rows
from tap_marketo_bulk.extract.windows import horizon, split
from tap_marketo_bulk.marketo.exports import ExportRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.pipeline import Pipeline, ProvenFile
    from tap_marketo_bulk.extract.rows import Row
    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.settings import Settings

# "--test" wants one record, not a whole window's worth of quota.
TEST_STRETCH = timedelta(hours=1)


@dataclass(frozen=True)
class Source:
    """What every stream needs to reach Marketo."""

    settings: Settings
    clock: Clock
    pipeline: Pipeline


class BulkStream(Stream):
    """A stream that bulk export jobs fill.

    The bookmark is the end of the last window that was proven and emitted: the filter's
    clock and the record's column differ, so no value in a row could be it.
    """

    export_object: ClassVar[str]
    valid_replication_keys: ClassVar[tuple[str, ...]]

    # Values are typed when a file is read.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    # Windows come oldest first, so an interrupted run can go on from the last one closed.
    is_sorted = True
    check_sorted = False

    def __init__(self, tap: Tap, schema: dict[str, Any], source: Source) -> None:
        """Take the schema from discovery, or from the catalog where there is one."""
        super().__init__(tap, schema=schema)
        self._source = source
        self._horizon = horizon(
            source.clock.now(), lag=source.settings.lag, end=source.settings.end
        )

    # What a subclass says.

    def export_filter(self, window: Window) -> Mapping[str, Any]:
        """Return the create body's filter for a window."""
        raise NotImplementedError

    # From time to orders.

    def orders(self) -> Iterator[Order]:
        """Yield what this run asks Marketo for, oldest window first."""
        fields = self.selected_fields
        for window in split(self._start(), self._horizon, self._source.settings.window):
            request = ExportRequest(self.export_object, fields, self.export_filter(window))
            yield Order(self.name, window, request)

    @property
    def selected_fields(self) -> tuple[str, ...]:
        """The fields to export, in the catalog's order; the key is always among them."""
        names = self.effective_schema.get("properties", {})
        selected = tuple(name for name in names if self.mask[("properties", name)])
        for key in self.primary_keys:
            if key not in selected:
                message = (
                    f"The catalog leaves out {key}, the key of {self.name}. Select it, or run "
                    "discovery again; nothing was read."
                )
                raise CatalogError(message)
        return selected

    def _start(self) -> datetime:
        """Return where this run begins to read."""
        settings = self._source.settings
        if self.ABORT_AT_RECORD_COUNT is not None:
            return max(settings.start, self._horizon - TEST_STRETCH)
        bookmark = self._bookmark()
        if bookmark is None:
            return settings.start
        if settings.start > bookmark:
            self.logger.warning(
                "start_date %s is after the bookmark of %s: changes from %s on are skipped.",
                utc_text(settings.start),
                self.name,
                utc_text(bookmark),
            )
        return max(settings.start, bookmark)

    def _bookmark(self) -> datetime | None:
        """Return the end of the last window that was closed, in this run or before it."""
        state = self.stream_state
        if (
            self.replication_method == "FULL_TABLE"
            or state.get("replication_key") != self.replication_key
        ):
            return None
        try:
            instant = datetime.fromisoformat(state["replication_key_value"])
        except (KeyError, TypeError, ValueError):
            finding = f"the bookmark of {self.name} is no instant"
            raise StateError(finding) from None
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

    # From files to records.

    def get_records(self, context: Context | None) -> Iterator[Row]:
        """Yield the records of all windows, and close each after its last record is written."""
        del context  # bulk streams have no partitions
        boundary: dict[object, Row] = {}
        for file in self._source.pipeline.files(self.orders()):
            findings = Findings()
            window = file.order.window
            start, end = utc_text(window.start), utc_text(window.end)
            earlier, boundary = boundary, {}
            for row in read_rows(file.content, self._layout(file), findings):
                instant = row.get(self.replication_key or "")
                key = row[self.primary_keys[0]]
                # Neighbouring windows share a second, and a record in it comes twice. Only an
                # equal row is dropped: the second one may be newer.
                if instant == start and earlier.get(key) == row:
                    continue
                if instant == end:
                    boundary[key] = dict(row)
                yield row
            self._prove_count(file, findings)
            self._close(window)

    def _layout(self, file: ProvenFile) -> Layout:
        request = file.order.request
        properties = self.effective_schema["properties"]
        types = {name: type_for_schema(properties[name]) for name in request.fields}
        return Layout(
            columns=dict(zip(request.header, request.fields, strict=True)),
            parsers={name: kind.parse for name, kind in types.items() if kind is not TEXT},
            key=self.primary_keys[0],
        )

    def _prove_count(self, file: ProvenFile, findings: Findings) -> None:
        if findings.rows != file.job.records:
            message = (
                f"Export {file.job.export_id} of {self.name} holds {findings.rows} rows, but "
                f"Marketo counted {file.job.records}. The bookmark was not moved; run again."
            )
            raise CorruptFileError(message)
        if findings.nul_bytes:
            self.logger.warning("Removed %d NUL bytes from values.", findings.nul_bytes)

    def _close(self, window: Window) -> None:
        """Move the bookmark to the window's end and tell the target."""
        super()._increment_stream_state({self.replication_key or "": utc_text(window.end)})
        self.state_manager.is_flushed = False
        self._write_state_message()

    # How the SDK keeps state, replaced by windows.

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Context | None = None
    ) -> None:
        """Do nothing for a record: windows move the bookmark."""

    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Keep the state free of what ``_start`` works out."""

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return none: a window never ends after the horizon."""
