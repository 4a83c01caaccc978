"""The display of the progress in a terminal, and log lines above it."""

from __future__ import annotations

import io
import logging
import re
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from tap_marketo_bulk.exports.progress import Progress
from tap_marketo_bulk.streams.display import ProgressDisplay, display_in

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRESS = Progress(processing=2, queued=1, windows_done=4, windows=24, is_awaited=True)
LONG_LINE = "a log line " * 20
ESCAPE_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def terminal() -> io.StringIO:
    """What the terminal receives."""
    return io.StringIO()


@pytest.fixture
def console(terminal: io.StringIO) -> Console:
    return Console(file=terminal, force_terminal=True, width=100, legacy_windows=False)


@pytest.fixture
def logger(terminal: io.StringIO) -> Iterator[logging.Logger]:
    """A logger that writes to the terminal, and one handler that does not."""
    logger = logging.getLogger("tests.progress_display")
    handlers = [logging.StreamHandler(terminal), logging.StreamHandler(io.StringIO())]
    logger.handlers[:] = handlers
    yield logger
    logger.handlers.clear()


def shown(terminal: io.StringIO) -> str:
    return ESCAPE_CODES.sub("", terminal.getvalue())


def test_the_display_has_windows_jobs_and_the_time_left(
    console: Console, terminal: io.StringIO
) -> None:
    display = ProgressDisplay(console)
    display.report(PROGRESS)
    display.close()
    text = " ".join(shown(terminal).split())
    assert "Marketo: 2 processing, 1 queued" in text
    assert "4/24 windows, -:--:-- left" in text


def test_nothing_is_shown_before_the_first_report(console: Console, terminal: io.StringIO) -> None:
    display = ProgressDisplay(console)
    display.close()
    assert terminal.getvalue() == ""


def test_log_lines_are_whole_lines_above_the_display(
    console: Console, terminal: io.StringIO, logger: logging.Logger
) -> None:
    display = ProgressDisplay(console)
    for done in range(3):
        display.report(Progress(windows_done=done, windows=3))
        logger.warning("%s%d", LONG_LINE, done)
    display.close()
    for done in range(3):
        # The line of the display is erased before the log line, and drawn again after it.
        assert f"\r\x1b[2K{LONG_LINE}{done}\n" in terminal.getvalue()


def test_a_log_line_is_written_as_it_is(
    console: Console, terminal: io.StringIO, logger: logging.Logger
) -> None:
    display = ProgressDisplay(console)
    display.report(PROGRESS)
    logger.warning("[bold]12[/bold] :smile: None 'text' /path")
    display.close()
    assert "[bold]12[/bold] :smile: None 'text' /path\n" in terminal.getvalue()


def test_the_log_writes_to_the_terminal_itself_before_and_after_the_display(
    console: Console, terminal: io.StringIO, logger: logging.Logger
) -> None:
    streams = [getattr(handler, "stream", None) for handler in logger.handlers]
    display = ProgressDisplay(console)
    display.report(PROGRESS)
    during = [getattr(handler, "stream", None) for handler in logger.handlers]
    assert during[0] is not terminal
    assert during[1] is streams[1]
    logger.handlers[0].flush()
    display.close()
    assert [getattr(handler, "stream", None) for handler in logger.handlers] == streams


def test_at_its_end_the_display_is_removed(console: Console, terminal: io.StringIO) -> None:
    display = ProgressDisplay(console)
    display.report(PROGRESS)
    display.close()
    at_the_end = terminal.getvalue()
    # The cursor is visible again, and the line of the display is erased.
    assert at_the_end.rindex("\x1b[?25h") > at_the_end.rindex("\x1b[?25l")
    assert at_the_end.endswith("\x1b[2K")
    display.close()
    assert terminal.getvalue() == at_the_end


def test_a_display_writes_to_the_file_that_it_is_given(terminal: io.StringIO) -> None:
    display = display_in(terminal)
    display.report(PROGRESS)
    display.close()
    assert "2 processing" in shown(terminal)
