"""The content of a table: what the reports make, and what ``drawing`` draws."""

from __future__ import annotations

from dataclasses import dataclass, replace

ID_COLUMN = "id"
# The end of the names of columns of date-times.
UTC_MARK = "(UTC)"
# As many characters of a job's id as the tap's log has.
_SHORT_ID_CHARACTERS = 8
# Of ``2026-01-31 12:00:00``: ``01-31 12:00``.
_SHORT_INSTANT = slice(5, 16)


@dataclass(frozen=True)
class TableData:
    """The cells of a table as text.

    Attributes:
        columns: The header.
        rows: The cells of each row.
        number_columns: The columns that are aligned to the right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    number_columns: frozenset[str] = frozenset()

    def shortened(self) -> TableData:
        """Return the table for a narrow terminal: the beginnings of ids, and times to the minute.

        A job's id that is shortened is still enough to cancel the job.
        """
        rows = tuple(tuple(map(_shortened_cell, self.columns, row)) for row in self.rows)
        return replace(self, rows=rows)


def _shortened_cell(column: str, cell: str) -> str:
    if column == ID_COLUMN:
        return cell[:_SHORT_ID_CHARACTERS]
    return cell[_SHORT_INSTANT] if column.endswith(UTC_MARK) else cell
