"""A file's bytes -> cells of text, whatever Marketo left inside its values.

Python's csv module does the work. Around it stands what Marketo's files need: lines end in
LF and nowhere else, carriage returns inside values are no line ends, NUL bytes go, and a
quote that Marketo forgot to double does not cost a value.
"""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import MalformedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Beyond any real row. Without a bound, one quote that is never closed would pull the rest
# of the file into memory.
LONGEST_ROW_BYTES = 32 * 1024 * 1024
# What a line costs in memory beside its bytes.
_LINE_BYTES = 64
# csv takes a carriage return for a line end. This stands in for it while csv looks: a lone
# surrogate, which no UTF-8 text can contain.
_HIDDEN_CR = "\udc0d"
# csv's own limit, 131,072 characters, is shorter than some activity attributes.
csv.field_size_limit(LONGEST_ROW_BYTES)


class Lines:
    """The lines of one file, remembering those of the row under way.

    Iterating goes on where an earlier iteration was given up.

    Attributes:
        start: Number of the line on which the row under way begins, from 1.
        pending: The lines of the row under way, read so far.
        hides_cr: Whether a carriage return of the row under way is hidden.
        nul_bytes: NUL bytes removed so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Look at the first line of ``file``, which is at its beginning."""
        self.start = 1
        self.pending: list[str] = []
        self.hides_cr = False
        self.nul_bytes = 0
        first = file.readline(LONGEST_ROW_BYTES)
        file.seek(len(BOM_UTF8) if first.startswith(BOM_UTF8) else 0)
        # LF is documented. Whoever writes CRLF does so from the first line on.
        self._ends_in_crlf = first.endswith(b"\r\n")
        self._lines = self._read(file)

    def __iter__(self) -> Iterator[str]:
        """Go on with the next line."""
        return self._lines

    def close_row(self) -> None:
        """Forget the lines of a row that is done."""
        self.start += len(self.pending)
        self.pending.clear()
        self.hides_cr = False

    def malformed(self, finding: str) -> MalformedFileError:
        """Build the error for the row under way."""
        return MalformedFileError(
            f"Line {self.start} of the exported file cannot be read: {finding}. The rows of its "
            "window were not counted as done, and the next run exports it again; if it stays so, "
            "correct the record in Marketo or deselect the field."
        )

    def _read(self, file: BinaryIO) -> Iterator[str]:
        pending, row_bytes = self.pending, 0
        for raw in iter(partial(file.readline, LONGEST_ROW_BYTES), b""):
            row_bytes = row_bytes + len(raw) + _LINE_BYTES if pending else len(raw)
            if row_bytes >= LONGEST_ROW_BYTES:
                message = f"a row is longer than {LONGEST_ROW_BYTES} bytes"
                raise self.malformed(message)
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                message = f"byte {error.start} of a line is not UTF-8"
                raise self.malformed(message) from None
            if "\0" in line:
                self.nul_bytes += line.count("\0")
                line = line.replace("\0", "")
            if "\r" in line:
                line = self._hide_cr(line)
            pending.append(line)
            yield line

    def _hide_cr(self, line: str) -> str:
        self.hides_cr = True
        if self._ends_in_crlf and line.endswith("\r\n"):
            return line[:-2].replace("\r", _HIDDEN_CR) + "\r\n"
        return line.replace("\r", _HIDDEN_CR)


def read_cells(lines: Lines, separator: str) -> Iterator[list[str]]:
    """Yield the cells of each row, header included.

    ``lines`` points at the row's first line until the next row is asked for.

    Raises:
        MalformedFileError: The bytes are not UTF-8, or a quoted cell never ends.
    """
    for row in _rows(lines, separator):
        yield [cell.replace(_HIDDEN_CR, "\r") for cell in row] if lines.hides_cr else row
        lines.close_row()


def _rows(lines: Lines, separator: str) -> Iterator[list[str]]:
    while True:
        try:
            yield from csv.reader(lines, delimiter=separator, strict=True)
        except csv.Error:
            # A quote inside a quoted cell that is not doubled, most likely.
            yield _read_stray_quotes(lines, separator)
        else:
            return


def _read_stray_quotes(lines: Lines, separator: str) -> list[str]:
    """Read the row under way, taking a quote for the end of a cell only where a cell can end."""
    text = "".join(lines.pending)
    cells: list[str] = []
    position = 0
    while True:
        if text.startswith('"', position):
            cell, text, position = _quoted(lines, text, position + 1, separator)
        else:
            cell, position = _unquoted(text, position, separator)
        cells.append(cell)
        if not text.startswith(separator, position):
            return cells
        position += len(separator)


def _unquoted(text: str, start: int, separator: str) -> tuple[str, int]:
    """Return the cell that begins at ``start`` and where it ends."""
    end_of_line = text.find("\n", start)
    end = len(text) if end_of_line < 0 else end_of_line
    found = text.find(separator, start, end)
    end = end if found < 0 else found
    return text[start:end].removesuffix("\r"), end


def _quoted(lines: Lines, text: str, start: int, separator: str) -> tuple[str, str, int]:
    """Return the cell whose text begins at ``start``, the line on which it ends, and where."""
    pieces: list[str] = []
    position = start
    while True:
        quote = text.find('"', position)
        if quote < 0:
            pieces.append(text[start:])
            text, start, position = _next_line(lines), 0, 0
            continue
        after = text[quote + 1 : quote + 3]
        if after in ("", "\r\n") or after[0] in (separator, "\n"):
            pieces.append(text[start:quote])
            return "".join(pieces).replace('""', '"'), text, quote + 1
        # Doubled, or forgotten: it belongs to the value.
        position = quote + (2 if after[0] == '"' else 1)


def _next_line(lines: Lines) -> str:
    for line in lines:
        return line
    raise lines.malformed("a quoted value never ends")
