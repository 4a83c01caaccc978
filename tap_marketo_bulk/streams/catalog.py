"""What a catalog asks for, against what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import Catalog

from tap_marketo_bulk.errors import CatalogError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from singer_sdk.singerlib.catalog import CatalogEntry

    from tap_marketo_bulk.marketo.activity_types import ActivityType
    from tap_marketo_bulk.settings import ActivityFilter

_ADVICE = "Run discovery again, or deselect what is gone; nothing was read."


def read_catalog(catalog: Any) -> Catalog:  # noqa: ANN401 - whatever a file holds
    """Return the SDK's catalog; raises ``CatalogError`` where it is not one."""
    try:
        read = Catalog.from_dict(catalog)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"The catalog is not of Singer's form ({error!r}). {_ADVICE}"
        raise CatalogError(message) from None
    if not read.streams:
        message = f"The catalog has no streams. {_ADVICE}"
        raise CatalogError(message)
    return read


def selected_streams(catalog: Catalog, prefix: str) -> list[str]:
    """Return the names of the selected streams that begin with ``prefix``."""
    return [
        entry.tap_stream_id
        for entry in catalog.streams
        if entry.tap_stream_id.startswith(prefix) and _is_selected(entry)
    ]


def check_filter(activities: ActivityFilter, types: Callable[[], list[ActivityType]]) -> None:
    """Raise ``SettingsError`` where types do not exist or cannot be filtered as they are to be.

    Asks for the types only where there is something to check.
    """
    if not activities.type_ids:
        return
    known = {kind.type_id: kind for kind in types()}
    unknown = [type_id for type_id in activities.type_ids if type_id not in known]
    if unknown:
        problem = f"activity_type_ids names types that Marketo does not have: {unknown}"
        raise SettingsError([problem])
    groups = {known[type_id].primary_attribute_asset_group for type_id in activities.type_ids}
    if activities.primary and (None in groups or len(groups) > 1):
        names = ", ".join(f"{known[each].name} ({each})" for each in activities.type_ids)
        problem = (
            "primary attributes can only be filtered for types of one asset group (Change Data "
            "Value and Change Score; Change Status in Progression; Add to List and Remove from "
            f"List; Fill Out Form), but activity_type_ids names {names}"
        )
        raise SettingsError([problem])


def check_streams(catalog: Catalog, names: Collection[str]) -> None:
    """Raise ``CatalogError`` where a selected stream does not exist."""
    unknown = sorted(
        entry.tap_stream_id
        for entry in catalog.streams
        if entry.tap_stream_id not in names and _is_selected(entry)
    )
    if unknown:
        message = f"The catalog selects the stream {', '.join(unknown)}, which is not there."
        raise CatalogError(f"{message} {_ADVICE}")


def check_offered(
    wanted: Collection[str], there: Collection[str], offered: Collection[str]
) -> None:
    """Raise ``CatalogError`` where settings leave out activity streams that are selected."""
    left_out = sorted(set(wanted) & set(there) - set(offered))
    if left_out:
        message = (
            f"The setting activity_type_ids leaves out {', '.join(left_out)}, which the catalog "
            "selects. Add the types' ids to it, or deselect the streams; nothing was read."
        )
        raise CatalogError(message)


def check_fields(catalog: Catalog, stream: str, schema: dict[str, Any]) -> None:
    """Raise ``CatalogError`` where a selected stream selects a field that does not exist."""
    entry = catalog.get_stream(stream)
    unknown = sorted(set(_selected(entry)) - set(schema["properties"])) if entry else []
    if unknown:
        message = f"The catalog selects {', '.join(unknown)} of {stream}, which Marketo lacks."
        raise CatalogError(f"{message} {_ADVICE}")


def _is_selected(entry: CatalogEntry) -> bool:
    return entry.metadata.resolve_selection().get((), True)


def _selected(entry: CatalogEntry) -> Iterator[str]:
    mask = entry.metadata.resolve_selection()
    if _is_selected(entry):
        yield from (name for name in entry.schema.properties or {} if mask["properties", name])
