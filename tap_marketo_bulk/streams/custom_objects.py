"""Custom objects that are linked to leads: one stream for each."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError, ApiError, CatalogError, InvalidResponseError
from tap_marketo_bulk.marketo.describe import (
    describe_custom_object,
    export_object_path,
    list_custom_objects,
)
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.rows.activities import free_name, snake_case
from tap_marketo_bulk.rows.field_types import DATE_TIME, TEXT
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream, ExportRequestBuilder, window_filter
from tap_marketo_bulk.streams.context import denied_streams
from tap_marketo_bulk.streams.object_schema import object_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_marketo_bulk.marketo.describe import CustomObject
    from tap_marketo_bulk.plan.ledger import ReadMode
    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.bulk import ConsumerNeeds
    from tap_marketo_bulk.streams.context import CreationContext

logger = logging.getLogger("tap-marketo-bulk")

PREFIX = "custom_"
KEY = ("marketoGUID",)
REPLICATION_KEY = "updatedAt"


def create_streams(context: CreationContext) -> Iterator[MarketoStream]:
    """Yield a stream for each custom object; with a catalog, for those it selects."""
    selected = context.selected_streams(PREFIX)
    if selected == []:
        return
    try:
        names = names_by_stream(list_custom_objects(context.client))
        _check_names(names, selected or ())
        for stream, api_name in names.items():
            if selected is None or stream in selected:
                yield from _create_stream(context, stream, api_name)
    except AccessDeniedError as error:
        yield from denied_streams(context, PREFIX, error)


def _create_stream(context: CreationContext, stream: str, api_name: str) -> Iterator[BulkStream]:
    """Yield the stream of a custom object, none where Bulk Extract does not export the object."""
    schema = context.catalog_schema(
        stream, lambda: custom_object_schema(describe_custom_object(context.client, api_name))
    )
    if schema is None:
        described = _exported_object(context, api_name)
        if described is None:
            return
        schema = context.naming.renamed(custom_object_schema(described))
    spec = replace(custom_object_spec(stream, schema), names=context.naming.names_in(schema))
    builder = CustomObjectRequestBuilder(api_name, context.settings)
    yield BulkStream(context.tap, spec, context.run, builder)


def _exported_object(context: CreationContext, api_name: str) -> CustomObject | None:
    """Return an object that discovery offers; None, with a log line, for one that it does not."""
    try:
        described = describe_custom_object(context.client, api_name)
        problem = described.export_problem
    except AccessDeniedError:
        raise
    except (ApiError, InvalidResponseError) as error:
        # Discovery is for all streams: one object must not end it.
        problem = f"its description cannot be read ({error})"
    if problem is None:
        return described
    logger.info(
        "The custom object %s is not offered as a stream: Bulk Extract does not export it, since "
        "%s.",
        api_name,
        problem,
    )
    return None


def names_by_stream(api_names: Iterable[str]) -> dict[str, str]:
    """Return the API names of custom objects by the names of their streams.

    Objects with the same name in snake_case get ``_2``, ``_3`` in alphabetical order.
    """
    names: dict[str, str] = {}
    for api_name in sorted(api_names):
        names[free_name(f"{PREFIX}{snake_case(api_name)}", names)] = api_name
    return names


def _check_names(names: Mapping[str, str], selected: Iterable[str]) -> None:
    """Check that each selected name stands for one object.

    Raises:
        CatalogError: Another object has the same name in snake_case, or had it when the catalog
            was made: the stream would go on with the records of that one.
    """
    for stream in sorted(names.keys() & set(selected)):
        name = snake_case(names[stream])
        same = [each for each in names.values() if snake_case(each) == name]
        if len(same) > 1:
            message = (
                f"The custom objects {' and '.join(same)} have the same name in snake_case, so "
                f"{stream} may be either of them. Nothing was read; deselect the stream, or rename "
                "one of the objects in Marketo."
            )
            raise CatalogError(message)


def custom_object_spec(stream: str, schema: dict[str, Any]) -> StreamSpec:
    """Return what the stream of a custom object is."""
    return StreamSpec(
        name=stream,
        schema=schema,
        key=KEY,
        replication_keys=(REPLICATION_KEY,),
        selected_by_default=False,
    )


def custom_object_schema(described: CustomObject) -> dict[str, Any]:
    """Return the JSON Schema of a record of a custom object."""
    always = {"marketoGUID": TEXT, REPLICATION_KEY: DATE_TIME}
    return object_schema(described.fields, always)


class CustomObjectRequestBuilder(ExportRequestBuilder):
    """How Marketo is asked for the records of a custom object: by their latest change.

    There is no other filter by date, so the object cannot be read where this one is missing.
    """

    def __init__(self, api_name: str, settings: Settings) -> None:
        """Take the object's name in the API, and the settings."""
        self.object_path = export_object_path(api_name)
        self._settings = settings

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return the one request for a window."""
        del mode  # each is read by updatedAt
        filters = {REPLICATION_KEY: window_filter(window)}
        fields = consumers[0].stream.exported_fields_in_order()
        return (ExportRequest(self.object_path, fields, filters, self._settings.file_format),)

    def date_column(self, mode: ReadMode) -> str | None:
        """Return the column of the filter."""
        del mode  # each is read by updatedAt
        return REPLICATION_KEY
