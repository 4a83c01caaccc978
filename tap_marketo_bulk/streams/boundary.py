"""The second that two windows share, in which a record comes twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_marketo_bulk.extract.pipeline import VerifiedFile
    from tap_marketo_bulk.extract.rows import Row


class Boundary:
    """Remembers what was met in the last second of a window.

    Only an equal row is dropped in the next one: another may be newer, and nothing is ever
    dropped for its timestamp alone.
    """

    def __init__(self, key: str, instant: str) -> None:
        """Take the names of the key and of the date-time that windows are about."""
        self._key = key
        self._instant = instant
        self._met: dict[object, Row] = {}
        self._readers: Sequence[object] = ()

    def new_rows(
        self, file: VerifiedFile, rows: Iterator[Row], readers: Sequence[object]
    ) -> Iterator[Row]:
        """Yield the rows of the next window, less those that its readers have met just so."""
        key, instant = self._key, self._instant
        start, end = format_instant(file.order.window.start), format_instant(file.order.window.end)
        earlier, self._met = self._met if readers == self._readers else {}, {}
        self._readers = readers
        for row in rows:
            at = row.get(instant)
            if at == start and earlier.get(row[key]) == row:
                continue
            if at == end:
                self._met[row[key]] = dict(row)
            yield row
