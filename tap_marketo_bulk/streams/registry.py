"""Which streams exist.

A new kind of stream is a module beside this one and an entry in ``_KINDS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_marketo_bulk.streams import (
    activities,
    custom_objects,
    leads,
    list_members,
    program_members,
    reference,
    rest,
    typed_activities,
)
from tap_marketo_bulk.streams.catalog import check_selected_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.context import CreationContext


@dataclass(frozen=True)
class StreamKind:
    """One kind of stream.

    Attributes:
        create: Makes the streams of this kind. With a catalog, Marketo is asked only for what the
            catalog cannot say.
        names: The names that its streams have, where they are the same in every subscription.
        prefix: The beginning of the names of all others; empty where there are none.
    """

    create: Callable[[CreationContext], Iterable[MarketoStream]]
    names: tuple[str, ...] = ()
    prefix: str = ""

    def has_name(self, stream: str) -> bool:
        """Return whether a stream of this kind can have the name."""
        return stream in self.names or (bool(self.prefix) and stream.startswith(self.prefix))


_REFERENCE = StreamKind(reference.create_streams, reference.NAMES)


_KINDS = (
    StreamKind(activities.create_streams, (activities.NAME,)),
    StreamKind(typed_activities.create_streams, prefix=typed_activities.PREFIX),
    StreamKind(custom_objects.create_streams, prefix=custom_objects.PREFIX),
    StreamKind(rest.create_streams, (rest.NAME,)),
    StreamKind(leads.create_streams, (leads.NAME,)),
    StreamKind(list_members.create_streams, (list_members.NAME,)),
    StreamKind(program_members.create_streams, (program_members.NAME,)),
    _REFERENCE,
)


def create_streams(context: CreationContext) -> list[MarketoStream]:
    """Return the streams of a tap.

    Raises:
        CatalogError: The catalog selects what neither Marketo nor this tap has.
        SettingsError: The activity filters name types that cannot be filtered like this.
    """
    if context.catalog:
        context.naming.check_catalog(context.catalog)
    streams = [stream for kind in _KINDS for stream in kind.create(context)]
    if context.catalog:
        check_selected_streams(context.catalog, [stream.name for stream in streams])
    return streams


def is_stream_name(name: str) -> bool:
    """Return whether a subscription can have a stream of this name."""
    return any(kind.has_name(name) for kind in _KINDS)


def is_reference_stream_name(name: str) -> bool:
    """Return whether the name is that of a reference stream."""
    return _REFERENCE.has_name(name)
