"""Streams whose records come from REST calls, page by page, without export jobs.

``deleted_leads`` is one: one record per lead that was deleted or merged into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.marketo.limits import DELETION_LIFE
from tap_marketo_bulk.marketo.lists import iter_deleted_lead_pages
from tap_marketo_bulk.plan.ledger import Goal
from tap_marketo_bulk.plan.windows import Window, whole_second
from tap_marketo_bulk.rows.field_types import ATTRIBUTES
from tap_marketo_bulk.rows.records import RestRecordConverter
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.streams.activities import COLUMNS, KEY, REPLICATION_KEY
from tap_marketo_bulk.streams.base import MarketoStream, StreamSpec
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.rows.records import Record
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.context import CreationContext
    from tap_marketo_bulk.streams.run import Run


# Before the first record of any subscription: Marketo was founded in 2006.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
# Returns pages of the entries between two instants; each entry has the stream's columns by
# Marketo's names. Entries after the second instant may be among them: they are dropped.
ReadPages = Callable[[datetime, datetime], Iterator[Sequence[Mapping[str, object]]]]


class RestStream(MarketoStream):
    """A stream that is read with REST calls.

    Where a permission is missing, it is left out, and the run ends with an error after all other
    streams were read.

    Marketo documents no order of pages, so the bookmark moves once, after the last page.
    """

    def __init__(self, tap: Tap, spec: StreamSpec, run: Run, read_pages: ReadPages) -> None:
        """Take what the stream is and how it is read.

        Args:
            tap: The tap.
            spec: What the stream is.
            run: The run, which the streams of a tap share.
            read_pages: Makes the calls.
        """
        super().__init__(tap, spec)
        self._run = run
        self._read_pages = read_pages

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield the records of all pages, and move the bookmark after the last."""
        del context  # there are no partitions
        window = self._unread_window()
        try:
            if window is not None:
                yield from self._read(window)
        except AccessDeniedError as error:
            self._run.postponed_errors.leave_out(self.name, error, is_test=self.has_record_limit)

    def _read(self, window: Window) -> Iterator[Record]:
        statistics = self._run.statistics
        converter = RestRecordConverter(
            self.record_fields(), statistics.invalid_value_handler(self.name)
        )
        for page in self._run.pages(self._read_pages(window.start, window.end)):
            converted = [converter.convert(entry) for entry in page]
            records = [record for record in converted if self._is_within(record, window)]
            yield from records
            statistics.add_records(self.name, len(records))
        statistics.warn_of_altered_values([self.name])
        if self._has_bookmark and not self.has_record_limit:
            self._run.finish_read(self, window)

    def _is_within(self, record: Record, window: Window) -> bool:
        """Return whether a record is for this run; later ones are left for the next."""
        instant = record.get(self.replication_key or "")
        return instant is None or str(instant) <= format_instant(window.end)

    @property
    def _has_bookmark(self) -> bool:
        return not self.is_full and bool(self.replication_key)

    def _unread_window(self) -> Window | None:
        """Return the interval that this run reads, None if nothing is unread."""
        period = self._run.period
        start = BEGINNING if self.spec.ignores_start_date else whole_second(period.start)
        if self.has_record_limit or not self._has_bookmark:
            # A connection test takes a record of any age: that costs no quota.
            return Window(start, max(start, period.horizon))
        goal = Goal(self.replication_key or "", start, period.horizon, self.spec.lookback)
        return self._run.unread_window(self, goal)


NAME = "deleted_leads"
# Get Deleted Leads does not return these.
_MISSING_COLUMNS = ("campaignId", "actionResult")


def create_streams(context: CreationContext) -> Iterator[RestStream]:
    """Yield the stream of deleted leads."""
    spec = context.fixed_spec(deleted_leads_spec(context.settings))

    def read_pages(start: datetime, _end: datetime) -> Iterator[Sequence[Mapping[str, object]]]:
        # The API has no parameter for an end.
        return iter_deleted_lead_pages(context.client, start)

    yield RestStream(context.tap, spec, context.run, read_pages)


def deleted_leads_spec(settings: Settings) -> StreamSpec:
    """Return what the stream is; every subscription has the same columns."""
    return StreamSpec(
        name=NAME,
        schema=deleted_leads_schema(),
        key=KEY,
        replication_keys=(REPLICATION_KEY,),
        # Deletions are activities: dated when they happen, and stored later.
        lookback=settings.activity_lookback,
        kept_for=DELETION_LIFE,
        advice_if_lost=(
            "To find the leads that were deleted then, read leads with the replication method "
            "FULL_TABLE: they are the leads of the table that such a run does not load."
        ),
    )


def deleted_leads_schema() -> dict[str, Any]:
    """Return the JSON Schema of a deletion."""
    columns = {name: dict(each.schema) for name, each in COLUMNS.items()}
    for name in _MISSING_COLUMNS:
        del columns[name]
    columns[INVALID_VALUES] = dict(ATTRIBUTES.schema)
    return {"type": "object", "properties": columns}
