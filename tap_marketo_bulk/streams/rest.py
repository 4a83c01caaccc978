"""A stream whose records come from REST calls, page by page, without export jobs.

Deleted leads: one record per lead that was deleted or merged into another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.marketo.limits import DELETION_LIFE
from tap_marketo_bulk.marketo.lists import iter_deleted_lead_pages
from tap_marketo_bulk.marketo.retention import Retention
from tap_marketo_bulk.plan.ledger import BookmarkCoverage, owed_windows, state_when_read_begins
from tap_marketo_bulk.plan.windows import Window, whole_second
from tap_marketo_bulk.rows.field_types import ATTRIBUTES
from tap_marketo_bulk.rows.records import RestRecordConverter
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.streams.activities import COLUMNS, KEY, REPLICATION_KEY
from tap_marketo_bulk.streams.base import MarketoStream, StreamSpec
from tap_marketo_bulk.streams.bulk import warn_of_skipped_changes
from tap_marketo_bulk.streams.retention import read_start, warn_of_lost_records
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.plan.windows import SyncPeriod
    from tap_marketo_bulk.rows.records import Record
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.context import CreationContext
    from tap_marketo_bulk.streams.run import SyncRun


# Before the first record of any subscription: Marketo was founded in 2006.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class PageSource(Protocol):
    """Calls that return the entries of a stretch of time, page by page."""

    def pages(self, start: datetime, end: datetime) -> Iterator[Sequence[Mapping[str, object]]]:
        """Yield pages of entries; each entry has the stream's columns by Marketo's names.

        Entries after ``end`` may be among them: they are dropped.
        """
        ...


class RestStream(MarketoStream):
    """A stream that is read with REST calls.

    Where a permission is missing, it is left out, and the run ends with an error after all other
    streams were read.

    Marketo documents no order of pages, so the bookmark moves once, after the last page.
    """

    def __init__(self, tap: Tap, spec: StreamSpec, run: SyncRun, source: PageSource) -> None:
        """Describe the stream; nothing is read yet.

        Args:
            tap: The tap.
            spec: What the stream is.
            run: The run, which the streams of a tap share.
            source: The calls.
        """
        super().__init__(tap, spec)
        self._run = run
        self._source = source

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield the records of all pages, and move the bookmark after the last."""
        del context  # there are no partitions
        owed = self._owed()
        try:
            if owed is not None:
                yield from self._read(owed)
        except AccessDeniedError as error:
            self._run.postponed_errors.leave_out(self.name, error, is_test=self.has_record_limit)
        self._run.end_run_after_last_stream(self)

    def _read(self, owed: Window) -> Iterator[Record]:
        statistics = self._run.statistics
        converter = RestRecordConverter(
            self.record_fields(), statistics.invalid_value_handler(self.name)
        )
        for page in self._run.persist_jobs_between_pages(self._source.pages(owed.start, owed.end)):
            converted = [converter.convert(entry) for entry in page]
            records = [record for record in converted if self._is_within(record, owed)]
            yield from records
            statistics.add_records(self.name, len(records))
        statistics.warn_of_altered_values([self.name])
        self._run.finish_read(self, owed)

    def _is_within(self, record: Record, owed: Window) -> bool:
        """Return whether a record is for this run; later ones are left for the next."""
        instant = record.get(self.replication_key or "")
        return instant is None or str(instant) <= format_instant(owed.end)

    @property
    def _period(self) -> SyncPeriod:
        """Where this stream begins and stops reading."""
        period = self._run.period
        return replace(period, start=BEGINNING) if self.spec.ignores_start_date else period

    def _owed(self) -> Window | None:
        """Return the stretch of time that this run reads, None where there is none."""
        mode, period = self._run.planner.mode_of(self), self._period
        if self.has_record_limit:
            # A connection test takes a record of any age: that costs no quota.
            return Window(period.start, period.horizon)
        state_store, start = self._run.state_store, read_start(self, period)
        state = state_store[self.name]
        warn_of_skipped_changes(self, mode, state, period)
        warn_of_lost_records(self, mode, state, period)
        wanted = BookmarkCoverage(whole_second(start))
        state = state_when_read_begins(state, mode, wanted, period.horizon)
        state_store[self.name] = state
        owed = owed_windows(state, mode, start=start, horizon=period.horizon)
        starts = [each.window.start for each in state.backfills]
        return Window(min([owed[0].start, *starts]), owed[-1].end) if owed else None


NAME = "deleted_leads"


# Get Deleted Leads does not return these.
_MISSING_COLUMNS = ("campaignId", "actionResult")


def create_streams(context: CreationContext) -> Iterator[RestStream]:
    """Yield the stream of deleted leads."""
    spec = context.fixed_spec(deleted_leads_spec(context.settings))
    yield RestStream(context.tap, spec, context.run, DeletedLeadsSource(context.client))


def deleted_leads_spec(settings: Settings) -> StreamSpec:
    """Return what the stream is; every subscription has the same columns."""
    return StreamSpec(
        name=NAME,
        schema=deleted_leads_schema(),
        key=KEY,
        replication_keys=(REPLICATION_KEY,),
        # Deletions are activities: dated when they happen, and stored later.
        lookback=settings.activity_lookback,
        retention=Retention(
            DELETION_LIFE,
            DELETION_LIFE,
            "To find the leads that were deleted then, read leads with the replication method "
            "FULL_TABLE: they are the leads of the table that such a run does not load.",
        ),
    )


def deleted_leads_schema() -> dict[str, Any]:
    """Return the JSON Schema of a deletion."""
    columns = {name: dict(each.schema) for name, each in COLUMNS.items()}
    for name in _MISSING_COLUMNS:
        del columns[name]
    columns[INVALID_VALUES] = dict(ATTRIBUTES.schema)
    return {"type": "object", "properties": columns}


class DeletedLeadsSource:
    """Get Deleted Leads, whose calls have a beginning and no end."""

    def __init__(self, client: Client) -> None:
        """Make no call yet."""
        self._client = client

    def pages(self, start: datetime, end: datetime) -> Iterator[Sequence[Mapping[str, object]]]:
        """Yield pages of deletions since ``start``."""
        del end  # the API has no parameter for it
        return iter_deleted_lead_pages(self._client, start)
