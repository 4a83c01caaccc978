"""A file's bytes -> cells of text, whatever Marketo left inside its values.

Python's csv module does the work. Around it stands what Marketo's files need: lines end in
LF and nowhere else, carriage returns inside values are no line ends, NUL bytes go, and a
quote that Marketo forgot to double does not cost a value.
"""

from __future__ import annotations

import csv
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import MalformedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Beyond any real row. Without a bound, one quote that is never closed would pull the rest
# of the file into memory.
LONGEST_ROW_BYTES = 128 * 1024 * 1024
# csv takes a carriage return for a line end. This stands in for it while csv looks: a lone
# surrogate, which no UTF-8 text can contain.
_HIDDEN_CR = "\udc0d"
_BOM = "\ufeff"
# csv's own limit, 131,072 characters, is shorter than some activity attributes.
csv.field_size_limit(LONGEST_ROW_BYTES)


class Lines:
    """The lines of one file, remembering those of the row under way.

    Attributes:
        start: Number of the line on which the row under way begins, from 1.
        pending: The lines of the row under way, read so far.
        nul_bytes: NUL bytes removed so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Read nothing yet; ``file`` is at its beginning."""
        self.start = 1
        self.pending: list[str] = []
        self.nul_bytes = 0
        self.hides_cr = False
        self._ends_in_crlf = False
        self._row_bytes = 0
        self._lines: Iterator[str] = self._read(file)

    def __iter__(self) -> Iterator[str]:
        """Go on with the next line, also after an earlier iteration was given up."""
        return self._lines

    def close_row(self) -> None:
        """Forget the lines of a row that is done."""
        self.start += len(self.pending)
        self.pending.clear()
        self.hides_cr = False
        self._row_bytes = 0

    def separator(self, candidates: tuple[str, ...]) -> str:
        """Tell from the header line which of several separators the file uses.

        Leaves the header to be read as the first row.
        """
        header = next(self._lines, "")
        self._lines = chain([header] if header else [], self._lines)
        return max(candidates, key=header.count)

    def _read(self, file: BinaryIO) -> Iterator[str]:
        first = True
        for raw in iter(partial(file.readline, LONGEST_ROW_BYTES), b""):
            self._row_bytes += len(raw)
            if self._row_bytes >= LONGEST_ROW_BYTES:
                message = f"a row is longer than {LONGEST_ROW_BYTES} bytes"
                raise self.malformed(message)
            line = self._decode(raw)
            if first:
                # LF is documented. Whoever writes CRLF does so from the first line on.
                self._ends_in_crlf, first = line.endswith("\r\n"), False
                line = line.removeprefix(_BOM)
            if "\r" in line:
                line = self._hide_cr(line)
            self.pending.append(line)
            yield line

    def _decode(self, raw: bytes) -> str:
        if b"\0" in raw:
            self.nul_bytes += raw.count(b"\0")
            raw = raw.replace(b"\0", b"")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            message = f"byte {error.start} of a line is not UTF-8"
            raise self.malformed(message) from None

    def _hide_cr(self, line: str) -> str:
        self.hides_cr = True
        if self._ends_in_crlf and line.endswith("\r\n"):
            return line[:-2].replace("\r", _HIDDEN_CR) + "\r\n"
        return line.replace("\r", _HIDDEN_CR)

    def malformed(self, finding: str) -> MalformedFileError:
        """Build the error for the row under way."""
        return MalformedFileError(
            f"Line {self.start} of the exported file cannot be read: {finding}. The rows of its "
            "window were not counted as done, and the next run exports it again; if it stays so, "
            "correct the record in Marketo or deselect the field."
        )


def read_cells(lines: Lines, separator: str) -> Iterator[list[str]]:
    """Yield the cells of each row, header included.

    ``lines`` points at the row's first line until the next row is asked for.

    Raises:
        MalformedFileError: The bytes are not UTF-8, or a quoted cell never ends.
    """
    while True:
        try:
            for row in csv.reader(lines, delimiter=separator, strict=True):
                yield _show_cr(row) if lines.hides_cr else row
                lines.close_row()
        except csv.Error:
            # A quote inside a quoted cell that is not doubled, most likely.
            row = _read_stray_quotes(lines, separator)
            yield _show_cr(row) if lines.hides_cr else row
            lines.close_row()
        else:
            return


def _show_cr(row: list[str]) -> list[str]:
    return [cell.replace(_HIDDEN_CR, "\r") for cell in row]


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
    """Return the cell whose text begins at ``start``, the text read by then, and its end."""
    pieces: list[str] = []
    while True:
        quote = text.find('"', start)
        if quote < 0:
            more = next(iter(lines), None)
            if more is None:
                raise lines.malformed("a quoted value never ends")
            text += more
            continue
        after = text[quote + 1 : quote + 3]
        if after[:1] == '"':
            pieces.append(text[start : quote + 1])
            start = quote + 2
        elif after in ("", "\r\n") or after[0] in (separator, "\n"):
            pieces.append(text[start:quote])
            return "".join(pieces), text, quote + 1
        else:
            pieces.append(text[start : quote + 1])
            start = quote + 1
