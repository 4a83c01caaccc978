"""A row in which Marketo did not double a quote: ``"first"Name1","lastName1"``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.extract.blocks import Cells


class RowWithStrayQuotes:
    """Reads a row, taking a quote for the end of a quoted cell only where a cell can end.

    Any other quote inside a quoted cell is part of the value.

    Attributes:
        text: The text that is being read: whole lines.
        end: Where the row ends in ``text``, once it was read.
    """

    def __init__(self, text: str, separator: str, more_text: Callable[[], str]) -> None:
        """Read the row at the beginning of ``text``; ``more_text`` returns the lines after it."""
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
