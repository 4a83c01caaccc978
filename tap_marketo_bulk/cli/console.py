"""Terminals and pipes, tables and bars as rich draws them, and pictures in SVG and HTML."""

from __future__ import annotations

import io
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.console import (  # type: ignore[attr-defined] # the format is documented
    CONSOLE_SVG_FORMAT,
    Console,
    Group,
)
from rich.live import Live
from rich.measure import Measurement
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tap_marketo_bulk.marketo.limits import STATUS_UPDATE_SECONDS
from tap_marketo_bulk.texts import short_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import RenderableType

    from tap_marketo_bulk.times import Clock

ID_COLUMN = "id"
# The end of the names of columns of date-times.
UTC_MARK = "(UTC)"
# Of ``2026-01-31 12:00:00``: ``01-31 12:00``.
_SHORT_INSTANT = slice(5, 16)
_STATUS_STYLES = {
    "created": "dim",
    "queued": "yellow",
    "processing": "cyan",
    "completed": "green",
    "failed": "red",
    "cancelled": "dim",
}
# Outside a terminal no line is wrapped and no cell is shortened: other programs read them.
_PIPE_CHARACTERS = 100_000
PICTURE_CHARACTERS = 106
_PICTURE_TITLE = "tap-marketo-bulk-jobs"
# The fonts of rich's pictures are on a server; a picture must not depend on one.
_WEB_FONTS = re.compile(r"\s*@font-face \{\{.*?\}\}", re.DOTALL)
_SVG_FORMAT = _WEB_FONTS.sub("", CONSOLE_SVG_FORMAT)
_FOOTER = "Refreshed once a minute, as often as Marketo updates a status. Ctrl-C ends this display."


@dataclass(frozen=True)
class TableData:
    """A table as text; ``number_columns`` are aligned to the right."""

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
        return short_id(cell)
    return cell[_SHORT_INSTANT] if column.endswith(UTC_MARK) else cell


def table_renderable(data: TableData, console: Console) -> Table:
    """Return a table; a terminal that it is too wide for gets the shortened one.

    Cells that do not fit into a column are wrapped and not cut off.
    """
    table = _draw(data, gap=2)
    widest = Measurement.get(console, console.options, table).maximum
    fits = widest < console.width or not console.is_terminal
    return table if fits else _draw(data.shortened(), gap=1)


def _draw(data: TableData, gap: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for name in data.columns:
        is_number = name in data.number_columns
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in data.rows:
        table.add_row(*(Text(cell, _STATUS_STYLES.get(cell, "")) for cell in row))
    return table


def bar(used: float, total: float, width: int) -> ProgressBar:
    """Return the used part of a total as a bar, which is red when all of it is used."""
    return ProgressBar(total, used, width=width, complete_style="green", finished_style="red")


def stdout_console() -> Console:
    """Return a console for stdout; escape codes are only written to a terminal.

    Text is written as it is: nothing in it is taken for markup.
    """
    is_terminal = sys.stdout.isatty()
    return Console(
        # Whatever FORCE_COLOR and COLUMNS say.
        force_terminal=is_terminal,
        width=None if is_terminal else _PIPE_CHARACTERS,
        markup=False,
        emoji=False,
        highlight=False,
    )


def has_colors(console: Console) -> bool:
    """Return whether a console shows colors, and more than ASCII characters."""
    return bool(console.color_system) and not (console.no_color or console.options.ascii_only)


def write(console: Console, *renderables: RenderableType) -> None:
    """Write each on lines of its own; outside a terminal, lines do not end in spaces."""
    if console.is_terminal:
        console.print(*renderables, sep="\n")
        return
    with console.capture() as capture:
        console.print(*renderables, sep="\n")
    lines = capture.get().split("\n")
    # As rich writes, it ends quietly if the other end of a pipe is closed.
    console.out("\n".join(line.rstrip() for line in lines), end="", highlight=False)


def watch(draw: Callable[[], RenderableType], console: Console, clock: Clock) -> None:
    """Show what ``draw`` returns, again once a minute, until the user presses Ctrl-C.

    An error of ``draw`` ends the display, and is raised.
    """
    with suppress(KeyboardInterrupt), Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(Group(draw(), "", Text(_FOOTER, "dim")), refresh=True)
            clock.sleep(STATUS_UPDATE_SECONDS)


def write_svg(path: Path, renderable: RenderableType) -> None:
    """Write a picture as an SVG file; raises ``OSError``."""
    console = _picture_console(renderable)
    text = console.export_svg(title=_PICTURE_TITLE, code_format=_SVG_FORMAT)
    path.write_text(text, encoding="utf-8")


def write_html(path: Path, renderable: RenderableType) -> None:
    """Write a picture as an HTML file; raises ``OSError``."""
    path.write_text(_picture_console(renderable).export_html(), encoding="utf-8")


def _picture_console(renderable: RenderableType) -> Console:
    """Return a console that has recorded a picture."""
    console = Console(
        file=io.StringIO(),
        record=True,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
        width=PICTURE_CHARACTERS,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(renderable)
    return console
