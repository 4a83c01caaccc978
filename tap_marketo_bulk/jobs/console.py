"""Where the command writes: a terminal, a pipe or a file, or an SVG or HTML picture."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

from rich.console import (  # type: ignore[attr-defined] # the format is documented
    CONSOLE_SVG_FORMAT,
    Console,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

# Outside a terminal no line is wrapped and no cell is shortened: other programs read them.
_PIPE_CHARACTERS = 100_000
PICTURE_CHARACTERS = 106
_PICTURE_TITLE = "tap-marketo-bulk-jobs"
# The fonts of rich's pictures are on a server; a picture must not depend on one.
_WEB_FONTS = re.compile(r"\s*@font-face \{\{.*?\}\}", re.DOTALL)
_SVG_FORMAT = _WEB_FONTS.sub("", CONSOLE_SVG_FORMAT)


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
    # As rich writes, it ends quietly where the other end of a pipe is closed.
    console.out("\n".join(line.rstrip() for line in lines), end="", highlight=False)


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
