"""The base of every bulk stream: windows -> jobs -> rows -> records -> bookmark."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.mapper import SameRecordTransform

from tap_marketo_bulk.errors import (
    CorruptFileError,
    DataError,
    ExportQuotaError,
    FileNotReadyError,
)
from tap_marketo_bulk.extract.fields import TEXT, type_for_schema
from tap_marketo_bulk.extract.order import Order
from tap_marketo_bulk.extract.rows import SEPARATORS, Findings, Layout, read_rows
from tap_marketo_bulk.extract.windows import Window, split
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.marketo.limits import MAX_WINDOW_DAYS
from tap_marketo_bulk.streams.boundary import Boundary
from tap_marketo_bulk.streams.incremental import IncrementalStream
from tap_marketo_bulk.streams.writer import MessageWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context
    from singer_sdk.metrics import Counter

    from tap_marketo_bulk.extract.fields import FieldType
    from tap_marketo_bulk.extract.pipeline import VerifiedFile
    from tap_marketo_bulk.extract.rows import Row
    from tap_marketo_bulk.streams.source import Source

# Only the window of a list, which is none, is longer.
LONGEST_WINDOW = timedelta(days=MAX_WINDOW_DAYS)
# New jobs are looked for after so many rows, which takes milliseconds.
NOTE_EVERY_ROWS = 100
# ("properties", "leadId"): what is longer names a part of a field's value.
_FIELD_DEPTH = 2


class BulkStream(IncrementalStream):
    """A stream that bulk export jobs fill.

    The bookmark is the end of the last window that was proven and emitted: the filter's
    clock and the record's column differ, so no value in a row could be it.
    """

    export_object: ClassVar[str]

    def __init__(self, tap: Tap, schema: dict[str, Any], source: Source) -> None:
        """Take the schema from discovery, or from the catalog where there is one."""
        super().__init__(tap, schema, source)
        self._counter: Counter | None = None

    # From time to orders.

    def orders(self) -> Iterator[Order]:
        """Yield what this run asks Marketo for, oldest first; nothing where a parent asks."""
        yield from ()

    def windows_from(self, start: datetime, end: datetime) -> Iterator[Window]:
        """Yield windows, those among them that have a job of an earlier run."""
        length = self.source.settings.window
        for left in sorted(export.window for export in self.bookmark.exports()):
            # Whole, whatever the length is today: the job may be paid for.
            if start <= left.start and left.end <= end and left.end - left.start <= LONGEST_WINDOW:
                yield from split(start, left.start, length)
                yield left
                start = left.end
                if left.end - left.start < length and left.end < end:
                    # It ended where that run stopped reading, and what was late then is not in it.
                    start = max(left.start, left.end - self.lookback)
        yield from split(start, end, length)

    def order(
        self, window: Window, fields: tuple[str, ...], export_filter: Mapping[str, Any]
    ) -> Order:
        """Return the order for a window, with the job that an earlier run made for it."""
        file_format = self.source.settings.file_format
        request = ExportRequest(self.export_object, fields, export_filter, file_format)
        left = [
            export
            for export in self.bookmark.exports()
            if (export.window, export.digest) == (window, request.digest)
        ]
        return Order(
            stream=self.name,
            window=window,
            request=request,
            required=frozenset((self.key, self.replication_key or "")),
            export_id=left[0].export_id if left else None,
            without=left[0].without if left else (),
        )

    def exported_fields(self) -> set[str]:
        """Return the file's columns that this stream is made from."""
        return set(self.selected_fields)

    def parts(self) -> list[BulkStream]:
        """Return the streams that this one's files fill."""
        return [self]

    def readers(self, window: Window) -> list[BulkStream]:
        """Return the streams that a window's file fills."""
        del window  # the same for each
        return self.parts()

    # From files to records.

    def get_records(self, context: Context | None) -> Iterator[Row]:
        """Yield the records of all windows, and close each after its last record is written.

        Where nobody needs the SDK's machinery for records, they are written right here.
        """
        del context  # bulk streams have no partitions
        try:
            yield from self.windows()
        except ExportQuotaError as error:
            self.source.fall_short(self, error)
        except GeneratorExit:
            raise  # the SDK has what it wanted of this stream
        except BaseException:
            self.source.pipeline.close()
            raise
        self.source.finish(self)

    def windows(self) -> Iterator[Row]:
        """Yield the records of one window after the other."""
        boundary = Boundary(self.key, self.windowed_by)
        for file in self.source.files(self):
            findings = Findings()
            try:
                rows = boundary.new_rows(
                    file, self.rows(file, findings), self.readers(file.order.window)
                )
                yield from self.emit(file, rows)
                self._prove_count(file, findings)
            except (DataError, FileNotReadyError):
                # The same job would only bring the same file again.
                self.bookmark.forget(file.order)
                self.write_state()
                raise
            self.report(findings)
            self.close(file.order.window)

    @property
    def windowed_by(self) -> str:
        """The column that comes nearest to what the filter of a window looks at."""
        return self.replication_key or ""

    def emit(self, file: VerifiedFile, rows: Iterator[Row]) -> Iterator[Row]:
        """Write a file's records, or yield them where the SDK has to."""
        del file  # subclasses may want to know whose rows these are
        write = self.short_way()
        if write is None:
            yield from rows
            return
        count = 0
        for row in rows:
            write(row)
            count += 1
        self.count(count)

    def short_way(self) -> Callable[[Row], None] | None:
        """Return what writes a record past the SDK; None where the SDK does more than write."""
        writer = self._tap.message_writer
        if not isinstance(writer, MessageWriter) or self.ABORT_AT_RECORD_COUNT is not None:
            return None
        maps = self.stream_maps
        plain = [type(each) for each in maps] == [SameRecordTransform]
        whole = all(chosen for crumb, chosen in self.mask.items() if len(crumb) > _FIELD_DEPTH)
        if not plain or not whole or maps[0].flattening_enabled:
            return None
        return writer.record_writer(maps[0].stream_alias)

    def get_record_counter(self, **options: Any) -> Counter:  # noqa: ANN401 - the SDK's own
        """Keep the SDK's counter, for records that go past it."""
        self._counter = super().get_record_counter(**options)
        return self._counter

    def count(self, records: int) -> None:
        """Count records for the SDK's metrics."""
        if self._counter and records:
            self._counter.increment(records)

    def rows(self, file: VerifiedFile, findings: Findings) -> Iterator[Row]:
        """Yield a file's typed rows, minding new jobs meanwhile."""
        gone = dict.fromkeys(set(file.order.request.fields) - set(file.request.fields))
        read = read_rows(file.content, self._layout(file), findings)
        rows = (row | gone for row in read) if gone else read
        for row in rows:
            yield row
            # The others of a hundred pass without a word of Python.
            yield from islice(rows, NOTE_EVERY_ROWS - 1)
            self.source.pipeline.note()

    def field_type(self, name: str) -> FieldType:
        """Return the type of a column, which is the catalog's word."""
        return type_for_schema(self.effective_schema["properties"][name])

    def _layout(self, file: VerifiedFile) -> Layout:
        request = file.request
        types = {name: self.field_type(name) for name in request.fields}
        return Layout(
            columns=dict(zip(request.header, request.fields, strict=True)),
            parsers={name: kind.parse for name, kind in types.items() if kind is not TEXT},
            key=self.key,
            separators=SEPARATORS[request.format],
            invalid_as_null=self.source.settings.invalid_as_null,
        )

    def _prove_count(self, file: VerifiedFile, findings: Findings) -> None:
        if findings.rows != file.job.records:
            message = (
                f"Export {file.job.export_id} of {file.order} holds {findings.rows} rows, but "
                f"Marketo counted {file.job.records}. The bookmark was not moved; run again."
            )
            raise CorruptFileError(message)

    # State: windows move the bookmark.

    def close(self, window: Window) -> None:
        """Count a window as done: move the bookmark to its end and tell the target."""
        self.bookmark.close(window)
        self.reach(window.end)
        self.write_state()

    def record_export(self, order: Order, export_id: str) -> None:
        """Put the id of a job into STATE, before the job can cost anything."""
        self.bookmark.record(order, export_id)
        self.write_state()
