"""The records of export files, converted with the columns of a small schema."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tap_marketo_bulk.rows.csv_file import SEPARATORS, Block, ExpectedFormat, FileStats, read_blocks
from tap_marketo_bulk.rows.field_types import DATE_TIME, INTEGER, TEXT
from tap_marketo_bulk.rows.records import RecordFields, RowConverter
from tap_marketo_bulk.rows.values import InvalidValueHandler, InvalidValuePolicy

if TYPE_CHECKING:
    from tap_marketo_bulk.rows.records import Record

NULL, FAIL = InvalidValuePolicy
SCHEMA = RecordFields(
    "leads",
    {"id": INTEGER, "updatedAt": DATE_TIME, "name": TEXT, "score": INTEGER},
    key=("id",),
    required=frozenset({"id", "updatedAt"}),
)
NOON, ONE = "2026-02-01T12:00:00Z", "2026-02-01T13:00:00Z"
HEADER = "id,updatedAt,name,score"


def records(
    file: str | bytes,
    schema: RecordFields = SCHEMA,
    invalid_values: InvalidValueHandler | None = None,
    file_format: str = "CSV",
) -> list[Record]:
    """Read a file whose columns are named by the schema's fields."""
    content = io.BytesIO(file if isinstance(file, bytes) else file.encode())
    columns = {name: name for name in schema.types}
    expected = ExpectedFormat(columns, SEPARATORS[file_format])
    fields, blocks = read_blocks(content, expected, FileStats())
    converter = RowConverter(fields, schema, invalid_values or InvalidValueHandler(NULL))
    return [record for block in blocks for record in converter.convert(block)]


def block_of(*rows: list[str]) -> Block:
    """Return a block that begins on line 2."""
    return Block(rows, 2, rows)
