"""Checks of a catalog: whether what it selects exists, and whether settings allow it.

The names of columns: Marketo's names of fields, or the same in snake_case.

Inside the tap, fields have Marketo's names. The schema of a stream, its keys, its bookmark and its
records have the names of columns. With snake_case a column's title in the schema is the name of
its field, so that the catalog says which field a column is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from singer_sdk.singerlib.catalog import Catalog

from tap_marketo_bulk.errors import CatalogError, SettingsError, StateError
from tap_marketo_bulk.rows.activities import free_name, snake_case
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.texts import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from singer_sdk.singerlib.catalog import CatalogEntry

    from tap_marketo_bulk.marketo.describe import ActivityType
    from tap_marketo_bulk.plan.ledger import StreamState
    from tap_marketo_bulk.settings.settings import ActivityFilter


_ADVICE = "Nothing was read. Run discovery again, or deselect what does not exist."


_MAX_PROBLEM_CHARACTERS = 300


class _Metadata(Struct, frozen=True, rename="kebab"):
    inclusion: str | None = None
    selected: bool | None = None
    selected_by_default: bool | None = None


class _MetadataEntry(Struct, frozen=True):
    breadcrumb: list[str]
    metadata: _Metadata


class _Schema(Struct, frozen=True):
    type: str | list[str] = ""
    properties: dict[str, _Schema] = {}


class _Stream(Struct, frozen=True):
    tap_stream_id: str
    stream: str | None = None
    key_properties: list[str] | None = None
    replication_key: str | None = None
    replication_method: str | None = None
    schema: _Schema = _Schema()
    metadata: list[_MetadataEntry] = []


class _CatalogShape(Struct, frozen=True):
    """What the SDK and this tap read of a catalog; the SDK itself checks next to nothing."""

    streams: list[_Stream] = []


def read_catalog(catalog: Any) -> Catalog:  # noqa: ANN401 - whatever a file holds
    """Return the SDK's catalog of a JSON value; raises ``CatalogError`` where it is none."""
    try:
        msgspec.convert(catalog, _CatalogShape)
        read = Catalog.from_dict(catalog)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _format_error(str(error)) from None
    if not read.streams:
        message = f"The catalog has no streams. {_ADVICE}"
        raise CatalogError(message)
    for entry in read.streams:
        if entry.stream not in (None, entry.tap_stream_id):
            # The SDK takes either of them for the name.
            raise _format_error(f"{entry.stream} has the tap_stream_id {entry.tap_stream_id}")
    return read


def _format_error(problem: str) -> CatalogError:
    shown = clean_line(problem)[:_MAX_PROBLEM_CHARACTERS]
    return CatalogError(f"The catalog is not in Singer's format ({shown}). {_ADVICE}")


def selected_streams(catalog: Catalog, prefix: str) -> list[str]:
    """Return the names of the selected streams that begin with ``prefix``."""
    return [
        entry.tap_stream_id
        for entry in catalog.streams
        if entry.tap_stream_id.startswith(prefix) and is_selected(entry)
    ]


def check_activity_filter(
    activities: ActivityFilter, describe_types: Callable[[], list[ActivityType]]
) -> None:
    """Check that the activity types of the settings exist and can be filtered as set.

    Args:
        activities: The settings.
        describe_types: Returns the subscription's types; called only if there is a check to make.

    Raises:
        SettingsError: They do not, or cannot.
    """
    if not activities.type_ids:
        return
    known = {each.type_id: each for each in describe_types()}
    unknown = [type_id for type_id in activities.type_ids if type_id not in known]
    if unknown:
        problem = f"activity_type_ids has types that do not exist in Marketo: {unknown}"
        raise SettingsError([problem])
    groups = {known[type_id].primary_attribute_filter_group for type_id in activities.type_ids}
    if activities.primary and (None in groups or len(groups) > 1):
        names = ", ".join(f"{known[each].name} ({each})" for each in activities.type_ids)
        problem = (
            "primary attributes can only be filtered for types of one asset group (Change Data "
            "Value and Change Score; Change Status in Progression; Add to List and Remove from "
            f"List; Fill Out Form), but activity_type_ids has {names}"
        )
        raise SettingsError([problem])


def check_selected_streams(catalog: Catalog, names: Collection[str]) -> None:
    """Raise ``CatalogError`` where a selected stream does not exist."""
    unknown = sorted(
        entry.tap_stream_id
        for entry in catalog.streams
        if entry.tap_stream_id not in names and is_selected(entry)
    )
    if unknown:
        message = f"The catalog selects the stream {', '.join(unknown)}, which does not exist."
        raise CatalogError(f"{message} {_ADVICE}")


def check_types_are_not_left_out(
    selected: Collection[str], existing: Collection[str], offered: Collection[str]
) -> None:
    """Raise ``CatalogError`` where a selected stream exists, but settings leave its type out."""
    left_out = sorted(set(selected) & set(existing) - set(offered))
    if left_out:
        message = (
            f"The setting activity_type_ids leaves out {', '.join(left_out)}, which the catalog "
            "selects. Nothing was read; add the types' ids to it, or deselect the streams."
        )
        raise CatalogError(message)


def check_selected_columns(catalog: Catalog, stream: str, schema: dict[str, Any]) -> None:
    """Raise ``CatalogError`` where a selected stream selects a column that does not exist."""
    entry = catalog.get_stream(stream)
    unknown = sorted(set(_selected_columns(entry)) - set(schema["properties"])) if entry else []
    if unknown:
        columns = ", ".join(unknown)
        message = f"The catalog selects {columns} of {stream}, which does not exist in Marketo."
        raise CatalogError(f"{message} {_ADVICE}")


def is_selected(entry: CatalogEntry) -> bool:
    """Return whether a catalog selects a stream."""
    return entry.metadata.resolve_selection().get((), True)


def _selected_columns(entry: CatalogEntry) -> Iterator[str]:
    mask = entry.metadata.resolve_selection()
    if is_selected(entry):
        yield from (name for name in entry.schema.properties or {} if mask["properties", name])


SNAKE_CASE = "snake_case"


@dataclass(frozen=True)
class ColumnNames:
    """The columns of a stream.

    Attributes:
        by_field: Field -> column, for the fields whose column has another name.
    """

    by_field: Mapping[str, str] = field(default_factory=dict)

    def column_of(self, name: str) -> str:
        """Return the column of a field."""
        return self.by_field.get(name, name)

    def field_of(self, column: str) -> str:
        """Return the field of a column."""
        return self._by_column.get(column, column)

    @cached_property
    def _by_column(self) -> Mapping[str, str]:
        return {column: name for name, column in self.by_field.items()}


def snake_case_names(fields: Iterable[str]) -> ColumnNames:
    """Return columns in snake_case; those that would have the same name get ``_2``, ``_3``."""
    by_field: dict[str, str] = {}
    for name in fields:
        is_own = name == INVALID_VALUES
        by_field[name] = name if is_own else free_name(snake_case(name), by_field.values())
    return ColumnNames(by_field)


class ColumnNaming:
    """The naming that a setting chooses."""

    def __init__(self, column_names: str) -> None:
        """Take the value of the setting ``column_names``."""
        self._is_snake_case = column_names == SNAKE_CASE

    def names_of_fields(self, fields: Iterable[str]) -> ColumnNames:
        """Return the columns of fields that are the same in every subscription."""
        return snake_case_names(fields) if self._is_snake_case else ColumnNames()

    def names_in(self, schema: Mapping[str, Any]) -> ColumnNames:
        """Return the columns of a schema that ``renamed`` has returned, now or in a catalog."""
        if not self._is_snake_case:
            return ColumnNames()
        properties: Mapping[str, Mapping[str, Any]] = schema["properties"]
        return ColumnNames({each.get("title", name): name for name, each in properties.items()})

    def check_catalog(self, catalog: Catalog) -> None:
        """Check that a catalog was discovered with this naming.

        Raises:
            CatalogError: It was not. Its columns would be taken for other fields.
        """
        for entry in catalog.streams:
            if not is_selected(entry):
                continue
            columns = entry.schema.properties or {}
            keys = [*(entry.key_properties or []), *filter(None, [entry.replication_key])]
            # Marketo's names of keys have capitals in place of underscores.
            other = (
                [name for name in columns if name != name.lower()]
                if self._is_snake_case
                else [name for name in keys if "_" in name]
            )
            if other:
                message = (
                    f"The catalog was discovered with another setting of column_names: it has the "
                    f"column {other[0]} of {entry.tap_stream_id}. Nothing was read; run discovery "
                    "again."
                )
                raise CatalogError(message)

    def renamed(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema of fields as one of columns."""
        if not self._is_snake_case:
            return schema
        return renamed_schema(schema, snake_case_names(schema["properties"]))


def renamed_schema(schema: dict[str, Any], names: ColumnNames) -> dict[str, Any]:
    """Return a schema with other names of columns; each title is the name of the field."""
    properties: dict[str, dict[str, Any]] = schema["properties"]
    columns = {
        names.column_of(name): {**each, "title": name} if name in names.by_field else each
        for name, each in properties.items()
    }
    return {**schema, "properties": columns}


def check_bookmark_column(stream: str, state: StreamState, replication_keys: Iterable[str]) -> None:
    """Check that a bookmark was written with today's names of columns.

    Raises:
        StateError: It was not: the table of the warehouse has other columns.
    """
    key = state.replication_key
    for column in replication_keys:
        if key not in (None, column) and snake_case(key or "") == snake_case(column):
            raise StateError(
                f"the bookmark of {stream} is about the column {key}, which is {column} by the "
                "setting column_names"
            )
