"""A terminal that a test reads, for the stderr of a process."""

from __future__ import annotations

import errno
import os
import re
import selectors

_ESCAPE_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_SECONDS = 60.0


class PseudoTerminal:
    """Both ends of a terminal.

    Attributes:
        process_end: The file descriptor for the process; ``close_process_end`` once it has it.
        output: What was read so far, with escape codes.
    """

    def __init__(self) -> None:
        """Open the terminal."""
        self._leader, self.process_end = os.openpty()
        self.output = ""

    @property
    def text(self) -> str:
        """What was read so far, without escape codes."""
        return _ESCAPE_CODES.sub("", self.output)

    def close_process_end(self) -> None:
        """Leave the end to the process, so that its end is that of the output."""
        os.close(self.process_end)

    def read_until(self, text: str) -> None:
        """Read until the text occurs; the test fails where the output ends before."""
        # Not select(), whose file descriptors must be below 1024.
        with selectors.DefaultSelector() as selector:
            selector.register(self._leader, selectors.EVENT_READ)
            while text not in self.text:
                assert selector.select(_SECONDS), f"{text!r} is not in {self.output!r}"
                self.output += os.read(self._leader, 65536).decode()

    def read_to_end(self) -> None:
        """Read until the process has ended."""
        try:
            while data := os.read(self._leader, 65536):
                self.output += data.decode()
        except OSError as error:
            # As Linux reports that no process has the terminal any more.
            if error.errno != errno.EIO:
                raise
        finally:
            os.close(self._leader)
