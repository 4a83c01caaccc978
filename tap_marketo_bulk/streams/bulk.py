"""Streams with export jobs: what Marketo is asked for, and how the files are read."""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from tap_marketo_bulk.errors import CorruptFileError
from tap_marketo_bulk.exports.lost_jobs import TAG_BYTES, read_tag, tag_of
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.plan.ledger import ALL, NO_IDS, UNDATED, Goal, Ids, common_ids, earlier
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
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.exports.job import VerifiedFile
    from tap_marketo_bulk.plan.state_format import StreamState
    from tap_marketo_bulk.plan.windows import SyncPeriod, Window
    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.rows.records import Record
    from tap_marketo_bulk.streams.base import StreamSpec
    from tap_marketo_bulk.streams.run import Run
    from tap_marketo_bulk.streams.statistics import RunStatistics

logger = logging.getLogger("tap-marketo-bulk")
TYPE_COLUMN = "activityTypeId"


class RowObserver(Protocol):
    """Does something with the rows of files, beside what their streams do.

    Attributes:
        fields: The fields of a file that it needs.
    """

    fields: frozenset[str]

    def observe(self, fields: Sequence[str], block: Block) -> None:
        """Look at the rows of a file with these fields."""
        ...


@dataclass(frozen=True)
class ExportObject:
    """An object of Bulk Extract: how Marketo is asked for it.

    Attributes:
        path: The object in the API's paths.
        format: CSV, TSV or SSV.
        date_filters: Field of a replication key -> Marketo's filter by it.
        full_read_field: The field by which a full read is divided into windows; None if it is one
            export without dates.
        other_filters: Filters of every request, besides dates and ids.
        id_filter: Marketo's filter by ids; empty without one.
        ids_per_job: How many ids one job can have; None for any number.
        id_field: A field that each row gets with the id in the job's filter; empty for none.
        list_ids: Returns the ids that exist, if each has to be named; None if all need no filter.
        renamed_fields: Field of a file -> field of the records, if they differ.
        field_order: The fields of a file in its order; empty for the order of the catalog.
        repeatable_fields: Fields that Marketo may add to a file although they were requested.
        fallback: What is logged if the subscription lacks the filter of an incremental read and
            everything is read instead; it can have ``{reason}`` and ``{start}``. Empty if the
            object cannot be read then.
        planned_after: The stream whose records decide which ids are requested; None for no stream.
        observers: What else is done with the rows of files.
    """

    path: str
    format: str = "CSV"
    date_filters: Mapping[str, str] = field(default_factory=dict)
    full_read_field: str | None = None
    other_filters: Mapping[str, Any] = field(default_factory=dict)
    id_filter: str = ""
    ids_per_job: int | None = None
    id_field: str = ""
    list_ids: Callable[[], Iterable[int]] | None = None
    renamed_fields: Mapping[str, str] = field(default_factory=dict)
    field_order: tuple[str, ...] = ()
    repeatable_fields: frozenset[str] = frozenset()
    fallback: str = ""
    planned_after: str | None = None
    observers: Sequence[RowObserver] = ()

    @property
    def filter_digest(self) -> str:
        """A short hash of the other filters; empty without them."""
        if not self.other_filters:
            return ""
        text = json.dumps(dict(self.other_filters), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def existing_ids(self) -> Ids:
        """The ids that exist; ``ALL`` if none has to be named. Raises as ``list_ids``."""
        return ALL if self.list_ids is None else frozenset(self.list_ids())

    def request(
        self, fields: Sequence[str], window: Window, date_field: str | None, ids: Ids
    ) -> ExportRequest:
        """Return the request for some fields of an interval."""
        filters = dict(self.other_filters)
        if date_field is not None and window != UNDATED:
            dates = {"startAt": format_instant(window.start), "endAt": format_instant(window.end)}
            filters[self.date_filters[date_field]] = dates
        if ids is not None:
            ordered = sorted(ids)
            filters[self.id_filter] = ordered[0] if self.ids_per_job == 1 else ordered
        # The column with the job's tag must not be one that Marketo may add.
        ordered_fields = sorted(fields, key=lambda name: name in self.repeatable_fields)
        return ExportRequest(self.path, tuple(ordered_fields), filters, self.format)

    def added_cells(self, request: ExportRequest) -> dict[str, str]:
        """Return the fields that each row of a file gets beside those that it has."""
        return {self.id_field: str(request.filter[self.id_filter])} if self.id_field else {}


@dataclass(frozen=True)
class ExportGroup:
    """A stream with export jobs, and the streams that their files fill.

    Attributes:
        owner: The stream whose state holds the jobs; it is read by the SDK.
        consumers: The selected streams that the files fill; the owner is one if it is selected.
        export: How Marketo is asked for the files.
        is_fallback: Whether the subscription lacks the filter of an incremental read.
    """

    owner: MarketoStream
    consumers: tuple[MarketoStream, ...]
    export: ExportObject
    is_fallback: bool = False

    @property
    def name(self) -> str:
        """The name of the owner, which export tasks carry."""
        return self.owner.name

    def is_full(self, stream: MarketoStream) -> bool:
        """Return whether a stream is read in full."""
        return stream.is_full or self.is_fallback

    @property
    def bookmark_ledger_of_fallback(self) -> str | None:
        """The ledger whose bookmark a full read sets, if the filter is missing; else None."""
        has_dates = self.export.full_read_field is not None
        return self.owner.replication_key if self.is_fallback and has_dates else None

    def date_field(self, stream: MarketoStream) -> str | None:
        """Return the field that a window's filter looks at, None for an export without dates."""
        if self.is_full(stream):
            return self.export.full_read_field
        return stream.spec.names.field_of(stream.replication_key or "")

    def goal(self, stream: MarketoStream, state: StreamState, period: SyncPeriod) -> Goal:
        """Return what a run wants to have read of a stream. Raises as ``existing_ids``."""
        spec, export = stream.spec, self.export
        date_field = self.date_field(stream)
        goal = Goal(
            ledger=spec.names.column_of(date_field) if date_field else "",
            start=whole_second(period.start),
            horizon=period.horizon,
            lookback=spec.lookback,
            ids=self.wanted_ids(stream),
            filter_digest=export.filter_digest,
        )
        if self.is_full(stream):
            since = state.full_read.since if state.full_read else period.horizon
            goal = replace(goal, since=since)
            if date_field is None:
                goal = replace(goal, start=UNDATED.start, horizon=UNDATED.end)
        return self._pending_goal(stream, state, goal) if stream.is_partial else goal

    def _pending_goal(self, stream: MarketoStream, state: StreamState, goal: Goal) -> Goal:
        """Return the goal to have read the pending ids since the bookmark, or since they are."""
        pending = frozenset(state.pending_ids) | state.unlisted_ids.keys()
        ids = common_ids(pending, self.export.existing_ids) if pending else NO_IDS
        # The lookback is about the activities that name the ids, not about their members.
        goal = replace(goal, ids=ids, is_of_pending_ids=True, lookback=timedelta())
        if goal.since is not None:
            return goal
        starts = [since for each, since in state.unlisted_ids.items() if each in (ids or ())]
        first = min([self.pending_start(stream, state, goal), *starts])
        return replace(goal, start=max(goal.start, first))

    def pending_start(self, stream: MarketoStream, state: StreamState, goal: Goal) -> datetime:
        """Return since when the members of a program that activities name may be unread."""
        bookmark = state.ledger(goal.ledger).bookmark
        return earlier(bookmark, stream.spec.lookback) if bookmark else goal.start

    def wanted_ids(self, stream: MarketoStream) -> Ids:
        """Return the ids that settings, or the stream's own type, select."""
        if stream.spec.filter_ids:
            return frozenset(stream.spec.filter_ids)
        return ALL if stream.is_partial else self.export.existing_ids

    def make_request(self, window: Window, ids: Ids, streams: Sequence[str]) -> ExportRequest:
        """Return the request for a window, with the fields that some consumers need."""
        consumers = [each for each in self.consumers if each.name in streams]
        needed = {name for each in consumers for name in each.exported_fields()}
        needed |= {name for each in self.export.observers for name in each.fields}
        order = self.export.field_order or consumers[0].exported_fields_in_order()
        in_file = {record: name for name, record in self.export.renamed_fields.items()}
        fields = [
            in_file.get(name, name)
            for name in order
            if name in needed and name != self.export.id_field
        ]
        return self.export.request(fields, window, self.date_field(consumers[0]), ids)


class BulkStream(MarketoStream):
    """A stream whose records come from bulk export jobs.

    The bookmark is the end of the last window that was verified and written: the filter's clock
    and the record's column differ, so no value of a row could be it.
    """

    def __init__(self, tap: Tap, spec: StreamSpec, run: Run, export: ExportObject) -> None:
        """Take what the stream is, the run, and how Marketo is asked for the files."""
        super().__init__(tap, spec)
        self._run = run
        self.export = export

    def export_group(self) -> ExportGroup:
        """Return this stream with the selected streams that its files fill."""
        children = [each for each in self.child_streams if isinstance(each, MarketoStream)]
        consumers = tuple(each for each in (self, *children) if each.selected)
        return ExportGroup(self, consumers, self.export)

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

    def __init__(self, group: ExportGroup, run: Run) -> None:
        self._group = group
        self._run = run
        self._emitters = {stream.name: RecordEmitter(stream) for stream in group.consumers}
        self._overlap: WindowOverlapFilter | None = None

    def read(self, file: VerifiedFile, date_field: str | None) -> Iterator[Record]:
        """Write the records of a file, and yield those that the SDK has to write.

        Args:
            file: The file.
            date_field: The field that its window is about; None for an export without dates.

        Raises:
            DataError: The file is not what its job reported, or a value is invalid.
        """
        stats, export, statistics = FileStats(), self._group.export, self._run.statistics
        emitters = [self._emitters[name] for name in file.task.consumers]
        fields, blocks = read_blocks(
            file.content,
            ExpectedFormat(
                fields_by_header(file),
                SEPARATORS[file.request.format],
                export.repeatable_fields,
                file.job.export_id,
            ),
            stats,
            # Each stream of one type gets a part of each block only.
            SPLIT_CHUNK_BYTES if len(emitters) > 1 else CHUNK_BYTES,
        )
        fields = tuple(export.renamed_fields.get(name, name) for name in fields)
        if added := export.added_cells(file.request):
            fields = (*fields, *added)
            blocks = with_added_cells(blocks, list(added.values()))
        router = RecordRouter(fields, emitters, statistics)
        for block in self._without_overlap(file, date_field, fields, blocks):
            for observer in export.observers:
                observer.observe(fields, block)
            for emitter, records in router.route(block):
                if emitter.stream is self._group.owner and not emitter.is_fast:
                    yield from records
                else:
                    emitter.write(records)
                statistics.add_records(emitter.stream.name, len(records))
            self._run.loop.take_due_step()
        statistics.add_file(self._group.name, stats)
        _verify_row_count(file, stats)

    def _without_overlap(
        self,
        file: VerifiedFile,
        date_field: str | None,
        fields: tuple[str, ...],
        blocks: Iterator[Block],
    ) -> Iterator[Block]:
        """Yield blocks without the rows that were written from the previous window's file."""
        if date_field is None:
            yield from blocks
            return
        if self._overlap is None or self._overlap.instant_field != date_field:
            self._overlap = WindowOverlapFilter(date_field)
        self._overlap.begin_file(file.task.window, fields, tuple(file.task.consumers))
        yield from map(self._overlap.filter, blocks)


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
