"""Blocks: consecutive rows of one file as text, and the blocks that are selected from them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Cells = list[str]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one file, in the file's order.

    Attributes:
        rows: The cells of each row.
        first_line: Number of the line on which the first of ``file_rows`` begins, from 1.
        file_rows: Consecutive rows of the file, of which ``rows`` are all or some.
    """

    rows: Sequence[Cells]
    first_line: int
    file_rows: Sequence[Cells]

    def line_number(self, index: int) -> int:
        """Return the number of the line on which a row begins; only errors need it."""
        row = self.rows[index]
        earlier = takewhile(lambda each: each is not row, self.file_rows)
        return self.first_line + count_lines(earlier)

    def select(self, rows: Sequence[Cells]) -> Block:
        """Return a block of some of this block's rows, which keep their line numbers."""
        return Block(rows, self.first_line, self.file_rows)


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
    rows_by_text: dict[str, list[Cells]] = {}
    for row in block.rows:
        text = row[column]
        if text in rows_by_text:
            rows_by_text[text].append(row)
        else:
            rows_by_text[text] = [row]
    return {text: block.select(rows) for text, rows in rows_by_text.items()}
