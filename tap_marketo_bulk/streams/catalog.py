"""Checks of a catalog: whether what it selects exists, and whether settings allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from singer_sdk.singerlib.catalog import Catalog

from tap_marketo_bulk.errors import CatalogError, SettingsError
from tap_marketo_bulk.marketo.server_text import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from singer_sdk.singerlib.catalog import CatalogEntry

    from tap_marketo_bulk.marketo.activity_types import ActivityType
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
