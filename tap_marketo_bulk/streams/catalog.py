"""Catalogs: whether what they select exists, and the names of streams and columns.

Inside the tap, fields have Marketo's names. The schema of a stream, its keys, its bookmark and its
records have the names of columns. With snake_case a column's title in the schema is the name of
its field, so that the catalog says which field a column is.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from singer_sdk.singerlib.catalog import Catalog

from tap_marketo_bulk.errors import CatalogError, SettingsError, StateError
from tap_marketo_bulk.rows.activities import snake_case
from tap_marketo_bulk.rows.values import INVALID_VALUES
from tap_marketo_bulk.texts import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from singer_sdk.singerlib.catalog import CatalogEntry

    from tap_marketo_bulk.marketo.describe import ActivityType
    from tap_marketo_bulk.plan.state_format import StreamState
    from tap_marketo_bulk.settings.settings import ActivityFilter


SNAKE_CASE = "snake_case"
# PostgreSQL cuts longer names of columns and tables.
LONGEST_NAME_BYTES = 63
# A row of PostgreSQL has at most 8,160 bytes, of which a column can need more than 20.
MOST_COLUMNS = 350
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


def check_entry_is_described(catalog: Catalog, stream: str, schema: dict[str, Any]) -> None:
    """Raise ``CatalogError`` where the entry of a stream lacks all that ``schema`` describes."""
    entry = catalog.get_stream(stream)
    columns = set(entry.schema.properties or {}) if entry else set()
    if set(schema["properties"]) - columns:
        message = (
            f"The catalog's entry of {stream} was made when the API user could not read the "
            f"description: it has only the columns {', '.join(sorted(columns))}. Nothing was "
            "read; run discovery again (with Meltano: meltano run --refresh-catalog)."
        )
        raise CatalogError(message)


def is_selected(entry: CatalogEntry) -> bool:
    """Return whether a catalog selects a stream."""
    return entry.metadata.resolve_selection().get((), True)


def _selected_columns(entry: CatalogEntry) -> Iterator[str]:
    mask = entry.metadata.resolve_selection()
    if is_selected(entry):
        yield from (name for name in entry.schema.properties or {} if mask["properties", name])


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

    def in_state(self, name: str) -> str:
        """Return how STATE names a field: with its column if that depends on other fields."""
        column = self.column_of(name)
        return name if column in (name, snake_case(name)) else f"{name}={column}"

    def column_in_state(self, name: str) -> str:
        """Return the column of a field as STATE names it."""
        return name.partition("=")[2] or self.column_of(name)

    @cached_property
    def _by_column(self) -> Mapping[str, str]:
        return {column: name for name, column in self.by_field.items()}


def snake_case_names(fields: Iterable[str], always: Collection[str] = ()) -> ColumnNames:
    """Return columns in snake_case.

    Fields that would have the same column all get a suffix that is made of their own names, so no
    column depends on the order of fields, and it is the same in every subscription. The fields
    that there are ``always`` get none.
    """
    fields = tuple(fields)
    suffixed: set[str] = set()
    while True:
        by_field = {name: _snake_case_column(name, name in suffixed) for name in fields}
        counts = Counter(by_field.values())
        shared = {name for name in fields if counts[by_field[name]] > 1} - set(always)
        # A column with a suffix can be the column of another field.
        if shared <= suffixed:
            return ColumnNames(by_field)
        suffixed |= shared


def _snake_case_column(name: str, has_suffix: bool) -> str:  # noqa: FBT001 - one caller
    if name == INVALID_VALUES:
        return name
    return f"{snake_case(name)}_{_digest(name)}" if has_suffix else snake_case(name)


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:6]


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

    def check_fields(self, catalog: Catalog, stream: str, schema: dict[str, Any]) -> None:
        """Check that the columns of a catalog are those of the same fields in ``schema``.

        Raises:
            CatalogError: Discovery would give a selected column to another field.
        """
        entry = catalog.get_stream(stream)
        if entry is None or not self._is_snake_case:
            return
        then, now = self.names_in(entry.schema.to_dict()), self.names_in(schema)
        for column in _selected_columns(entry):
            name, other = then.field_of(column), now.field_of(column)
            if column in schema["properties"] and name != other:
                message = (
                    f"The catalog's column {column} of {stream} is the field {name}, but Marketo's "
                    f"fields have changed, and {column} is now the column of {other}. Nothing was "
                    f"read. Rename {column} in the warehouse to keep the values of {name}, then "
                    f"run discovery again: {name} gets "
                    f"{now.by_field.get(name, 'no column, since Marketo does not describe it')}."
                )
                raise CatalogError(message)

    def renamed(self, schema: dict[str, Any], always: Collection[str]) -> dict[str, Any]:
        """Return a schema of fields as one of columns; some fields there are ``always``."""
        if not self._is_snake_case:
            return schema
        return renamed_schema(schema, snake_case_names(schema["properties"], always))


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


def check_read_columns(
    stream: str, names: ColumnNames, read_before: Collection[str], fields: Collection[str]
) -> None:
    """Check that no field was loaded into another column by earlier runs.

    Args:
        stream: The name of the stream.
        names: The names of its columns.
        read_before: The fields that were read, as STATE names them.
        fields: The fields of this run, likewise.

    Raises:
        CatalogError: Other fields have appeared in Marketo, or gone, so a column has another name.
    """
    earlier = {name.partition("=")[0]: name for name in read_before}
    for name in sorted(set(fields) - set(read_before)):
        then = earlier.get(name.partition("=")[0])
        if then is not None:
            field_name, column = name.partition("=")[0], names.column_in_state(name)
            column_then = then.partition("=")[2] or snake_case(then)
            message = (
                f"The field {field_name} of {stream} was loaded into the column "
                f"{column_then} so far. Other fields with the same name in {SNAKE_CASE} have "
                f"appeared in Marketo, or gone, so its column is {column} now. Nothing was read. "
                f"To fill {column} for little quota, run once with the replication method "
                f"FULL_TABLE and the same state, and select the key, the replication key and "
                f"{column} only."
            )
            raise CatalogError(message)


def find_naming_problems(columns: Mapping[str, Collection[str]]) -> list[str]:
    """Return, in sentences, the names that some database cannot hold.

    Args:
        columns: Stream -> its columns.
    """
    return [*_long_names(columns), *_many_columns(columns), *_same_letters(columns)]


def _long_names(columns: Mapping[str, Collection[str]]) -> Iterator[str]:
    maps: dict[str, dict[str, str]] = {}
    for stream, names in columns.items():
        renamed = {"__alias__": _shortened(stream)} if _is_long(stream) else {}
        for name in filter(_is_long, names):
            value = name if name.isidentifier() else f"_[{name!r}]"
            renamed |= {_shortened(name): value, name: "__NULL__"}
        if renamed:
            maps[stream] = renamed
    if maps:
        long = [stream for stream in maps if _is_long(stream)]
        long += [
            f"{stream}.{name}" for stream in maps for name in filter(_is_long, columns[stream])
        ]
        yield (
            f"These names are longer than {LONGEST_NAME_BYTES} bytes, which is the longest name in "
            f"PostgreSQL: {', '.join(long)}. The setting stream_maps can rename them: "
            f"{json.dumps(maps, ensure_ascii=False)}"
        )


def _is_long(name: str) -> bool:
    return len(name.encode()) > LONGEST_NAME_BYTES


def _shortened(name: str) -> str:
    suffix = f"_{_digest(name)}"
    return name.encode()[: LONGEST_NAME_BYTES - len(suffix)].decode(errors="ignore") + suffix


def _many_columns(columns: Mapping[str, Collection[str]]) -> Iterator[str]:
    for stream, names in columns.items():
        if len(names) > MOST_COLUMNS:
            yield (
                f"{stream} has {len(names)} columns. With more than about {MOST_COLUMNS}, a row "
                "can be longer than PostgreSQL allows (8,160 bytes). Select only those that you "
                "need, which also saves export quota."
            )


def _same_letters(columns: Mapping[str, Collection[str]]) -> Iterator[str]:
    for stream, names in columns.items():
        counts = Counter(name.lower() for name in names)
        if same := sorted(name for name in names if counts[name.lower()] > 1):
            yield (
                f"The columns {', '.join(same)} of {stream} differ only in letter case. Some "
                "databases, such as DuckDB and Snowflake, take them for one column. Set "
                f"column_names to {SNAKE_CASE}, or deselect all but one."
            )
