"""Consoles of tests, and processes whose stdout is a terminal."""

from __future__ import annotations

import io
import os
import re
import subprocess
from typing import TYPE_CHECKING

from rich.console import Console

from tests.support.pseudo_terminal import PseudoTerminal

if TYPE_CHECKING:
    from collections.abc import Sequence

ESCAPE = "\x1b"
_ESCAPE_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_SECONDS = 60


def terminal(width: int, *, has_colors: bool = True) -> Console:
    """Return a console that writes to a text as to a terminal."""
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor" if has_colors else None,
        width=width,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )


def written(console: Console) -> str:
    """Return what was written to the console, with escape codes."""
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def without_codes(text: str) -> str:
    """Return a text without escape codes."""
    return _ESCAPE_CODES.sub("", text)


class TerminalProcess:
    """A process whose stdout is a terminal."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start the process."""
        self._terminal = PseudoTerminal()
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._terminal.process_end,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"},
        )
        self._terminal.close_process_end()

    @property
    def output(self) -> str:
        """What was read so far, with escape codes."""
        return self._terminal.output

    def read_until(self, text: str) -> None:
        """Read the output until it contains a text; the test fails where it ends before."""
        self._terminal.read_until(text)

    def end(self, signal_number: int) -> int:
        """Send a signal; return the exit code after the rest of the output was read."""
        self.process.send_signal(signal_number)
        self._terminal.read_to_end()
        return self.process.wait(_SECONDS)
