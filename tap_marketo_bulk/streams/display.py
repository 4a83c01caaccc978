"""The progress of a run in a terminal: a line that changes while Marketo is waited for.

Where the progress of a run is shown: in the log, or in the terminal of a person.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.exports.progress import Progress


# Windows take minutes: the time left is estimated from those of this long, in seconds.
_ESTIMATE_PERIOD = 24 * 3600.0


def display_in(terminal: TextIO) -> ProgressDisplay:
    """Return a display in a terminal."""
    return ProgressDisplay(Console(file=terminal, force_terminal=True))


class ProgressDisplay:
    """Shows the windows that are done, the jobs by state, and the time left.

    From the first report until ``close``, log lines are written above the display.
    """

    interval_seconds = 1.0

    def __init__(self, console: Console) -> None:
        """Show nothing yet.

        Args:
            console: The terminal; log handlers that write to its file write to it instead.
        """
        self._console = console
        self._bar = ProgressBar(
            TextColumn("Marketo: {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("windows,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            # Without a thread of its own.
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            speed_estimate_period=_ESTIMATE_PERIOD,
        )
        self._task = self._bar.add_task("", total=None)
        self._cleanup = ExitStack()

    def report(self, progress: Progress) -> None:
        """Show the progress."""
        self._bar.update(
            self._task,
            description=progress.jobs_text,
            completed=progress.windows_done,
            total=progress.windows,
        )
        if self._bar.live.is_started:
            self._bar.refresh()
        else:
            self._start()

    def close(self) -> None:
        """Remove the display from the terminal, and let the log write to it as before."""
        self._cleanup.close()

    def _start(self) -> None:
        """Show the display; a signal may end the run after each of these lines."""
        stream = cast("TextIO", ConsoleStream(self._console))
        for handler in _stream_handlers():
            if handler.stream is self._console.file:
                self._cleanup.callback(handler.setStream, self._console.file)
                handler.setStream(stream)
        self._cleanup.callback(self._bar.stop)
        self._bar.start()


class ConsoleStream:
    """A stream for log handlers whose lines a console prints above its display."""

    def __init__(self, console: Console) -> None:
        """Print to a console."""
        self._console = console

    def write(self, text: str) -> None:
        """Print text as it is, without breaking its lines."""
        self._console.print(Text(text), end="", soft_wrap=True)

    def flush(self) -> None:
        """Do nothing: the console writes at once."""


def _stream_handlers() -> Iterator[logging.StreamHandler[TextIO]]:
    """Yield the handlers of all loggers that write to a stream."""
    named = [each for each in logging.root.manager.loggerDict.values() if hasattr(each, "handlers")]
    for logger in (logging.root, *named):
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler):
                yield handler
