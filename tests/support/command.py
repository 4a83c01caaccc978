"""The real command line, inside this process or as a process of its own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from tests.support.runs import tap_class

if TYPE_CHECKING:
    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.sandbox import Sandbox

PROGRAM = str(Path(sys.executable).with_name("tap-marketo-bulk"))


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        errors: What it logged as an error: the sentences for the user.
        log: Everything it logged.
    """

    code: int
    output: str
    errors: list[str]
    log: list[str]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages on stdout."""
        # Not splitlines, which takes what stands in values for the end of a line.
        return [json.loads(line) for line in self.output.split("\n") if line]


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)


@dataclass
class Command:
    """``tap-marketo-bulk`` with a sandbox to talk to and a folder for its input files."""

    sandbox: Sandbox
    clock: Clock
    folder: Path
    files: int = field(default=0)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that work."""
        return {
            "endpoint": self.sandbox.url,
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "start_date": "2026-01-01",
        }

    def file(self, content: Any) -> str:  # noqa: ANN401 - whatever a file may hold
        """Write an input file, as JSON unless it is text or bytes; returns its path."""
        self.files += 1
        path = self.folder / f"{self.files}.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def config(self, **changes: Any) -> list[str]:  # noqa: ANN401 - settings
        """Return the option for a config file, with changes; what is ``...`` is left out."""
        given = {k: v for k, v in (self.settings | changes).items() if v is not ...}
        return ["--config", self.file(given)]

    def run(self, *arguments: str) -> Ended:
        """Run the command in this process."""
        kind = tap_class(self.clock)
        root, listener = logging.getLogger(), _Listener()
        level = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        try:
            result = CliRunner().invoke(kind.get_singer_command(), list(arguments))
        finally:
            root.removeHandler(listener)
            root.setLevel(level)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        log = [record.getMessage() for record in listener.heard]
        errors = [it.getMessage() for it in listener.heard if it.levelno >= logging.ERROR]
        return Ended(result.exit_code, result.stdout, errors or [result.stderr], log)

    def process(self, *arguments: str, **environment: str) -> Ended:
        """Run the command as a user does; what it logs is all of stderr."""
        done = subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | environment,
        )
        lines = done.stderr.splitlines()
        return Ended(done.returncode, done.stdout, [it for it in lines if "ERROR" in it], lines)
