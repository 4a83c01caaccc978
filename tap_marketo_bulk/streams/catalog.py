"""What a catalog asks for, against what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import Catalog

from tap_marketo_bulk.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from singer_sdk.singerlib.catalog import CatalogEntry

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


def check_streams(catalog: Catalog, names: Collection[str]) -> None:
    """Raise ``CatalogError`` where a selected stream does not exist."""
    unknown = sorted(
        entry.tap_stream_id
        for entry in catalog.streams
        if entry.tap_stream_id not in names and entry.metadata.resolve_selection().get((), True)
    )
    if unknown:
        message = f"The catalog selects the stream {', '.join(unknown)}, which is not there."
        raise CatalogError(f"{message} {_ADVICE}")


def check_fields(catalog: Catalog, stream: str, schema: dict[str, Any]) -> None:
    """Raise ``CatalogError`` where a selected stream selects a field that does not exist."""
    entry = catalog.get_stream(stream)
    unknown = sorted(set(_selected(entry)) - set(schema["properties"])) if entry else []
    if unknown:
        message = f"The catalog selects {', '.join(unknown)} of {stream}, which Marketo lacks."
        raise CatalogError(f"{message} {_ADVICE}")


def _selected(entry: CatalogEntry) -> Iterator[str]:
    mask = entry.metadata.resolve_selection()
    if mask.get((), True):
        yield from (name for name in entry.schema.properties or {} if mask["properties", name])
