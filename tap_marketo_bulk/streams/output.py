"""Singer messages to stdout, in blocks, with a fast path for records.

The SDK makes several objects and one system call for each record. The fast path encodes a whole
block of records at once: the same messages in a fraction of the time. Records go through the SDK
only if it does more than write them.
"""

from __future__ import annotations

import select
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.contrib.msgspec import enc_hook
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.encoding.base import GenericSingerWriter, SingerMessageType
from singer_sdk.singerlib.encoding.simple import Message

from tap_marketo_bulk.rows.records import dict_record_factory, struct_record_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_marketo_bulk.streams.base import MarketoStream


# A pipe takes this much at a time.
BLOCK_BYTES = 64 * 1024


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """Writes messages in order: records in blocks, every other message at once.

    So a STATE message leaves together with all records before it.
    """

    def __init__(self) -> None:
        super().__init__()
        encoder = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number")
        self._encode, self._encode_lines = encoder.encode, encoder.encode_lines
        self._buffer = bytearray()
        self._is_writing = False
        self._exit: SystemExit | None = None

    def serialize_message(self, message: Message) -> bytes:
        """Return a message as a line of JSON."""
        return self._encode(message.to_dict()) + b"\n"

    def write_message(self, message: Message) -> None:
        """Write a message; a record is kept until there is a block of them."""
        self._buffer += self.serialize_message(message)
        if message.type != SingerMessageType.RECORD or len(self._buffer) >= BLOCK_BYTES:
            self.flush()

    def record_block_writer(self, stream: str) -> Callable[[Sequence[Any]], None]:
        """Return a function that writes records as ``write_message`` would write them.

        Records are dicts, or objects that msgspec encodes like dicts. The records of one call
        share their ``time_extracted``.
        """
        head = b'{"type":"RECORD","stream":' + self._encode(stream) + b',"record":'

        def write(records: Sequence[Any]) -> None:
            if not records:
                return
            tail = b',"time_extracted":' + self._encode(datetime.now(UTC)) + b"}\n"
            # One record a line. JSON has no line feeds inside.
            lines = self._encode_lines(records).removesuffix(b"\n")
            self._buffer += head + lines.replace(b"\n", tail + head) + tail
            if len(self._buffer) >= BLOCK_BYTES:
                self.flush()

        return write

    def flush(self) -> None:
        """Write everything to stdout; then end the process where that was requested."""
        self._is_writing = True
        try:
            while self._buffer:
                written = _write(self._buffer)
                del self._buffer[:written]
        finally:
            self._is_writing = False
        if self._exit is not None:
            raise self._exit

    def end_between_messages(self, process_exit: SystemExit) -> None:
        """End the process, from within a signal handler, but not in the middle of a line.

        Messages that are still in the buffer are not written: no STATE covers them. A second
        request ends the process at once, also while the target does not read.
        """
        if self._is_writing and self._exit is None:
            self._exit = process_exit
        else:
            raise process_exit


def _write(block: bytearray) -> int:
    """Write some of a block to stdout; return how many bytes were written."""
    out = sys.stdout.buffer
    # Not through Python's own buffer: an interruption would lose the rest of the block.
    raw = getattr(out, "raw", None)
    if raw is None:
        written = out.write(bytes(block))
        out.flush()
    else:
        written = raw.write(bytes(block))
        if written is None:
            # A full pipe in non-blocking mode: wait for the target, as a blocking write would.
            select.select([], [raw], [])
    return int(written or 0)


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
