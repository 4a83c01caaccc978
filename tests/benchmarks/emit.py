"""Emit one file's records to stdout, by the tap or by the floor; the CPU seconds go to stderr.

The floor is the least that any tap in Python has to do: ``csv.reader``, the same conversions,
the same JSON, the same pipe. It forgives nothing and proves nothing.

Run as ``python emit.py tap|floor FILE CATALOG STREAM``.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tap_marketo_bulk.extract.fields import TEXT, type_for_schema
from tap_marketo_bulk.extract.order import Order
from tap_marketo_bulk.extract.pipeline import VerifiedFile
from tap_marketo_bulk.extract.windows import Window
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.tap import TapMarketoBulk

from .files import activity_types

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
BLOCK_BYTES = 64 * 1024
Catalog = dict[str, Any]


def floor(file: Path, catalog: Catalog, stream: str) -> float:
    """Read, convert, encode and write; nothing else."""
    began = time.process_time()
    entry = next(each for each in catalog["streams"] if each["stream"] == stream)
    types = {name: type_for_schema(each) for name, each in entry["schema"]["properties"].items()}
    encode = msgspec.json.Encoder(decimal_format="number").encode
    head = b'{"type":"RECORD","stream":"' + stream.encode() + b'","record":'
    tail = b',"time_extracted":"2026-01-01T00:00:00.000000Z"}\n'
    waiting = bytearray()
    csv.field_size_limit(2**31 - 1)
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        names = next(rows)
        parsers = [(name, types[name].parse) for name in names if types[name] is not TEXT]
        for cells in rows:
            record: dict[str, Any] = {
                name: None if cell == "null" else cell
                for name, cell in zip(names, cells, strict=True)
            }
            for name, parse in parsers:
                if record[name] is not None:
                    record[name] = parse(record[name])
            waiting += head
            waiting += encode(record)
            waiting += tail
            if len(waiting) >= BLOCK_BYTES:
                sys.stdout.buffer.write(waiting)
                waiting.clear()
    sys.stdout.buffer.write(waiting)
    sys.stdout.flush()
    return time.process_time() - began


def tap(file: Path, catalog: Catalog, stream: str, rows: int) -> float:
    """Emit the file as the tap does, from the moment at which it is proven."""
    config = {
        "endpoint": "http://127.0.0.1:9",
        "client_id": "id",
        "client_secret": "secret",
        "start_date": "2026-01-01",
    }
    state: dict[str, Any] = {"bookmarks": {stream: {"exports": []}}}
    TapMarketoBulk._activity_types = activity_types()  # noqa: SLF001 - spares the call
    made = TapMarketoBulk(config=config, catalog=catalog, state=state)
    reader = made.streams[stream]
    with file.open("rb") as content:
        names = tuple(content.readline().decode().rstrip("\n").split(","))
        content.seek(0)
        request = ExportRequest(stream, names, {})
        job = ExportJob("id", JobStatus.COMPLETED, records=rows)
        proven = VerifiedFile(Order(stream, WINDOW, request), request, job, content)

        def files(_stream: object) -> Iterator[VerifiedFile]:
            yield proven

        # Marketo's part is not measured.
        made.source.files = files  # type: ignore[assignment] # a stand-in
        if stream == "activities":
            reader._starts = {part.name: WINDOW.start for part in reader.parts()}  # type: ignore[attr-defined] # noqa: SLF001
        began = time.process_time()
        reader.sync()
    made.message_writer.flush()  # type: ignore[attr-defined] # the tap's own writer
    return time.process_time() - began


def main() -> None:
    """Measure one of both."""
    which, file, catalog, stream, rows = sys.argv[1:]
    read = json.loads(Path(catalog).read_text(encoding="utf-8"))
    if which == "tap":
        seconds = tap(Path(file), read, stream, int(rows))
    else:
        seconds = floor(Path(file), read, stream)
    sys.stderr.write(json.dumps({"cpu_seconds": seconds}) + "\n")


if __name__ == "__main__":
    main()
