"""A stream with export jobs: reads their files, for itself and for streams that share them."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import CorruptFileError
from tap_marketo_bulk.extract.blocks import with_added_cells
from tap_marketo_bulk.extract.cells import CHUNK_BYTES
from tap_marketo_bulk.extract.file_reader import (
    SEPARATORS,
    SPLIT_CHUNK_BYTES,
    ExpectedFormat,
    FileStats,
    read_blocks,
)
from tap_marketo_bulk.extract.job_tag import TAG_BYTES, read_tag, tag_of
from tap_marketo_bulk.extract.planner import stream_of
from tap_marketo_bulk.extract.window_overlap import WindowOverlapFilter
from tap_marketo_bulk.streams.base import MarketoStream
from tap_marketo_bulk.streams.emitter import RecordEmitter
from tap_marketo_bulk.streams.export_group import ExportGroup
from tap_marketo_bulk.streams.router import RecordRouter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.extract.blocks import Block
    from tap_marketo_bulk.extract.events import VerifiedFile
    from tap_marketo_bulk.extract.records import Record
    from tap_marketo_bulk.streams.base import StreamSpec
    from tap_marketo_bulk.streams.export_group import ExportRequestBuilder
    from tap_marketo_bulk.streams.sync_run import SyncRun

logger = logging.getLogger("tap-marketo-bulk")


class BulkStream(MarketoStream):
    """A stream whose records come from bulk export jobs.

    The bookmark is the end of the last window that was verified and emitted: the filter's clock
    and the record's column differ, so no value of a row could be it.
    """

    def __init__(
        self, tap: Tap, spec: StreamSpec, run: SyncRun, request_builder: ExportRequestBuilder
    ) -> None:
        """Describe the stream; nothing is read yet.

        Args:
            tap: The tap.
            spec: What the stream is.
            run: The run, which the streams of a tap share.
            request_builder: How Marketo is asked for the files.
        """
        super().__init__(tap, spec)
        self._run = run
        self._request_builder = request_builder

    def export_group(self) -> ExportGroup:
        """Return this stream with the selected streams that its files fill."""
        children = [each for each in self.child_streams if isinstance(each, MarketoStream)]
        consumers = tuple(each for each in (self, *children) if each.selected)
        return ExportGroup(self, consumers, self._request_builder)

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield the records that the SDK has to write; all others are written here."""
        del context  # there are no partitions
        group = self.export_group()
        with ExitStack() as counters:
            for consumer in group.consumers:
                if consumer is not self:
                    consumer.write_schema()
                    counters.enter_context(consumer.get_record_counter())
            yield from self._run.read(group, GroupReader(group, self._run).read)


class GroupReader:
    """Reads the files of an export group, one after the other."""

    def __init__(self, group: ExportGroup, run: SyncRun) -> None:
        """Read nothing yet."""
        self._group = group
        self._run = run
        self._emitters = {stream.name: RecordEmitter(stream) for stream in group.consumers}
        self._overlap: WindowOverlapFilter | None = None
        self._overlap_column: str | None = None

    def read(self, file: VerifiedFile) -> Iterator[Record]:
        """Write the records of a file, and yield those that the SDK has to write.

        Raises:
            DataError: The file is not what its job reported, or a value is invalid.
        """
        stats, request, builder = FileStats(), file.request, self._group.request_builder
        names = dict.fromkeys(map(stream_of, file.task.consumers))
        emitters = [self._emitters[name] for name in names]
        fields, blocks = read_blocks(
            file.content,
            ExpectedFormat(
                fields_by_header(file), SEPARATORS[request.format], builder.repeatable_columns
            ),
            stats,
            # Each stream of one type gets a part of each block only.
            SPLIT_CHUNK_BYTES if len(emitters) > 1 else CHUNK_BYTES,
        )
        constant_cells = builder.constant_cells(request)
        if constant_cells:
            fields = (*fields, *constant_cells)
            blocks = with_added_cells(blocks, list(constant_cells.values()))
        observers = self._run.row_observers[self._group.name]
        router = RecordRouter(fields, emitters, self._run.statistics)
        for block in self._without_overlap(file, fields, blocks):
            for observer in observers:
                observer.observe(fields, block)
            for emitter, records in router.route(block):
                if emitter.stream is self._group.owner and not emitter.is_fast:
                    yield from records
                else:
                    emitter.write(records)
                self._run.statistics.add_records(emitter.stream.name, len(records))
            self._run.persist_job_ids()
        self._run.statistics.add_file(self._group.name, stats)
        _verify_row_count(file, stats)

    def _without_overlap(
        self, file: VerifiedFile, fields: tuple[str, ...], blocks: Iterator[Block]
    ) -> Iterator[Block]:
        """Yield blocks without the rows that were emitted from the previous window's file."""
        column = self._group.request_builder.date_column(
            self._run.planner.mode_of(self._group.owner)
        )
        if column is None:
            yield from blocks
            return
        if self._overlap is None or column != self._overlap_column:
            self._overlap, self._overlap_column = WindowOverlapFilter(column), column
        self._overlap.begin_file(file.task.window, fields, file.task.consumers)
        yield from map(self._overlap.filter, blocks)


def fields_by_header(file: VerifiedFile) -> dict[str, str]:
    """Return the headers that a file must have, with the fields that they stand for.

    The first column's header is the job's tag, or the field's own name: jobs of earlier versions
    have no tag, and it is not established that every subscription writes the header it was given.
    """
    fields = file.request.fields
    unknown_fields = len(file.task.request.fields) - len(fields)
    tag = tag_of(file.task, fields[0], unknown_fields)
    is_tagged = read_tag(file.content.read(TAG_BYTES)) == tag
    file.content.seek(0)
    if file.request.column_header_names and not is_tagged:
        logger.debug("The file of export %s has no tag.", file.job.export_id)
    return {str(tag) if is_tagged and name == fields[0] else name: name for name in fields}


def _verify_row_count(file: VerifiedFile, stats: FileStats) -> None:
    if stats.rows != file.job.records:
        message = (
            f"Export {file.job.export_id} of {file.task} has {stats.rows} rows, but Marketo "
            f"reported {file.job.records}. The bookmark was not moved; run again."
        )
        raise CorruptFileError(message)
