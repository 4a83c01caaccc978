"""Records as RECORD messages: past the SDK where it would only write them, else through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import SameRecordTransform

from tap_marketo_bulk.extract.records import dict_record_factory, struct_record_factory
from tap_marketo_bulk.streams.writer import MessageWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_marketo_bulk.streams.base import MarketoStream

# ("properties", "leadId"): a longer breadcrumb names a part of a column's value.
_COLUMN_BREADCRUMB = 2


class RecordEmitter:
    """Writes the records of one stream.

    The fast path writes whole blocks of records. Where stream maps, flattening, a partial
    selection of an object or a version need the SDK, records go through it one by one.

    Attributes:
        stream: The stream.
        record_format: In which form the path takes records.
    """

    def __init__(self, stream: MarketoStream) -> None:
        """Choose the path; the stream's catalog and settings are complete by now."""
        self.stream = stream
        self._write_block = fast_path(stream)
        self.record_format = struct_record_factory if self._write_block else dict_record_factory

    @property
    def is_fast(self) -> bool:
        """Whether records go past the SDK."""
        return self._write_block is not None

    def write(self, records: Sequence[Any]) -> None:
        """Write records, and count them for the SDK's metrics."""
        if self._write_block:
            self._write_block(records)
        else:
            for record in records:
                self.stream.write_record(record)
        self.stream.record_counter.increment(len(records))


def fast_path(stream: MarketoStream) -> Callable[[Sequence[Any]], None] | None:
    """Return what writes records past the SDK; None where the SDK does more than write."""
    writer = stream.tap.message_writer
    if not isinstance(writer, MessageWriter) or stream.has_record_limit or stream.has_version:
        return None
    maps = stream.stream_maps
    is_unmapped = [type(each) for each in maps] == [SameRecordTransform]
    is_whole = all(
        selected for crumb, selected in stream.mask.items() if len(crumb) > _COLUMN_BREADCRUMB
    )
    if not is_unmapped or not is_whole or maps[0].flattening_enabled:
        return None
    return writer.record_block_writer(maps[0].stream_alias)
