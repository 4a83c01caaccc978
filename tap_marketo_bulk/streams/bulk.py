"""Streams that the same export jobs fill, and what Marketo is asked for on their behalf.

One file's rows to the streams that they are for.

A stream with export jobs: reads their files, for itself and for streams that share them.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from tap_marketo_bulk.errors import CorruptFileError
from tap_marketo_bulk.exports.lost_jobs import TAG_BYTES, read_tag, tag_of
from tap_marketo_bulk.plan.ledger import (
    BackfillReadMode,
    BookmarkCoverage,
    PartialReadMode,
    StreamState,
    UndatedReadMode,
    after_window,
    bookmark_of,
    owed_windows,
    state_when_read_begins,
)
from tap_marketo_bulk.plan.planner import (
    Consumer,
    PlanningInput,
    backfill_name,
    plan_tasks,
    stream_of,
)
from tap_marketo_bulk.plan.windows import whole_second
from tap_marketo_bulk.rows.csv_file import (
    CHUNK_BYTES,
    SEPARATORS,
    SPLIT_CHUNK_BYTES,
    ExpectedFormat,
    FileStats,
    read_blocks,
    split_by_column,
    with_added_cells,
)
from tap_marketo_bulk.rows.overlap import WindowOverlapFilter
from tap_marketo_bulk.streams.base import MarketoStream
from tap_marketo_bulk.streams.output import RecordEmitter
from tap_marketo_bulk.streams.retention import read_start
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.errors import UnsupportedFilterError
    from tap_marketo_bulk.exports.job import VerifiedFile
    from tap_marketo_bulk.marketo.exports import ExportRequest
    from tap_marketo_bulk.plan.ledger import ReadMode
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.plan.windows import SyncPeriod, Window
    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.rows.records import Record
    from tap_marketo_bulk.streams.base import StreamSpec
    from tap_marketo_bulk.streams.report import RunStatistics
    from tap_marketo_bulk.streams.run import SyncRun
    from tap_marketo_bulk.streams.state_store import StateStore

logger = logging.getLogger("tap-marketo-bulk")


# A connection test wants a record or two, not a whole window's worth of quota.
TEST_SPAN = timedelta(hours=1)


@dataclass(frozen=True)
class ConsumerNeeds:
    """The rows that a consumer needs of a file.

    Attributes:
        stream: The stream that they are for.
        filter_ids: The activity types, or the programs, that it needs; none means all, except for
            a stream that is partial.
    """

    stream: MarketoStream
    filter_ids: tuple[int, ...]


class ExportRequestBuilder(Protocol):
    """One of Marketo's export objects: how it is asked for.

    Attributes:
        object_path: The export object in the API's paths.
        planned_after: The stream whose records decide what is requested; None where none does.
        repeatable_columns: Columns that Marketo may add to a file although they were requested.
    """

    object_path: str
    planned_after: str | None = None
    repeatable_columns: frozenset[str] = frozenset()

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return the requests whose files together hold a window for these consumers."""
        ...

    def constant_cells(self, request: ExportRequest) -> Mapping[str, str]:
        """Return columns that each row of a file gets beside those that it has."""
        del request
        return {}

    def date_column(self, mode: ReadMode) -> str | None:
        """Return the column that a window's filter looks at, None for an export without dates."""
        ...

    def fallback_mode(self, mode: ReadMode, error: UnsupportedFilterError) -> ReadMode | None:
        """Return how to read where the subscription lacks a mode's filter; None for not at all."""
        del mode, error
        return None


def window_filter(window: Window) -> dict[str, str]:
    """Return a window as Marketo's filters have it."""
    return {"startAt": format_instant(window.start), "endAt": format_instant(window.end)}


@dataclass(frozen=True)
class ExportGroup:
    """A stream with export jobs, and the streams that their files fill.

    Attributes:
        owner: The stream whose state holds the jobs; it is read by the SDK.
        consumers: The selected streams that the files fill; the owner is one if it is selected.
        request_builder: How Marketo is asked for the files.
    """

    owner: MarketoStream
    consumers: tuple[MarketoStream, ...]
    request_builder: ExportRequestBuilder

    @property
    def name(self) -> str:
        """The name of the owner, which export tasks carry."""
        return self.owner.name

    def begin(
        self, modes: Mapping[str, ReadMode], state_store: StateStore, period: SyncPeriod
    ) -> None:
        """Put into the state what must be there before any job is.

        Args:
            modes: How each consumer is read.
            state_store: The bookmarks and unfinished jobs.
            period: Where this run begins and stops reading.
        """
        for stream in self.consumers:
            state = state_store[stream.name]
            wanted = BookmarkCoverage(
                whole_second(read_start(stream, period)), stream.spec.filter_ids
            )
            mode = modes[stream.name]
            state = state_when_read_begins(state, mode, wanted, period.horizon)
            if isinstance(mode, PartialReadMode):
                state = self._state_if_nothing_is_read(stream, state, mode, period)
            state_store[stream.name] = state

    def _state_if_nothing_is_read(
        self, stream: MarketoStream, state: StreamState, mode: PartialReadMode, period: SyncPeriod
    ) -> StreamState:
        """Return the state after the read, if none of the pending ids has to be read."""
        owed = owed_windows(state, mode, start=period.start, horizon=period.horizon)
        needs = [ConsumerNeeds(stream, state.pending_ids)]
        if any(self.request_builder.requests(window, needs, mode) for window in owed):
            return state
        horizon = period.horizon
        for window in owed:
            state = after_window(state, mode, window, read_horizon=horizon, horizon=horizon)
        return state

    def tasks(
        self, modes: Mapping[str, ReadMode], state_store: StateStore, period: SyncPeriod
    ) -> list[ExportTask]:
        """Return the tasks of this group in the order of reading."""
        return plan_tasks(self.planning_input(modes, state_store, period))

    def consumer_modes(
        self, modes: Mapping[str, ReadMode], state_store: StateStore
    ) -> dict[str, ReadMode]:
        """Return how each consumer is read, the backfills of streams too."""
        backfills = {
            backfill_name(stream.name, index): BackfillReadMode(index)
            for stream in self.consumers
            for index in range(len(state_store[stream.name].backfills))
        }
        return {**modes, **backfills}

    def planning_input(
        self, modes: Mapping[str, ReadMode], state_store: StateStore, period: SyncPeriod
    ) -> PlanningInput:
        """Return what the tasks are made from."""
        selections = {
            name: selection
            for stream in self.consumers
            for name, selection in _selections(stream, state_store)
        }

        def requests(window: Window, names: tuple[str, ...]) -> Sequence[ExportRequest]:
            mode = modes[stream_of(names[0])]
            return self.request_builder.requests(window, [selections[name] for name in names], mode)

        return PlanningInput(
            stream=self.name,
            consumers=tuple(
                consumer
                for stream in self.consumers
                for consumer in _consumers(stream, modes[stream.name], state_store, period)
            ),
            exports=state_store[self.name].exports,
            make_requests=requests,
            required_fields=self.owner.required_fields,
            horizon=period.horizon,
            window_length=period.window_length,
        )


def _consumers(
    stream: MarketoStream, mode: ReadMode, state_store: StateStore, period: SyncPeriod
) -> Iterator[Consumer]:
    """Yield a stream as a consumer, and its backfills."""
    if stream.has_record_limit:
        start = max(read_start(stream, period), period.horizon - TEST_SPAN)
        yield Consumer(stream.name, mode, StreamState(), start)
        return
    state = state_store[stream.name]
    start = read_start(stream, period)
    yield Consumer(stream.name, mode, state, start)
    if isinstance(mode, PartialReadMode | UndatedReadMode):
        return
    for index in range(len(state.backfills)):
        name = backfill_name(stream.name, index)
        yield Consumer(name, BackfillReadMode(index), state, start)


def _selections(
    stream: MarketoStream, state_store: StateStore
) -> Iterator[tuple[str, ConsumerNeeds]]:
    """Yield the rows that a stream needs, and those of its backfills, by consumer."""
    spec = stream.spec
    state = state_store[stream.name]
    needed_ids = state.pending_ids if stream.is_partial else spec.filter_ids
    yield stream.name, ConsumerNeeds(stream, needed_ids)
    for index, backfill in enumerate(state.backfills):
        filter_ids = spec.filter_ids if spec.activity_type_id else backfill.filter_ids
        yield backfill_name(stream.name, index), ConsumerNeeds(stream, filter_ids)


def warn_of_skipped_changes(
    stream: MarketoStream, mode: ReadMode, state: StreamState, period: SyncPeriod
) -> None:
    """Warn where the start date leaves out what happened since the bookmark."""
    bookmark = bookmark_of(state, mode)
    if bookmark and period.start > bookmark:
        logger.warning(
            "start_date %s is after the bookmark of %s, so changes since %s are skipped. Set "
            "start_date back to load them.",
            format_instant(period.start),
            stream.name,
            format_instant(bookmark),
        )


TYPE_COLUMN = "activityTypeId"


class RecordRouter:
    """Converts the rows of a file to records, for each of its consumers by that stream's schema.

    A stream of one activity type gets the rows of its type, by the text in the file; any other
    stream gets all rows.
    """

    def __init__(
        self, fields: Sequence[str], emitters: Sequence[RecordEmitter], statistics: RunStatistics
    ) -> None:
        """Make a converter for each consumer.

        Args:
            fields: The file's fields in its order.
            emitters: Those of the streams that the file is for.
            statistics: Where invalid values are counted.
        """
        self._of_all_types = []
        self._of_one_type = {}
        for emitter in emitters:
            stream, type_id = emitter.stream, emitter.stream.spec.activity_type_id
            invalid_values = statistics.invalid_value_handler(stream.name)
            converter = stream.row_converter(fields, invalid_values, emitter.record_format)
            if type_id is None:
                self._of_all_types.append((emitter, converter))
            else:
                self._of_one_type[str(type_id)] = (emitter, converter)
        self._type_column = fields.index(TYPE_COLUMN) if self._of_one_type else 0

    def route(self, block: Block) -> Iterator[tuple[RecordEmitter, list[Any]]]:
        """Yield emitters with the records of a block that are for their streams."""
        for emitter, converter in self._of_all_types:
            yield emitter, converter.convert(block)
        if self._of_one_type:
            for text, rows in split_by_column(block, self._type_column).items():
                if text in self._of_one_type:
                    emitter, converter = self._of_one_type[text]
                    yield emitter, converter.convert(rows)


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
