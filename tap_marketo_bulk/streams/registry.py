"""Which streams exist.

A new export object is a row in ``objects``, a new list of reference data one in ``reference``, and
a new kind of stream an entry in ``_KINDS``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tap_marketo_bulk.marketo.describe import list_custom_objects
from tap_marketo_bulk.streams import activities, objects, reference, rest
from tap_marketo_bulk.streams.catalog import check_selected_streams, find_naming_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.context import CreationContext

logger = logging.getLogger("tap-marketo-bulk")


@dataclass(frozen=True)
class StreamKind:
    """One kind of stream.

    Attributes:
        create: Makes the streams of this kind. With a catalog, Marketo is asked only for what the
            catalog cannot say.
        names: The names that its streams have, where they are the same in every subscription.
        prefix: The beginning of the names of all others; empty where there are none.
        describe: Makes the call without which discovery does not offer its streams; None if it
            always does.
    """

    create: Callable[[CreationContext], Iterable[MarketoStream]]
    names: tuple[str, ...] = ()
    prefix: str = ""
    describe: Callable[[CreationContext], object] | None = None

    def has_name(self, stream: str) -> bool:
        """Return whether a stream of this kind can have the name."""
        return stream in self.names or (bool(self.prefix) and stream.startswith(self.prefix))


_REFERENCE = StreamKind(reference.create_streams, reference.NAMES)
_OBJECTS = tuple(
    StreamKind(partial(objects.create_object_stream, each), (each.name,), describe=each.schema)
    for each in objects.OBJECTS
)
_KINDS = (
    # First: other streams look at their rows.
    StreamKind(
        activities.create_streams,
        (activities.NAME,),
        describe=lambda context: context.activity_types,
    ),
    StreamKind(
        activities.create_typed_streams,
        prefix=activities.PREFIX,
        describe=lambda context: context.activity_types,
    ),
    StreamKind(
        objects.create_custom_object_streams,
        prefix=objects.CUSTOM_PREFIX,
        describe=lambda context: list_custom_objects(context.client),
    ),
    StreamKind(rest.create_streams, (rest.NAME,)),
    *_OBJECTS,
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
    else:
        columns = {stream.name: stream.schema["properties"] for stream in streams}
        for problem in find_naming_problems(columns):
            logger.warning(problem)
    return streams


def report_missing_streams(
    context: CreationContext, existing: Collection[str], selected: Collection[str]
) -> None:
    """Say what became of streams that have a state, and that neither exist nor are in the catalog.

    A denied call may hide them, which is an error at the end of the run; or an activity type has
    another name.

    Args:
        context: What streams are made from.
        existing: The names of the streams that were made.
        selected: The names of those that this run reads.
    """
    catalog = context.catalog
    missing = [
        name
        for name in context.known_streams
        if name not in existing and not (catalog and catalog.get_stream(name))
    ]
    for kind in _KINDS:
        names = [name for name in missing if kind.has_name(name)]
        is_described = (
            names
            and kind.describe
            and context.report_if_denied(names, partial(kind.describe, context))
        )
        if is_described and kind.prefix == activities.PREFIX:
            activities.follow_renamed_types(context, names, selected)


def is_stream_name(name: str) -> bool:
    """Return whether a subscription can have a stream of this name."""
    return any(kind.has_name(name) for kind in _KINDS)


def is_reference_stream_name(name: str) -> bool:
    """Return whether the name is that of a reference stream."""
    return _REFERENCE.has_name(name)
