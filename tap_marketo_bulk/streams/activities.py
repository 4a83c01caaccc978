"""Activities: of every type in one stream, and a stream of typed columns for each type.

Each window is exported once, with the types that any selected stream lacks. The files of the
stream ``activities`` fill the typed streams too; their bookmarks are their own.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError, CatalogError
from tap_marketo_bulk.marketo.describe import DELETE_LEAD
from tap_marketo_bulk.rows import field_types
from tap_marketo_bulk.rows.activities import (
    OTHER_ATTRIBUTES,
    PRIMARY_ID_FIELD,
    PRIMARY_NAME_FIELD,
    ActivityConverter,
    ActivityTypeColumns,
    attribute_columns,
    snake_case,
)
from tap_marketo_bulk.rows.field_types import ATTRIBUTES
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.streams.base import MarketoStream, StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream, ExportObject
from tap_marketo_bulk.streams.catalog import (
    check_activity_filter,
    check_types_are_not_left_out,
    renamed_schema,
)
from tap_marketo_bulk.streams.context import denied_streams

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.marketo.describe import ActivityType
    from tap_marketo_bulk.plan.state_format import StreamState
    from tap_marketo_bulk.rows.activities import AttributeColumn
    from tap_marketo_bulk.rows.records import Record, RecordFormat
    from tap_marketo_bulk.rows.values import InvalidValueHandler
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import Converter
    from tap_marketo_bulk.streams.context import CreationContext

logger = logging.getLogger("tap-marketo-bulk")
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
    """Yield the stream of all activities; without a catalog, if the types may be read.

    Raises:
        CatalogError: The catalog selects a column that does not exist.
        DiscoveryDeniedError: The API user may not read the types, and that is not ignored.
        SettingsError: The activity filters name types that cannot be filtered like this.
    """
    settings = context.settings
    if context.catalog is None and _types_are_denied(context):
        return
    # If the types are denied, the export is denied too, and the run reports that.
    with suppress(AccessDeniedError):
        check_activity_filter(settings.activity_filter, lambda: context.activity_types)
    export = ExportObject(
        path="activities",
        format=settings.file_format,
        date_filters={REPLICATION_KEY: "createdAt"},
        full_read_field=REPLICATION_KEY,
        other_filters=settings.activity_filter.primary,
        id_filter="activityTypeIds",
        field_order=tuple(COLUMNS),
        observers=context.run.row_observers[NAME],
    )
    spec = context.fixed_spec(activities_spec(settings))
    yield ActivitiesStream(context.tap, spec, context.run, export)


def _types_are_denied(context: CreationContext) -> bool:
    try:
        _ = context.activity_types
    except AccessDeniedError as error:
        context.leave_out(f"{NAME}, {PREFIX}*", error, is_optional=False)
        return True
    return False


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


PREFIX = "activities_"
COMMON_COLUMNS = {name: each for name, each in COLUMNS.items() if name != "attributes"}
_ADDED_COLUMNS = (OTHER_ATTRIBUTES, INVALID_VALUES)


def create_typed_streams(context: CreationContext) -> Iterator[MarketoStream]:
    """Yield a stream for each activity type; with a catalog, for those it selects.

    Raises:
        CatalogError: The catalog selects a stream that settings leave out.
    """
    selected = context.selected_streams(PREFIX)
    if selected == []:
        return
    try:
        types = types_by_stream_name(context.activity_types, _names_of_state(context))
    except AccessDeniedError as error:
        yield from denied_streams(context, selected or (), error)
        return
    only = context.settings.activity_filter.type_ids
    offered = {name: each for name, each in types.items() if not only or each.type_id in only}
    if selected is not None:
        check_types_are_not_left_out(selected, types, offered)
    for name in offered if selected is None else selected:
        if name in offered:
            yield _create_stream(context, name, offered[name])


def _create_stream(
    context: CreationContext, name: str, activity_type: ActivityType
) -> TypedActivitiesStream:
    names = context.naming.names_of_fields(COMMON_COLUMNS)
    reserved = (*COLUMNS, *_ADDED_COLUMNS, *names.by_field.values())
    attributes = attribute_columns(activity_type, reserved)
    described = renamed_schema(typed_schema(attributes), names)
    schema = context.catalog_schema(name, lambda: described) or described
    spec = typed_spec(name, activity_type, schema, context.settings)
    # The primary attribute has columns of its own in the file.
    primary = attributes.pop(0) if activity_type.primary_attribute else None
    return TypedActivitiesStream(context.tap, replace(spec, names=names), primary, attributes)


class TypedActivitiesStream(MarketoStream):
    """Activities of one type, filled from the files of the activities stream's jobs."""

    parent_stream_type = ActivitiesStream

    def __init__(
        self,
        tap: Tap,
        spec: StreamSpec,
        primary: AttributeColumn | None,
        attributes: Sequence[AttributeColumn],
    ) -> None:
        """Describe the stream; it is read by its parent.

        Args:
            tap: The tap.
            spec: What the stream is.
            primary: The column of the primary attribute; None without one.
            attributes: The columns of the other attributes.
        """
        super().__init__(tap, spec)
        self._primary = primary
        self._attributes = tuple(attributes)

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield none: the parent writes the records."""
        del context
        yield from ()

    def row_converter(
        self,
        file_fields: Sequence[str],
        invalid_values: InvalidValueHandler,
        record_format: RecordFormat,
    ) -> Converter:
        """Return what makes typed records of the rows of this type."""
        columns = ActivityTypeColumns(
            self._primary, self._attributes, frozenset(self.field_schemas)
        )
        schema = self.record_fields()
        return ActivityConverter(file_fields, schema, columns, invalid_values, record_format)

    def exported_fields(self) -> frozenset[str]:
        """Return the file's fields that the selected columns are made from."""
        selected = set(self.selected_fields)
        needed = (selected & set(COMMON_COLUMNS)) | {"activityTypeId"}
        if self._primary and self._primary.column in selected:
            needed |= {PRIMARY_ID_FIELD, PRIMARY_NAME_FIELD}
        if selected & {OTHER_ATTRIBUTES, *(each.column for each in self._attributes)}:
            needed.add("attributes")
        return frozenset(needed)


def typed_spec(
    name: str, activity_type: ActivityType, schema: dict[str, Any], settings: Settings
) -> StreamSpec:
    """Return what the stream of an activity type is; all else is as for all activities."""
    return replace(
        activities_spec(settings),
        name=name,
        schema=schema,
        filter_ids=(activity_type.type_id,),
        activity_type_id=activity_type.type_id,
        selected_by_default=False,
    )


def typed_schema(attributes: Iterable[AttributeColumn]) -> dict[str, Any]:
    """Return the JSON Schema of an activity of a type with these columns of attributes."""
    columns: dict[str, Any] = {name: dict(each.schema) for name, each in COMMON_COLUMNS.items()}
    for each in attributes:
        columns[each.column] = {**each.field_type.schema, "title": each.attribute}
    columns[OTHER_ATTRIBUTES] = dict(ATTRIBUTES.schema)
    columns[INVALID_VALUES] = dict(ATTRIBUTES.schema)
    return {"type": "object", "properties": columns}


def _names_of_state(context: CreationContext) -> dict[int, str]:
    """Return the names of streams that were read, and that the catalog has, by their type ids."""
    names: dict[int, str] = {}
    for name in context.known_streams:
        if name.startswith(PREFIX) and context.catalog and context.catalog.get_stream(name):
            type_id = _type_id_of(context.run.state_store[name])
            if type_id is not None:
                names[type_id] = name
    return names


def _type_id_of(state: StreamState) -> int | None:
    """Return the activity type that a typed stream has read; None if that is not known."""
    ids = state.read_ids or ()
    return next(iter(ids)) if len(ids) == 1 else None


def types_by_stream_name(
    activity_types: Iterable[ActivityType], known_names: Mapping[int, str] | None = None
) -> dict[str, ActivityType]:
    """Return the activity types that bulk exports have, by the names of their streams.

    Types that share a name get their id as suffix, except those that have a known name.
    """
    known = known_names or {}
    exported = [each for each in activity_types if each.type_id != DELETE_LEAD]
    suffixed: set[int] = set()
    while True:
        names = {
            each.type_id: known.get(each.type_id) or _stream_name(each, suffixed)
            for each in exported
        }
        counts = Counter(names.values())
        shared = {type_id for type_id, name in names.items() if counts[name] > 1} - known.keys()
        # A name with a suffix can be the name of another type.
        if shared <= suffixed:
            return {names[each.type_id]: each for each in exported}
        suffixed |= shared


def follow_renamed_types(
    context: CreationContext, missing: Iterable[str], selected: Collection[str]
) -> None:
    """Let streams whose type has another name now go on from their state, and warn of it.

    A stream that is not selected by its new name, and was read in the last run, is an error at the
    end of the run.

    Args:
        context: What streams are made from.
        missing: Typed streams that have a state, and that do not exist by this name.
        selected: The streams that this run reads.
    """
    store = context.run.state_store
    names = {
        each.type_id: name for name, each in types_by_stream_name(context.activity_types).items()
    }
    bookmarks = {
        stream: store[stream].ledger(REPLICATION_KEY).bookmark
        for stream in context.known_streams
        if stream == NAME or stream.startswith(PREFIX)
    }
    latest = max(filter(None, bookmarks.values()), default=None)
    for old in missing:
        type_id = _type_id_of(store[old])
        new = names.get(type_id or 0)
        if new is None:
            logger.warning("%s has a bookmark, but Marketo has no such activity type.", old)
        elif new != old:
            # Otherwise the catalog does not have the stream any more.
            was_read = bookmarks[old] == latest
            _follow_renamed_type(context, old, new, selected, was_read=was_read)


def _follow_renamed_type(
    context: CreationContext, old: str, new: str, selected: Collection[str], *, was_read: bool
) -> None:
    """Give the state of a stream to its new name; postpone an error if that is not selected.

    ``was_read`` says whether the last run has read the stream by its old name.
    """
    store = context.run.state_store
    stream_map = json.dumps({new: {"__alias__": old}})
    change = (
        f"The activity type {_type_id_of(store[old])} was the stream {old}, and is {new} now: its "
        "label, or that of another type, has changed in Marketo."
    )
    if new in selected and new not in context.known_streams:
        store.rename(old, new)
        logger.warning(
            "%s What was read is not read again. The table %s has the earlier activities: "
            "rename it, or keep it with stream_maps: %s",
            change,
            old,
            stream_map,
        )
    elif new not in selected and was_read:
        message = (
            f"{change} It is not selected, so its activities were not read. Let the catalog "
            f"have {new}, with stream_maps {stream_map} to keep the table; or remove the "
            f"bookmark of {old} from the state."
        )
        context.run.postponed_errors.fail(old, CatalogError(message))


def _stream_name(activity_type: ActivityType, suffixed: Collection[int]) -> str:
    suffix = f"_{activity_type.type_id}" if activity_type.type_id in suffixed else ""
    return f"{PREFIX}{snake_case(activity_type.name)}{suffix}"
