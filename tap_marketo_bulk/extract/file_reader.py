"""A verified file -> its fields and its rows as blocks, each row as wide as the header."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import MalformedFileError
from tap_marketo_bulk.extract.cells import CHUNK_BYTES, BlockReader, malformed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tap_marketo_bulk.extract.blocks import Block

# One page of Adobe's documentation says that semicolons separate SSV, another says spaces.
SEPARATORS = {"CSV": (",",), "TSV": ("\t",), "SSV": (";", " ")}
# For files whose rows are split by activity type, so that each part is worth a conversion of
# whole columns.
SPLIT_CHUNK_BYTES = 4 * CHUNK_BYTES
# An error that lists hundreds of columns is of no use.
_LONGEST_MESSAGE = 2000


@dataclass
class FileStats:
    """What was counted in a file.

    Attributes:
        rows: Rows read so far.
        nul_bytes: NUL bytes removed from values.
    """

    rows: int = 0
    nul_bytes: int = 0


@dataclass(frozen=True)
class ExpectedFormat:
    """How a file must look.

    Attributes:
        columns: Header of each column -> name of its field.
        separators: What may stand between cells. The one that gives the expected header is used.
        repeatable: Headers that may occur twice.
    """

    columns: Mapping[str, str]
    separators: Sequence[str]
    repeatable: Collection[str] = ()


def read_blocks(
    file: BinaryIO, expected: ExpectedFormat, stats: FileStats, chunk_bytes: int = CHUNK_BYTES
) -> tuple[tuple[str, ...], Iterator[Block]]:
    """Return the fields of a file in its order, and its rows as blocks of text.

    An empty file has all fields and no rows. The field of a repeated header is returned twice.

    Args:
        file: The verified file; it is read from its beginning.
        expected: How it must look.
        stats: Is kept up to date while the blocks are read.
        chunk_bytes: How much of the file becomes one block.

    Raises:
        MalformedFileError: The header is not the expected one; or, from the iterator, a row
            cannot be read or has another number of cells than the header. Names the line.
    """
    reader, blocks, first = _open(file, expected, chunk_bytes)
    if first is None:
        return tuple(expected.columns.values()), iter(())
    header, *rows = first.rows
    _check_header(header, expected)
    fields = tuple(expected.columns[name] for name in header)
    return fields, _checked(first.select(rows), blocks, reader, len(fields), stats)


def _open(
    file: BinaryIO, expected: ExpectedFormat, chunk_bytes: int
) -> tuple[BlockReader, Iterator[Block], Block | None]:
    """Return the first block as the right separator gives it; None for an empty file."""
    for separator in expected.separators:
        reader = BlockReader(file, separator, chunk_bytes)
        blocks = iter(reader)
        first = next(blocks, None)
        if first is None or set(first.rows[0]) == set(expected.columns):
            break
    return reader, blocks, first


def _check_header(header: Sequence[str], expected: ExpectedFormat) -> None:
    found, requested = Counter(header), Counter(list(expected.columns))
    missing = sorted((requested - found).elements())
    unexpected = sorted((found - requested - Counter(expected.repeatable)).elements())
    if not missing and not unexpected:
        return
    message = (
        "The exported file's header is not the requested one: missing "
        f"{missing or 'nothing'}, unexpected {unexpected or 'nothing'} (of {len(header)} "
        "columns). No row of it was used; run again, or run discovery again."
    )
    raise MalformedFileError(message[:_LONGEST_MESSAGE])


def _checked(
    first: Block, others: Iterator[Block], reader: BlockReader, width: int, stats: FileStats
) -> Iterator[Block]:
    """Yield blocks whose rows have ``width`` cells."""
    block: Block | None = first
    while block is not None:
        if set(map(len, block.rows)) - {width}:
            index = next(index for index, row in enumerate(block.rows) if len(row) != width)
            reason = f"it has {len(block.rows[index])} columns instead of {width}"
            raise malformed(block.line_number(index), reason)
        stats.rows += len(block.rows)
        stats.nul_bytes = reader.nul_bytes
        if block.rows:
            yield block
        block = next(others, None)
