"""Streams that the catalog selects and for which the API user lacks a permission."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.streams.base import MarketoStream, StreamSpec
from tap_marketo_bulk.streams.column_naming import renamed_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_marketo_bulk.errors import AccessDeniedError
    from tap_marketo_bulk.extract.records import Record
    from tap_marketo_bulk.streams.creation_context import CreationContext
    from tap_marketo_bulk.streams.sync_run import SyncRun


logger = logging.getLogger("tap-marketo-bulk")


class DeniedStream(MarketoStream):
    """A stream that is left out; the run ends with an error after all other streams."""

    def __init__(self, tap: Tap, spec: StreamSpec, run: SyncRun, error: AccessDeniedError) -> None:
        """Describe the stream.

        Args:
            tap: The tap.
            spec: What the catalog says of the stream.
            run: The run, which the streams of a tap share.
            error: Marketo's response to the call that describes the stream.
        """
        super().__init__(tap, spec)
        self._run = run
        self._error = error

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield none."""
        del context  # there are no partitions
        self._run.postponed_errors.leave_out(self.name, self._error, is_test=self.has_record_limit)
        self._run.end_run_after_last_stream(self)
        yield from ()


def undescribed_stream(
    context: CreationContext, spec: StreamSpec, error: AccessDeniedError
) -> DeniedStream:
    """Return a stream that discovery offers although its description is denied.

    Otherwise it would leave the catalog, and runs would go on without it and without an error.

    Args:
        context: What streams are made from.
        spec: What the stream is, with the fields that every subscription has.
        error: Marketo's response to the call that describes it.
    """
    names = context.naming.names_of_fields(spec.schema["properties"])
    logger.warning(
        "%s: the API user lacks the permission %s, so its catalog entry has no columns but %s. Run "
        "discovery again when the permission is there.",
        spec.name,
        error.permission,
        ", ".join(names.column_of(name) for name in spec.schema["properties"]),
    )
    named = replace(spec, schema=renamed_schema(spec.schema, names), names=names)
    return DeniedStream(context.tap, named, context.run, error)


def denied_streams(
    context: CreationContext, prefix: str, error: AccessDeniedError
) -> Iterator[DeniedStream]:
    """Yield the streams with a prefix that the catalog selects; without a catalog, log the error.

    Args:
        context: What streams are made from.
        prefix: The beginning of the streams' names.
        error: Marketo's response to the call that lists or describes them.
    """
    if context.catalog is None:
        context.log_denied(f"{prefix}*", error)
        return
    for entry in context.catalog.streams:
        if entry.tap_stream_id in (context.selected_streams(prefix) or ()):
            keys = (entry.replication_key,) if entry.replication_key else ()
            spec = StreamSpec(
                name=entry.tap_stream_id,
                schema=entry.schema.to_dict(),
                key=tuple(entry.key_properties or ()),
                replication_keys=keys,
            )
            yield DeniedStream(context.tap, spec, context.run, error)
