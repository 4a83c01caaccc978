"""The second that two neighbouring windows share, in which Marketo can export a row twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.rows.csv_file import Block


class WindowOverlapFilter:
    """Drops the rows that the file of the previous window had too, equal in every cell.

    Nothing else is dropped: a row of the shared second that differs in any cell can be newer.

    Attributes:
        instant_field: The date-time field that the windows are made from.
    """

    def __init__(self, instant_field: str) -> None:
        self.instant_field = instant_field
        self._source: tuple[object, ...] = ()
        self._column: int | None = None
        self._start = self._end = ""
        self._previous: set[tuple[str, ...]] = set()
        self._current: set[tuple[str, ...]] = set()

    def begin_file(
        self, window: Window, fields: Sequence[str], consumers: Sequence[object] = ()
    ) -> None:
        """Go on with the next file, of the same window or of the next one.

        Rows are compared with the previous window's only if its files had the same fields and the
        same ``consumers``: a stream that begins with this window has not emitted any of them.
        """
        source, start = (tuple(fields), tuple(consumers)), format_instant(window.start)
        end = format_instant(window.end)
        if (source, start, end) != (self._source, self._start, self._end):
            is_neighbour = source == self._source and start == self._end
            self._previous, self._current = (self._current if is_neighbour else set()), set()
        self._source, self._start, self._end = source, start, end
        has_instant = self.instant_field in fields
        self._column = fields.index(self.instant_field) if has_instant else None

    def filter(self, block: Block) -> Block:
        """Return a block without the rows that were emitted from the previous file."""
        if self._column is None:
            return block
        column = self._column
        instants = [row[column] for row in block.rows]
        if self._previous and self._start in instants:
            block = block.select([row for row in block.rows if tuple(row) not in self._previous])
        if self._end in instants:
            self._current.update(tuple(row) for row in block.rows if row[column] == self._end)
        return block
