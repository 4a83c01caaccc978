"""The leads stream: one record per lead, columns from Describe Lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_marketo_bulk.errors import UnsupportedFilterError
from tap_marketo_bulk.extract.fields import TEXT, type_of
from tap_marketo_bulk.extract.windows import Window
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.streams.bulk import BulkStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from tap_marketo_bulk.extract.order import Order
    from tap_marketo_bulk.extract.rows import Row
    from tap_marketo_bulk.marketo.describe import LeadField

# While a sweep is under way: the horizon of the run that began it, and how far it came.
SWEEP_BEGAN = "sweep_began"
SWEEP_REACHED = "sweep_reached"


class LeadsStream(BulkStream):
    """Leads, by their latest change or by their creation.

    Where the subscription lacks the ``updatedAt`` filter, each run is a sweep over all
    leads by ``createdAt``: dearer, but no update is missed. The bookmark then moves at the end
    of a sweep, to the horizon of its beginning, since a lead may change after its window was
    read.
    """

    name = "leads"
    export_object = "leads"
    key = "id"
    valid_replication_keys = ("updatedAt", "createdAt")
    _sweeps = False

    @property
    def replication_method(self) -> str:
        """A list tells its members and not its changes, so it is always the full table."""
        return REPLICATION_FULL_TABLE if self._list else super().replication_method

    @property
    def _list(self) -> Mapping[str, Any]:
        return self.source.settings.lead_list

    def orders(self) -> Iterator[Order]:
        """Yield windows from the bookmark on, or of a sweep from where it was left.

        A list is one order, whose window says no more than when it was read.
        """
        if self._list:
            yield self._list_order()
            return
        start = self._sweep_start() if self._sweeps else self.start()
        for window in self.windows_from(start, self.horizon):
            yield self.order(window, self.selected_fields, self._filter(window))

    @property
    def windowed_by(self) -> str:
        """The replication key, or for all leads their creation, which each has just once."""
        full = self._sweeps or self.replication_method == REPLICATION_FULL_TABLE
        return "createdAt" if full else self.replication_key or "createdAt"

    def _filter(self, window: Window) -> Mapping[str, Any]:
        span = {"startAt": format_instant(window.start), "endAt": format_instant(window.end)}
        return {self.windowed_by: span}

    def _list_order(self) -> Order:
        now = Window(self.source.settings.start, max(self.horizon, self.source.settings.start))
        left = [export.window for export in self.bookmark.exports()]
        orders = [self.order(window, self.selected_fields, self._list) for window in (*left, now)]
        return next((order for order in orders if order.export_id), orders[-1])

    def windows(self) -> Iterator[Row]:
        """Yield the records; a subscription without the ``updatedAt`` filter shows here."""
        try:
            yield from super().windows()
        except UnsupportedFilterError as error:
            if self._sweeps or self._list or self.replication_key != "updatedAt":
                raise
            self.logger.warning(
                "Marketo has no updatedAt filter for this subscription (%s), so each run exports "
                "all leads created since %s, which spends quota for all of them. Ask Marketo "
                "Support to enable the updatedAt filter for bulk lead extract.",
                error.reason.rstrip("."),
                format_instant(self.source.settings.start),
            )
            self._begin_sweep()
            yield from super().windows()

    def _sweep_start(self) -> datetime:
        if self.ABORT_AT_RECORD_COUNT is not None:
            return self.test_start()
        return self.bookmark.instant(SWEEP_REACHED) or self.source.settings.start

    def _begin_sweep(self) -> None:
        self._sweeps = True
        if self.bookmark.instant(SWEEP_BEGAN) is None:
            self.bookmark.keep(SWEEP_BEGAN, self.horizon)
        self.source.order_again(self)

    def close(self, window: Window) -> None:
        """Close a window; in a sweep only the last one moves the bookmark."""
        if not self._sweeps:
            super().close(window)
        else:
            self.bookmark.close(window)
            self._advance_sweep(window)
            self.write_state()

    def _advance_sweep(self, window: Window) -> None:
        if window.end < self.horizon:
            self.bookmark.keep(SWEEP_REACHED, window.end)
            return
        self.reach(self.bookmark.instant(SWEEP_BEGAN) or window.start)
        for key in (SWEEP_BEGAN, SWEEP_REACHED):
            self.bookmark.keep(key, None)


def leads_schema(fields: Iterable[LeadField], extra: Iterable[str] = ()) -> dict[str, Any]:
    """Return the JSON Schema of a lead; ``extra`` are names of fields nobody describes."""
    described = {
        field.name: {**type_of(field.data_type).schema, "title": field.display_name}
        for field in fields
    }
    undescribed = {name: dict(TEXT.schema) for name in extra}
    return {"type": "object", "properties": undescribed | described}
