"""watch: a display that is refreshed until the user interrupts it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.text import Text

from tap_marketo_bulk.marketo.limits import STATUS_UPDATE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console, RenderableType

    from tap_marketo_bulk.times import Clock

_FOOTER = "Refreshed once a minute, as often as Marketo updates a status. Ctrl-C ends this display."


def watch(draw: Callable[[], RenderableType], console: Console, clock: Clock) -> None:
    """Show what ``draw`` returns, again and again, until the user presses Ctrl-C.

    Args:
        draw: Reads the jobs, and returns what to show. Its errors end the display.
        console: A terminal.
        clock: Waits between two calls of ``draw``.
    """
    with suppress(KeyboardInterrupt), Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(Group(draw(), "", Text(_FOOTER, "dim")), refresh=True)
            clock.sleep(STATUS_UPDATE_SECONDS)
