"""A verified file -> its fields, and its rows as blocks of text.

Python's csv module reads the rows. This module adds what Marketo's files need: a row ends at LF
and at no other character, carriage returns inside values are kept, NUL bytes are removed, a quote
that is not doubled inside a quoted value (``"first"Name1","lastName1"``) is read as part of that
value, and bytes that are not UTF-8 affect only their cell.
"""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import chain, takewhile
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import MalformedFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

Cells = list[str]
# One page of Adobe's documentation says that semicolons separate SSV, another says spaces.
SEPARATORS = {"CSV": (",",), "TSV": ("\t",), "SSV": (";", " ")}
# How much is read at once. A block has the rows of one chunk. Larger ones do not fit in the
# processor's cache, which costs a tenth of the time.
CHUNK_BYTES = 64 * 1024
# For files whose rows are split by activity type, so that each part is worth a conversion of
# whole columns.
SPLIT_CHUNK_BYTES = 4 * CHUNK_BYTES
# Longer than any real row. Without a bound, a quote that is never closed would make the reader
# hold the rest of the file in memory.
LONGEST_ROW_BYTES = 32 * 1024 * 1024
# csv takes a carriage return for the end of a row, also in the middle of an unquoted cell. It is
# replaced by this lone surrogate, which no UTF-8 text can contain, while csv reads.
_HIDDEN_CR = "\udc0d"
# An error that lists hundreds of columns is of no use.
_LONGEST_MESSAGE = 2000

# csv's own limit of 131,072 characters is shorter than some activities' attributes.
csv.field_size_limit(2 * LONGEST_ROW_BYTES)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one file, in the file's order.

    Attributes:
        rows: The cells of each row.
        first_line: Number of the line on which the first of ``file_rows`` begins, from 1.
        file_rows: Consecutive rows of the file, of which ``rows`` are all or some.
        originals: ``id`` of a row -> column -> a cell with bytes that are not UTF-8, these
            written in hexadecimal; the cell in the row has U+FFFD in their place.
        export_id: The export whose file this is, for messages; empty if it is not known.
    """

    rows: Sequence[Cells]
    first_line: int
    file_rows: Sequence[Cells]
    originals: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    export_id: str = ""

    def line_number(self, index: int) -> int:
        """Return the number of the line on which a row begins; only errors need it."""
        row = self.rows[index]
        earlier = takewhile(lambda each: each is not row, self.file_rows)
        return self.first_line + count_lines(earlier)

    def select(self, rows: Sequence[Cells]) -> Block:
        """Return a block of some of this block's rows, which keep their line numbers."""
        return replace(self, rows=rows)

    def undecodable_cells(self) -> dict[int, Mapping[int, str]]:
        """Return the originals of ``rows`` by index in place of ``id``."""
        rows = enumerate(map(id, self.rows)) if self.originals else ()
        return {index: self.originals[row] for index, row in rows if row in self.originals}


def with_added_cells(blocks: Iterable[Block], cells: Cells) -> Iterator[Block]:
    """Yield blocks to whose rows the same cells were added at the end."""
    for block in blocks:
        for row in block.rows:
            # In place: line numbers are found by the identity of rows.
            row.extend(cells)
        yield block


def count_lines(rows: Iterable[Cells]) -> int:
    """Return how many lines of the file the rows take: a cell can hold line feeds."""
    return sum(1 + sum(cell.count("\n") for cell in row) for row in rows)


def split_by_column(block: Block, column: int) -> dict[str, Block]:
    """Return one block for each text that a column of a block holds, in order of appearance."""
    rows_by_text: defaultdict[str, list[Cells]] = defaultdict(list)
    for row in block.rows:
        rows_by_text[row[column]].append(row)
    return {text: block.select(rows) for text, rows in rows_by_text.items()}


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
        export_id: The export whose file it is, for messages; empty if it is not known.
    """

    columns: Mapping[str, str]
    separators: Sequence[str]
    repeatable: Collection[str] = ()
    export_id: str = ""


def read_blocks(
    file: BinaryIO, expected: ExpectedFormat, stats: FileStats, chunk_bytes: int = CHUNK_BYTES
) -> tuple[tuple[str, ...], Iterator[Block]]:
    """Return the fields of a file in its order, and its rows as blocks of text.

    An empty file has all fields and no rows. The field of a repeated header is returned twice.
    ``stats`` is kept up to date while the blocks are read, each of about ``chunk_bytes``.

    Raises:
        MalformedFileError: The header is not the expected one; or, from the iterator, a row
            cannot be read or has another number of cells than the header. Names the export, and
            the line.
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
        reader = BlockReader(file, separator, chunk_bytes, expected.export_id)
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
        f"The header of {_file_label(expected.export_id)} is not the requested one: missing "
        f"{missing or 'nothing'}, unexpected {unexpected or 'nothing'} (of {len(header)} "
        "columns). No row of it was used, and the next run exports it again. If the error stays, "
        "run discovery again."
    )
    raise MalformedFileError(message[:_LONGEST_MESSAGE])


def _checked(
    first: Block, others: Iterator[Block], reader: BlockReader, width: int, stats: FileStats
) -> Iterator[Block]:
    """Yield blocks whose rows have ``width`` cells."""
    for block in chain([first], others):
        if set(map(len, block.rows)) - {width}:
            index = next(index for index, row in enumerate(block.rows) if len(row) != width)
            reason = f"it has {len(block.rows[index])} columns instead of {width}"
            raise _malformed(block.export_id, block.line_number(index), reason)
        stats.rows += len(block.rows)
        stats.nul_bytes = reader.nul_bytes
        if block.rows:
            yield block


class BlockReader:
    """Iterates over the blocks of one file; the header is the first row of the first block.

    Attributes:
        nul_bytes: NUL bytes removed so far.

    Raises:
        MalformedFileError: From the iteration: a quoted cell never ends, or a row is too long.
    """

    def __init__(
        self,
        file: BinaryIO,
        separator: str,
        chunk_bytes: int = CHUNK_BYTES,
        export_id: str = "",
    ) -> None:
        self.nul_bytes = 0
        self._export_id = export_id
        self._file = file
        self._separator = separator
        self._chunk_bytes = chunk_bytes
        file.seek(0)
        first_line = file.readline(LONGEST_ROW_BYTES)
        file.seek(len(BOM_UTF8) if first_line.startswith(BOM_UTF8) else 0)
        # Marketo documents LF. A file that ends its lines in CRLF does so from the first line on.
        self._ends_in_crlf = first_line.endswith(b"\r\n")
        self._hides_cr = False
        self._is_utf8 = True
        # The block that is being read: its rows, its first line, and the text of the chunks that
        # it is read from. It begins at this position of the first chunk.
        self._rows: list[Cells] = []
        self._first_line = 1
        self._texts = [""]
        self._position = 0
        self._bytes_beyond_first_chunk = 0
        self._start_csv_reader(io.StringIO(), first_line=1)

    def __iter__(self) -> Iterator[Block]:
        """Yield blocks of at least one row."""
        while self._read_rows():
            if self._hides_cr:
                self._rows = [_show_cr(row) for row in self._rows]
            originals = {} if self._is_utf8 else _replace_undecodable_bytes(self._rows)
            yield Block(self._rows, self._first_line, self._rows, originals, self._export_id)

    def _start_csv_reader(self, chunk: io.StringIO, first_line: int) -> None:
        """Let csv read on from the position of ``chunk``, where a row begins."""
        self._chunk = chunk
        self._lines_before_csv = first_line - 1
        lines = chain.from_iterable(self._chunks())
        self._csv = csv.reader(lines, delimiter=self._separator, strict=True)

    def _read_rows(self) -> bool:
        """Read the rows that begin in the present chunk; return whether there is one."""
        chunk = self._chunk
        self._rows = rows = []
        self._first_line = self._lines_before_csv + self._csv.line_num + 1
        self._texts = self._texts[-1:]
        self._position = chunk.tell()
        self._bytes_beyond_first_chunk = 0
        try:
            for row in self._csv:
                rows.append(row)
                if self._chunk is not chunk:
                    break
        except csv.Error:
            # Most likely a quote that is not doubled inside a quoted cell.
            rows.append(self._read_row_with_stray_quotes())
            self._start_csv_reader(self._chunk, self._first_line + count_lines(rows))
        return bool(rows)

    def _chunks(self) -> Iterator[io.StringIO]:
        """Yield the present chunk, then those that follow, when csv needs their lines."""
        yield self._chunk
        while text := self._read_text():
            # newline="\n": lines end in LF only, and nothing is translated.
            self._chunk = io.StringIO(text, newline="\n")
            yield self._chunk

    def _read_text(self) -> str:
        """Return the next chunk's whole lines; empty at the end of the file."""
        limit = LONGEST_ROW_BYTES - self._bytes_beyond_first_chunk
        raw = self._file.read(min(self._chunk_bytes, limit))
        raw += self._file.readline(limit - len(raw))
        self._bytes_beyond_first_chunk += len(raw)
        if self._bytes_beyond_first_chunk >= LONGEST_ROW_BYTES:
            raise self._malformed(f"a row is longer than {LONGEST_ROW_BYTES} bytes")
        text = self._decode(raw)
        self._texts.append(text)
        return text

    def _decode(self, raw: bytes) -> str:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            # A byte that is not UTF-8 becomes a lone surrogate until its row is read.
            text = raw.decode(errors="surrogateescape")
            self._is_utf8 = False
        if "\0" in text:
            self.nul_bytes += text.count("\0")
            text = text.replace("\0", "")
        if "\r" in text:
            text = text.replace("\r", _HIDDEN_CR)
            if self._ends_in_crlf:
                text = text.replace(f"{_HIDDEN_CR}\n", "\r\n")
            self._hides_cr = self._hides_cr or _HIDDEN_CR in text
        return text

    def _read_row_with_stray_quotes(self) -> Cells:
        """Read the row that csv refused, and set the present chunk to where the next one begins."""
        text, lines = "".join(self._texts)[self._position :], count_lines(self._rows)
        row = RowWithStrayQuotes(text.split("\n", lines)[lines], self._separator, self._more_text)
        cells = row.read()
        self._texts = [row.text]
        self._chunk = io.StringIO(row.text, newline="\n")
        self._chunk.seek(row.end)
        return cells

    def _more_text(self) -> str:
        if text := self._read_text():
            return text
        raise self._malformed("a quoted value never ends")

    def _malformed(self, reason: str) -> MalformedFileError:
        line = self._first_line + count_lines(self._rows)
        return _malformed(self._export_id, line, reason)


def _show_cr(row: Cells) -> Cells:
    if _HIDDEN_CR not in "".join(row):
        return row
    return [cell.replace(_HIDDEN_CR, "\r") for cell in row]


def _replace_undecodable_bytes(rows: Sequence[Cells]) -> dict[int, dict[int, str]]:
    """Put U+FFFD in place of the bytes that are not UTF-8; return ``Block.originals``."""
    originals: dict[int, dict[int, str]] = {}
    for row in rows:
        for column, cell in enumerate(row):
            if cell.isascii():
                continue
            raw = cell.encode(errors="surrogateescape")
            row[column] = raw.decode(errors="replace")
            if row[column] != cell:
                escaped = raw.decode(errors="backslashreplace")
                originals.setdefault(id(row), {})[column] = escaped
    return originals


def _malformed(export_id: str, line: int, reason: str) -> MalformedFileError:
    return MalformedFileError(
        f"Line {line} of {_file_label(export_id)} cannot be read: {reason}. The bookmark does not "
        "move past this file's window, and the next run exports it again. If the error stays, "
        "correct the record in Marketo or deselect the field."
    )


def _file_label(export_id: str) -> str:
    return f"the file of export {export_id}" if export_id else "the exported file"


class RowWithStrayQuotes:
    """Reads a row, taking a quote for the end of a quoted cell only where a cell can end.

    Any other quote inside a quoted cell is part of the value.

    Attributes:
        text: The text that is being read: whole lines.
        end: Where the row ends in ``text``, once it was read.
    """

    def __init__(self, text: str, separator: str, more_text: Callable[[], str]) -> None:
        self.text = text
        self.end = 0
        self._separator = separator
        self._more_text = more_text

    def read(self) -> Cells:
        """Return the row's cells."""
        cells: Cells = []
        while True:
            is_quoted = self.text.startswith('"', self.end)
            cells.append(self._quoted() if is_quoted else self._unquoted())
            if not self.text.startswith(self._separator, self.end):
                break
            self.end += len(self._separator)
        line_feed = self.text.find("\n", self.end)
        self.end = len(self.text) if line_feed < 0 else line_feed + 1
        return cells

    def _unquoted(self) -> str:
        start = self.end
        line_feed = self.text.find("\n", start)
        line_end = len(self.text) if line_feed < 0 else line_feed
        found = self.text.find(self._separator, start, line_end)
        self.end = line_end if found < 0 else found
        return self.text[start : self.end].removesuffix("\r")

    def _quoted(self) -> str:
        parts: list[str] = []
        start = position = self.end + 1
        while True:
            quote = self.text.find('"', position)
            if quote < 0:
                parts.append(self.text[start:])
                self.text, start, position = self._more_text(), 0, 0
                continue
            after = self.text[quote + 1 : quote + 3]
            if after in ("", "\r\n") or after[0] in (self._separator, "\n"):
                parts.append(self.text[start:quote])
                self.end = quote + 1
                return "".join(parts).replace('""', '"')
            # Doubled or stray, it is part of the value.
            position = quote + (2 if after[0] == '"' else 1)
