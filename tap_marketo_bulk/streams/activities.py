"""The activities stream, and the one export that serves it and every typed stream beside it."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract import fields
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.streams.bulk import BulkStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import timedelta

    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.extract.fields import FieldType
    from tap_marketo_bulk.extract.order import Order
    from tap_marketo_bulk.extract.pipeline import VerifiedFile
    from tap_marketo_bulk.extract.rows import Row
    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.streams.typed_activities import TypedActivitiesStream

# Adobe, "Bulk Activity Extract": the default columns, and actionResult when asked for.
COLUMNS = {
    "marketoGUID": fields.TEXT,
    "leadId": fields.INTEGER,
    "activityDate": fields.DATE_TIME,
    "activityTypeId": fields.INTEGER,
    "campaignId": fields.INTEGER,
    "primaryAttributeValueId": fields.INTEGER,
    "primaryAttributeValue": fields.TEXT,
    "attributes": fields.ATTRIBUTES,
    "actionResult": fields.TEXT,
}


class ActivitiesStream(BulkStream):
    """Activities of every type, ``attributes`` as an object.

    The typed streams are its children: each window is exported once, with the types that any
    of them lacks, and its rows are handed to all of them in the same pass. Their bookmarks
    are their own; the jobs are in the state of this stream.
    """

    name = "activities"
    export_object = "activities"
    key = "marketoGUID"
    valid_replication_keys = ("activityDate",)
    child_streams: list[TypedActivitiesStream]  # type: ignore[assignment] # the SDK says Stream

    @property
    def lookback(self) -> timedelta:
        """Activities are dated when they happen, and stored later."""
        return self.source.settings.activity_lookback

    # From time to orders.

    def orders(self) -> Iterator[Order]:
        """Yield one order per window, whatever the number of types.

        Streams that begin at different instants share orders from where they meet.
        """
        self._starts = {part.name: part.start() for part in self.parts()}
        begun = {start for start in self._starts.values() if start < self.horizon}
        for start, end in pairwise([*sorted(begun), self.horizon]):
            for window in self.windows_from(start, end):
                readers = self.readers(window)
                yield self.order(window, self._fields(readers), self._filter(window, readers))

    def parts(self) -> list[BulkStream]:
        """Return the selected streams that this one's files fill."""
        return [each for each in (self, *self.child_streams) if each.selected]

    def readers(self, window: Window) -> list[BulkStream]:
        """Return the streams that lack a window."""
        return [part for part in self.parts() if self._starts[part.name] <= window.start]

    def _fields(self, readers: list[BulkStream]) -> tuple[str, ...]:
        """Return the columns that some reader selects, in Marketo's order."""
        wanted = {name for reader in readers for name in reader.exported_fields()}
        return tuple(name for name in COLUMNS if name in wanted)

    def _filter(self, window: Window, readers: list[BulkStream]) -> Mapping[str, Any]:
        span = {"startAt": format_instant(window.start), "endAt": format_instant(window.end)}
        settings = self.source.settings.activity_filter
        types = list(settings.type_ids)
        if self not in readers:
            types = sorted(
                reader.kind.type_id for reader in self.child_streams if reader in readers
            )
        return {
            "createdAt": span,
            **({"activityTypeIds": types} if types else {}),
            **settings.primary,
        }

    # From files to records.

    def windows(self) -> Iterator[Row]:
        """Yield the records of one window after the other, the children's being written."""
        with ExitStack() as counters:
            for child in self.child_streams:
                if child.selected:
                    child.begin(counters)
            yield from super().windows()

    def emit(self, file: VerifiedFile, rows: Iterator[Row]) -> Iterator[Row]:
        """Hand each row to the stream of its type, and to this one."""
        readers = self.readers(file.order.window)
        takers: dict[object, Callable[[Row], None]] = {}
        for child in self.child_streams:
            if child in readers:
                # The catalog may declare the type's id a string.
                type_id = child.kind.type_id
                takers[type_id] = takers[str(type_id)] = child.taker(self.field_type)
        routed = _route(rows, takers) if takers else rows
        if self in readers:
            yield from super().emit(file, self._own(routed, file))
        else:
            for _ in routed:
                pass  # the children have taken what is theirs
        for child in self.child_streams:
            child.count_taken()

    def field_type(self, name: str) -> FieldType:
        """Return the type of a column, also of one that only children's catalogs have."""
        known = name in self.effective_schema["properties"]
        return super().field_type(name) if known else COLUMNS[name]

    def generate_child_contexts(
        self, record: Mapping[str, Any], context: Context | None
    ) -> Iterator[Context | None]:
        """Yield none: the SDK would sync each child anew for each record."""
        del record, context
        yield from ()

    def _own(self, rows: Iterator[Row], file: VerifiedFile) -> Iterator[Row]:
        """Leave out columns that only children asked for."""
        foreign = set(file.request.fields) - set(self.selected_fields)
        for row in rows:
            for name in foreign:
                del row[name]
            yield row

    # State.

    def close(self, window: Window) -> None:
        """Move the bookmark of each stream that the window belongs to, in one STATE."""
        self.bookmark.close(window)
        for reader in self.readers(window):
            reader.reach(window.end)
        self.write_state()


def _route(rows: Iterator[Row], takers: Mapping[object, Callable[[Row], None]]) -> Iterator[Row]:
    for row in rows:
        taker = takers.get(row["activityTypeId"])
        if taker:
            taker(row)
        yield row


def activities_schema() -> dict[str, Any]:
    """Return the JSON Schema of an activity."""
    return {
        "type": "object",
        "properties": {name: dict(kind.schema) for name, kind in COLUMNS.items()},
    }
