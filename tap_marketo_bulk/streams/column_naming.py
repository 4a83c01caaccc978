"""The names of columns: Marketo's names of fields, or the same in snake_case.

Inside the tap, fields have Marketo's names. The schema of a stream, its keys, its bookmark and its
records have the names of columns. With snake_case a column's title in the schema is the name of
its field, so that the catalog says which field a column is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import CatalogError, StateError
from tap_marketo_bulk.extract.attribute_columns import free_name, snake_case
from tap_marketo_bulk.extract.invalid_values import INVALID_VALUES
from tap_marketo_bulk.streams.catalog import is_selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.singerlib.catalog import Catalog

    from tap_marketo_bulk.extract.stream_state import StreamState

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
