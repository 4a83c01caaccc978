"""The reference streams: what the ids in leads and activities refer to, read with REST calls.

They are defined by the table ``REFERENCE_STREAMS``. A stream with a replication key is read
incrementally, all others in full on every run, without a bookmark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract.field_types import ATTRIBUTES
from tap_marketo_bulk.extract.invalid_values import INVALID_VALUES
from tap_marketo_bulk.extract.read_modes import UndatedReadMode
from tap_marketo_bulk.marketo import assets
from tap_marketo_bulk.marketo.activity_types import TYPES_PATH, activity_type_entries
from tap_marketo_bulk.marketo.assets import ASSETS_PATH
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.describe import LEADS_PATH, flat_lead_field_entries
from tap_marketo_bulk.marketo.limits import USAGE_LIFE
from tap_marketo_bulk.marketo.paging import Entry
from tap_marketo_bulk.marketo.retention import Retention
from tap_marketo_bulk.marketo.static_lists import ASSET_LISTS_PATH, iter_static_list_pages
from tap_marketo_bulk.marketo.usage import USAGE_PATH, usage_by_day
from tap_marketo_bulk.streams import reference_columns as columns
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.rest import RestStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.streams.creation_context import CreationContext
    from tap_marketo_bulk.streams.reference_columns import Columns

OTHER = "other"
# Days of usage are those of US Central time, which is at most this much behind UTC.
US_CENTRAL_OFFSET = timedelta(hours=6)

ReadPages = Callable[[Client, datetime, datetime], Iterator[Sequence[Entry]]]


@dataclass(frozen=True)
class ReferenceDefinition:
    """What a reference stream is, and how it is read.

    Attributes:
        name: The stream's name.
        path: The call, which also tells the permission that is needed.
        columns: The documented columns with their types.
        read_pages: Yields pages of the entries between two instants, or of all entries.
        key: The columns that identify a record.
        replication_key: The column that ``read_pages`` filters by, if it does.
        selected_by_default: Whether it is read without a catalog.
        retention: How long Marketo keeps the entries; None for ever.
    """

    name: str
    path: str
    columns: Columns
    read_pages: ReadPages
    key: tuple[str, ...] = ("id",)
    replication_key: str | None = None
    selected_by_default: bool = False
    retention: Retention | None = None

    def spec(self) -> StreamSpec:
        """Return what the stream is; every subscription has the same columns."""
        return StreamSpec(
            name=self.name,
            schema=self.schema(),
            key=self.key,
            replication_keys=(self.replication_key,) if self.replication_key else (),
            full_read=UndatedReadMode(),
            is_always_full=self.replication_key is None,
            selected_by_default=self.selected_by_default,
            ignores_start_date=True,
            retention=self.retention,
        )

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a record."""
        properties = {name: dict(each.schema) for name, each in self.columns.items()}
        for name in (OTHER, INVALID_VALUES):
            properties[name] = dict(ATTRIBUTES.schema)
        return {"type": "object", "properties": properties}


class ReferenceSource:
    """The calls of a reference stream."""

    def __init__(self, stream: ReferenceDefinition, client: Client) -> None:
        """Make no call yet."""
        self._stream = stream
        self._client = client

    def pages(self, start: datetime, end: datetime) -> Iterator[Sequence[Mapping[str, object]]]:
        """Yield pages of entries; what is in none of the columns is in ``other``."""
        for page in self._stream.read_pages(self._client, start, end):
            yield [self._with_other(entry) for entry in page]

    def _with_other(self, entry: Entry) -> Entry:
        documented = self._stream.columns
        known = {name: value for name, value in entry.items() if name in documented}
        other = {name: value for name, value in entry.items() if name not in documented}
        return {**known, OTHER: other or None}


def _all_pages(read: Callable[[Client], Iterator[Sequence[Entry]]]) -> ReadPages:
    """Return how to read a list in pages that has no filter by date."""
    return lambda client, _start, _end: read(client)


def _one_page(read: Callable[[Client], Sequence[Entry]]) -> ReadPages:
    """Return how to read a list that has neither pages nor a filter by date."""
    return lambda client, _start, _end: iter([read(client)])


def _usage_pages(client: Client, start: datetime, end: datetime) -> Iterator[Sequence[Entry]]:
    """Yield the days since ``start``; its own day was not over when it was read."""
    del end
    first = (start - US_CENTRAL_OFFSET).date().isoformat()
    yield [entry for entry in usage_by_day(client) if str(entry.get("date")) >= first]


def _asset_stream(name: str, path: str, of: Columns) -> ReferenceDefinition:
    """Return a stream of assets that cannot be filtered by date."""
    path = f"{ASSETS_PATH}/{path}.json"
    return ReferenceDefinition(
        name, path, of, _all_pages(partial(assets.iter_asset_pages, path=path))
    )


def _changed_asset_stream(name: str, path: str, of: Columns) -> ReferenceDefinition:
    """Return a stream of assets that can be filtered by the date of their latest change."""
    path = f"{ASSETS_PATH}/{path}.json"

    def read(client: Client, start: datetime, end: datetime) -> Iterator[Sequence[Entry]]:
        return assets.iter_changed_asset_pages(client, path, start, end)

    return ReferenceDefinition(name, path, of, read, replication_key="updatedAt")


REFERENCE_STREAMS: tuple[ReferenceDefinition, ...] = (
    ReferenceDefinition(
        "lead_describe",
        LEADS_PATH,
        columns.LEAD_DESCRIBE,
        _one_page(flat_lead_field_entries),
        selected_by_default=True,
    ),
    ReferenceDefinition(
        "activity_types",
        TYPES_PATH,
        columns.ACTIVITY_TYPES,
        _one_page(activity_type_entries),
        selected_by_default=True,
    ),
    _changed_asset_stream("programs", "programs", columns.PROGRAMS),
    _changed_asset_stream("campaigns", "smartCampaigns", columns.CAMPAIGNS),
    ReferenceDefinition(
        "lists",
        ASSET_LISTS_PATH,
        columns.LISTS,
        iter_static_list_pages,
        replication_key="updatedAt",
    ),
    _changed_asset_stream("smart_lists", "smartLists", columns.SMART_LISTS),
    _changed_asset_stream("emails", "emails", columns.EMAILS),
    _asset_stream("email_templates", "emailTemplates", columns.EMAIL_TEMPLATES),
    _asset_stream("landing_pages", "landingPages", columns.LANDING_PAGES),
    ReferenceDefinition(
        "forms", assets.FORMS_PATH, columns.FORMS, _all_pages(assets.iter_form_pages)
    ),
    ReferenceDefinition(
        "segmentations",
        assets.SEGMENTATIONS_PATH,
        columns.SEGMENTATIONS,
        _one_page(assets.segmentations),
    ),
    ReferenceDefinition(
        "segments",
        assets.SEGMENTATIONS_PATH,
        columns.SEGMENTS,
        _all_pages(assets.iter_segment_pages),
    ),
    _asset_stream("channels", "channels", columns.CHANNELS),
    ReferenceDefinition(
        "tags",
        assets.TAGS_PATH,
        columns.TAGS,
        _all_pages(assets.iter_tag_pages),
        key=("tagType",),
    ),
    ReferenceDefinition(
        "folders",
        assets.FOLDERS_PATH,
        columns.FOLDERS,
        _all_pages(assets.iter_folder_pages),
        key=("id", "type"),
    ),
    ReferenceDefinition(
        "usage",
        USAGE_PATH,
        columns.USAGE,
        _usage_pages,
        key=("date",),
        replication_key="date",
        retention=Retention(USAGE_LIFE, USAGE_LIFE, "Run the tap at least once a week."),
    ),
)
NAMES = tuple(each.name for each in REFERENCE_STREAMS)


def create_streams(context: CreationContext) -> Iterator[RestStream]:
    """Yield the reference streams; for their columns Marketo is not asked."""
    for each in REFERENCE_STREAMS:
        spec = context.fixed_spec(each.spec())
        source = ReferenceSource(each, context.client)
        yield RestStream(context.tap, spec, context.run, source)
