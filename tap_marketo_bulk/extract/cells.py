"""A file's bytes -> blocks of cell texts.

Python's csv module reads the rows. This module adds what Marketo's files need: a row ends at LF
and at no other character, carriage returns inside values are kept, NUL bytes are removed, and a
quote that is not doubled inside a quoted value is read as part of that value.
"""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import MalformedFileError
from tap_marketo_bulk.extract.blocks import Block, Cells, count_lines
from tap_marketo_bulk.extract.stray_quotes import RowWithStrayQuotes

if TYPE_CHECKING:
    from collections.abc import Iterator

# Longer than any real row. Without a bound, a quote that is never closed would make the reader
# hold the rest of the file in memory.
LONGEST_ROW_BYTES = 32 * 1024 * 1024
# How much is read at once. A block has the rows of one chunk. Larger ones do not fit in the
# processor's cache, which costs a tenth of the time.
CHUNK_BYTES = 64 * 1024
# csv takes a carriage return for the end of a row, also in the middle of an unquoted cell. It is
# replaced by this lone surrogate, which no UTF-8 text can contain, while csv reads.
_HIDDEN_CR = "\udc0d"
# csv's own limit of 131,072 characters is shorter than some activities' attributes.
csv.field_size_limit(2 * LONGEST_ROW_BYTES)


class BlockReader:
    """Iterates over the blocks of one file; the header is the first row of the first block.

    Attributes:
        nul_bytes: NUL bytes removed so far.

    Raises:
        MalformedFileError: From the iteration: the bytes are not UTF-8, a quoted cell never
            ends, or a row is longer than 32 MiB.
    """

    def __init__(self, file: BinaryIO, separator: str, chunk_bytes: int = CHUNK_BYTES) -> None:
        """Read ``file`` from its beginning, ``chunk_bytes`` or a little more at once."""
        self.nul_bytes = 0
        self._file = file
        self._separator = separator
        self._chunk_bytes = chunk_bytes
        file.seek(0)
        first_line = file.readline(LONGEST_ROW_BYTES)
        file.seek(len(BOM_UTF8) if first_line.startswith(BOM_UTF8) else 0)
        # Marketo documents LF. A file that ends its lines in CRLF does so from the first line on.
        self._ends_in_crlf = first_line.endswith(b"\r\n")
        self._hides_cr = False
        self._lines_read = 0
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
            yield Block(self._rows, self._first_line, self._rows)

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
        self._lines_read += raw.count(b"\n")
        self._texts.append(text)
        return text

    def _decode(self, raw: bytes) -> str:
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            line = self._lines_read + raw.count(b"\n", 0, error.start) + 1
            byte = error.start - (raw.rfind(b"\n", 0, error.start) + 1)
            raise malformed(line, f"its byte {byte} is not UTF-8") from None
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
        block_text = "".join(self._texts)[self._position :]
        lines = count_lines(self._rows)
        row_text = block_text.split("\n", lines)[lines]
        row = RowWithStrayQuotes(row_text, self._separator, self._more_text)
        cells = row.read()
        self._texts = [row.text]
        self._chunk = io.StringIO(row.text, newline="\n")
        self._chunk.seek(row.end)
        return cells

    def _more_text(self) -> str:
        text = self._read_text()
        if not text:
            raise self._malformed("a quoted value never ends")
        return text

    def _malformed(self, reason: str) -> MalformedFileError:
        return malformed(self._first_line + count_lines(self._rows), reason)


def _show_cr(row: Cells) -> Cells:
    """Return a row with its carriage returns in place."""
    if _HIDDEN_CR not in "".join(row):
        return row
    return [cell.replace(_HIDDEN_CR, "\r") for cell in row]


def malformed(line: int, reason: str) -> MalformedFileError:
    """Return the error for the row that begins on a line."""
    return MalformedFileError(
        f"Line {line} of the exported file cannot be read: {reason}. The bookmark does not move "
        "past this file's window, and the next run exports it again. If the error stays, correct "
        "the record in Marketo or deselect the field."
    )
