"""The floor: the least that a tap in Python must do with a file. It shares no code with the tap.

It uses ``csv.reader``, converts integers, numbers, booleans and attributes, and encodes one dict
per record with msgspec. It verifies nothing and does not support unusual values.

Run as ``python -m tests.benchmarks.floor FILE TYPES``, with a JSON object of data types by field.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import msgspec

_BLOCK_BYTES = 64 * 1024
_PARSERS = {
    "integer": int,
    "type id": int,
    "float": float,
    "currency": float,
    "score": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "json": msgspec.json.decode,
}


def main() -> None:
    """Read a file and write its records to stdout."""
    types = json.loads(sys.argv[2])
    encode = msgspec.json.Encoder().encode
    head = b'{"type":"RECORD","stream":"floor","record":'
    tail = b',"time_extracted":"2026-01-01T00:00:00.000000Z"}\n'
    waiting = bytearray()
    csv.field_size_limit(2**31 - 1)
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        names = next(rows)
        parsers = [(name, _PARSERS[types[name]]) for name in names if types[name] in _PARSERS]
        for cells in rows:
            record: dict[str, object] = {
                name: None if cell == "null" else cell
                for name, cell in zip(names, cells, strict=False)
            }
            for name, parse in parsers:
                if (cell := record[name]) is not None:
                    record[name] = parse(cell)  # type: ignore[operator] # parsers of text
            waiting += head
            waiting += encode(record)
            waiting += tail
            if len(waiting) >= _BLOCK_BYTES:
                sys.stdout.buffer.write(waiting)
                waiting.clear()
    sys.stdout.buffer.write(waiting)


if __name__ == "__main__":
    main()
