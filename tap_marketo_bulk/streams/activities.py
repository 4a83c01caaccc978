"""Activities of every type, and how Marketo is asked for them and for single types.

Each window is exported once, with the types that any selected stream lacks; see
``typed_activities`` for the streams of one type.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.marketo.retention import retention_of
from tap_marketo_bulk.rows import field_types
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream, ExportRequestBuilder, window_filter
from tap_marketo_bulk.streams.catalog import check_activity_filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_marketo_bulk.plan.ledger import ReadMode
    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.bulk import ConsumerNeeds
    from tap_marketo_bulk.streams.context import CreationContext
    from tap_marketo_bulk.streams.run import RowObserver

NAME = "activities"
KEY = ("marketoGUID",)
REPLICATION_KEY = "activityDate"

# Adobe, "Bulk Activity Extract": the default columns, and actionResult when asked for.
COLUMNS = {
    "marketoGUID": field_types.TEXT,
    "leadId": field_types.INTEGER,
    "activityDate": field_types.DATE_TIME,
    "activityTypeId": field_types.INTEGER,
    "campaignId": field_types.INTEGER,
    "primaryAttributeValueId": field_types.INTEGER,
    "primaryAttributeValue": field_types.TEXT,
    "attributes": field_types.ATTRIBUTES,
    "actionResult": field_types.TEXT,
}


def create_streams(context: CreationContext) -> Iterator[BulkStream]:
    """Yield the stream of all activities.

    Raises:
        CatalogError: The catalog selects a column that does not exist.
        SettingsError: The activity filters name types that cannot be filtered like this.
    """
    settings = context.settings
    type_ids, type_names = settings.activity_filter.type_ids, []
    # Where the types are denied, the export is denied too, and the run reports that.
    with suppress(AccessDeniedError):
        check_activity_filter(settings.activity_filter, lambda: context.activity_types)
        if type_ids:
            type_names = [each.name for each in context.activity_types if each.type_id in type_ids]
    spec = context.fixed_spec(
        replace(activities_spec(settings), retention=retention_of(type_names))
    )
    builder = ActivitiesRequestBuilder(settings, context.run.row_observers[NAME])
    yield ActivitiesStream(context.tap, spec, context.run, builder)


def activities_spec(settings: Settings) -> StreamSpec:
    """Return what the activities stream is; every subscription has the same columns."""
    return StreamSpec(
        name=NAME,
        schema=activities_schema(),
        key=KEY,
        replication_keys=(REPLICATION_KEY,),
        # Activities are dated when they happen, and stored later.
        lookback=settings.activity_lookback,
        filter_ids=settings.activity_filter.type_ids,
    )


def activities_schema() -> dict[str, Any]:
    """Return the JSON Schema of an activity."""
    columns = {name: dict(each.schema) for name, each in COLUMNS.items()}
    columns[INVALID_VALUES] = dict(field_types.ATTRIBUTES.schema)
    return {"type": "object", "properties": columns}


class ActivitiesStream(BulkStream):
    """The activities stream, which is the parent of the typed streams.

    The files of its jobs fill them too; their bookmarks are their own.
    """


class ActivitiesRequestBuilder(ExportRequestBuilder):
    """How Marketo is asked for activities."""

    object_path = "activities"

    def __init__(self, settings: Settings, observers: Sequence[RowObserver]) -> None:
        """Take the settings, and what looks at the rows beside the streams."""
        self._settings = settings
        self._observers = observers

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return the one request for a window, whatever the number of types."""
        del mode  # each is read by createdAt
        needed = {name for each in consumers for name in each.stream.exported_fields()}
        needed.update(*(each.fields for each in self._observers))
        fields = tuple(name for name in COLUMNS if name in needed)
        chosen = {
            "createdAt": window_filter(window),
            **_type_filter(consumers),
            **self._settings.activity_filter.primary,
        }
        return (ExportRequest(self.object_path, fields, chosen, self._settings.file_format),)

    def date_column(self, mode: ReadMode) -> str | None:
        """Return the column that comes nearest to what the filter looks at."""
        del mode  # each is read by createdAt
        return REPLICATION_KEY


def _type_filter(consumers: Sequence[ConsumerNeeds]) -> dict[str, list[int]]:
    """Return the filter for the types that the consumers need; all types need none."""
    if any(not each.filter_ids for each in consumers):
        return {}
    return {"activityTypeIds": sorted({one for each in consumers for one in each.filter_ids})}
