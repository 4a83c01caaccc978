"""The objects of Bulk Extract whose fields Marketo describes: leads, program members and more.

``OBJECTS`` is a table: a new object is a row. Custom objects have rows that are made of their
descriptions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import AccessDeniedError, ApiError, CatalogError, InvalidResponseError
from tap_marketo_bulk.marketo.describe import (
    describe_custom_object,
    describe_lead_fields,
    describe_member_fields,
    export_object_path,
    list_custom_objects,
)
from tap_marketo_bulk.marketo.limits import MAX_PROGRAM_IDS
from tap_marketo_bulk.marketo.lists import list_program_ids
from tap_marketo_bulk.rows.activities import free_name, snake_case
from tap_marketo_bulk.rows.field_types import (
    ATTRIBUTES,
    DATE_TIME,
    INTEGER,
    TEXT,
    FieldType,
    type_of,
)
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.settings.settings import ACTIVE_PROGRAMS
from tap_marketo_bulk.streams import activities
from tap_marketo_bulk.streams.active_programs import ActiveProgramFinder
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream, ExportObject
from tap_marketo_bulk.streams.context import CreationContext, denied_streams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_marketo_bulk.marketo.describe import CustomObject, ObjectField
    from tap_marketo_bulk.streams.base import MarketoStream

logger = logging.getLogger("tap-marketo-bulk")
CUSTOM_PREFIX = "custom_"
MEMBERS, LISTS = "program_members", "list_members"
# What settings make of a stream and its export object.
Configure = Callable[[CreationContext, StreamSpec, ExportObject], tuple[StreamSpec, ExportObject]]


@dataclass(frozen=True)
class ObjectDefinition:
    """A stream of an object, and how the object is exported.

    Attributes:
        name: The stream's name.
        key: The fields that identify a record.
        fields: The fields that every subscription has, with their types.
        export: How Marketo is asked for the object; its date filters are the replication keys.
        schema: Returns the JSON Schema that Marketo describes; None if ``fields`` are all.
        configure: What settings change; None for nothing.
        selected_by_default: Whether it is read without a catalog.
    """

    name: str
    key: tuple[str, ...]
    fields: Mapping[str, FieldType]
    export: ExportObject
    schema: Callable[[CreationContext], dict[str, Any]] | None = None
    configure: Configure | None = None
    selected_by_default: bool = False

    def spec(self, schema: dict[str, Any]) -> StreamSpec:
        """Return what the stream is, with a schema from discovery or from the catalog."""
        return StreamSpec(
            name=self.name,
            schema=schema,
            key=self.key,
            replication_keys=tuple(self.export.date_filters),
            is_always_full=not self.export.date_filters,
            selected_by_default=self.selected_by_default,
        )

    def configured(
        self, context: CreationContext, spec: StreamSpec
    ) -> tuple[StreamSpec, ExportObject]:
        """Return what the stream is, and how Marketo is asked for it, by the settings."""
        export = replace(self.export, format=context.settings.file_format)
        return self.configure(context, spec, export) if self.configure else (spec, export)


def create_object_stream(
    definition: ObjectDefinition, context: CreationContext
) -> Iterator[MarketoStream]:
    """Yield the stream of an object; with a catalog, if it is there.

    Raises:
        CatalogError: The catalog selects a column that does not exist, or settings make the stream
            need another one that is not selected.
    """
    describe = definition.schema
    if describe is None:
        spec = context.fixed_spec(definition.spec(object_schema((), definition.fields)))
    else:
        try:
            schema = context.catalog_or_described_schema(
                definition.name, lambda: describe(context), definition.fields
            )
        except AccessDeniedError as error:
            yield from _denied_streams(definition, context, error)
            return
        if schema is None:
            return
        spec = replace(definition.spec(schema), names=context.naming.names_in(schema))
    try:
        spec, export = definition.configured(context, spec)
    except AccessDeniedError as error:
        yield from _denied_streams(definition, context, error)
        return
    yield BulkStream(context.tap, spec, context.run, export)


def _denied_streams(
    definition: ObjectDefinition, context: CreationContext, error: AccessDeniedError
) -> Iterator[MarketoStream]:
    if context.catalog is None:
        context.leave_out(definition.name, error, is_optional=not definition.selected_by_default)
    yield from denied_streams(context, [definition.name], error)


# Leads.


_LEAD_FIELDS = {"id": INTEGER, "createdAt": DATE_TIME, "updatedAt": DATE_TIME}


def _leads_schema(context: CreationContext) -> dict[str, Any]:
    extra_fields = dict.fromkeys(context.settings.extra_lead_fields, TEXT)
    return object_schema(describe_lead_fields(context.client), extra_fields, _LEAD_FIELDS)


def _configure_leads(
    context: CreationContext, spec: StreamSpec, export: ExportObject
) -> tuple[StreamSpec, ExportObject]:
    """Read the members of a list, which has no changes that could be filtered by."""
    lead_list = context.settings.lead_list
    if not lead_list:
        return spec, export
    without_dates = replace(export, other_filters=lead_list, full_read_field=None, fallback="")
    return replace(spec, is_always_full=True), without_dates


LEADS = ObjectDefinition(
    name="leads",
    key=("id",),
    fields=_LEAD_FIELDS,
    export=ExportObject(
        path="leads",
        date_filters={"updatedAt": "updatedAt", "createdAt": "createdAt"},
        full_read_field="createdAt",
        fallback=(
            "Marketo has no updatedAt filter for this subscription ({reason}), so each run exports "
            "all leads created since {start}, which costs quota for all of them. Ask Marketo "
            "Support to enable the updatedAt filter for bulk lead extract."
        ),
    ),
    schema=_leads_schema,
    configure=_configure_leads,
    selected_by_default=True,
)

# Program members: one record for each lead in each program.
_MEMBER_FIELDS = {"leadId": INTEGER, "programId": INTEGER, "updatedAt": DATE_TIME}


def _members_schema(context: CreationContext) -> dict[str, Any]:
    return object_schema(describe_member_fields(context.client), _MEMBER_FIELDS)


def _configure_members(
    context: CreationContext, spec: StreamSpec, export: ExportObject
) -> tuple[StreamSpec, ExportObject]:
    """Read the members of all programs, or only of those that activities name."""
    settings = context.settings

    def list_ids() -> Iterable[int]:
        return settings.program_ids or list_program_ids(context.client)

    export = replace(export, list_ids=list_ids)
    spec = replace(spec, filter_ids=settings.program_ids)
    if settings.program_members_of != ACTIVE_PROGRAMS:
        return spec, export
    # An activity that is stored late names a program whose member changed as early.
    spec = replace(spec, is_partial=True, lookback=settings.activity_lookback)
    if context.selected_streams(MEMBERS):
        _observe_activities(context)
    return spec, replace(export, planned_after=activities.NAME)


def _observe_activities(context: CreationContext) -> None:
    if not context.selected_streams(activities.NAME):
        message = (
            f"program_members_of is {ACTIVE_PROGRAMS}, so {MEMBERS} needs the programs that "
            "activities name, but no stream of activities is selected. Nothing was read; select "
            "activities, or set program_members_of to all."
        )
        raise CatalogError(message)
    finder = ActiveProgramFinder(context.activity_types, context.run.state_store, MEMBERS)
    context.run.row_observers[activities.NAME].append(finder)


PROGRAM_MEMBERS = ObjectDefinition(
    name=MEMBERS,
    key=("leadId", "programId"),
    fields=_MEMBER_FIELDS,
    export=ExportObject(
        path="program/members",
        date_filters={"updatedAt": "updatedAt"},
        id_filter="programIds",
        ids_per_job=MAX_PROGRAM_IDS,
        # With the filter programIds, Marketo adds this column. Whether it does so where the column
        # was requested is not established.
        repeatable_fields=frozenset({"programId"}),
        fallback=(
            "Marketo has no updatedAt filter for program members of this subscription ({reason}), "
            "so each run exports all members of the programs, which costs quota for all of them. "
            "Ask Marketo Support to enable the updatedAt filter for bulk program member extract."
        ),
    ),
    schema=_members_schema,
    configure=_configure_members,
)


# Members of static lists: one record for each lead in each list of a setting.


def _configure_lists(
    context: CreationContext, spec: StreamSpec, export: ExportObject
) -> tuple[StreamSpec, ExportObject]:
    list_ids = context.settings.list_ids
    if context.selected_streams(LISTS) and not list_ids:
        # No error: some pipelines select all streams.
        logger.warning("%s has no records: the setting list_ids names no static list.", LISTS)
    return spec, replace(export, list_ids=lambda: list_ids)


LIST_MEMBERS = ObjectDefinition(
    name=LISTS,
    key=("listId", "leadId"),
    fields={"listId": INTEGER, "leadId": INTEGER},
    export=ExportObject(
        path="leads",
        id_filter="staticListId",
        ids_per_job=1,
        # The file does not name the list.
        id_field="listId",
        renamed_fields={"id": "leadId"},
    ),
    configure=_configure_lists,
)

OBJECTS = (LEADS, LIST_MEMBERS, PROGRAM_MEMBERS)


# Custom objects that are linked to leads.


def create_custom_object_streams(context: CreationContext) -> Iterator[MarketoStream]:
    """Yield a stream for each custom object; with a catalog, for those it selects."""
    selected = context.selected_streams(CUSTOM_PREFIX)
    if selected == []:
        return
    try:
        names = names_by_stream(list_custom_objects(context.client))
        _check_names(names, selected or ())
        for stream, api_name in names.items():
            if selected is None or stream in selected:
                yield from _create_custom_object_stream(context, stream, api_name)
    except AccessDeniedError as error:
        if context.catalog is None:
            context.leave_out(f"{CUSTOM_PREFIX}*", error)
        yield from denied_streams(context, selected or (), error)


def _create_custom_object_stream(
    context: CreationContext, stream: str, api_name: str
) -> Iterator[MarketoStream]:
    """Yield the stream of a custom object, none if Bulk Extract does not export the object."""
    if not context.catalog and _exported_object(context, api_name) is None:
        return
    yield from create_object_stream(custom_object_definition(stream, api_name), context)


def custom_object_definition(stream: str, api_name: str) -> ObjectDefinition:
    """Return the definition of a custom object: it can be filtered by its latest change only."""
    fields = {"marketoGUID": TEXT, "updatedAt": DATE_TIME}

    def schema(context: CreationContext) -> dict[str, Any]:
        return object_schema(describe_custom_object(context.client, api_name).fields, fields)

    return ObjectDefinition(
        name=stream,
        key=("marketoGUID",),
        fields=fields,
        export=ExportObject(
            path=export_object_path(api_name),
            date_filters={"updatedAt": "updatedAt"},
            full_read_field="updatedAt",
        ),
        schema=schema,
    )


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
        names[free_name(f"{CUSTOM_PREFIX}{snake_case(api_name)}", names)] = api_name
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


# Schemas.


def object_schema(
    fields: Iterable[ObjectField],
    undescribed: Mapping[str, FieldType],
    always: Mapping[str, FieldType] | None = None,
) -> dict[str, Any]:
    """Return the JSON Schema of a record with these fields.

    Args:
        fields: The fields that Marketo describes.
        undescribed: The types of fields that come first if Marketo does not describe them.
        always: The types of fields that come last if Marketo does not describe them: a role may
            hide them, but exports have them.
    """
    added = {name: dict(each.schema) for name, each in undescribed.items()}
    hidden = {name: dict(each.schema) for name, each in (always or {}).items()}
    described = {
        field.name: {**type_of(field.data_type).schema, "title": field.display_name}
        for field in fields
    }
    columns = added | described
    columns = columns | {name: each for name, each in hidden.items() if name not in columns}
    columns[INVALID_VALUES] = dict(ATTRIBUTES.schema)
    return {"type": "object", "properties": columns}
