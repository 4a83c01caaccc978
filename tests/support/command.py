"""The command ``tap-marketo-bulk``, inside this process or as a separate process."""

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
    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.times import Clock

PROGRAM = str(Path(sys.executable).with_name("tap-marketo-bulk"))


@dataclass(frozen=True)
class CommandResult:
    """The exit code and the output of a command.

    Attributes:
        output: The text on stdout.
        errors: The log messages of level ERROR: the messages for the user.
        log: All log messages.
    """

    exit_code: int
    output: str
    errors: list[str]
    log: list[str]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages on stdout."""
        # Not splitlines, which also splits at other line separators inside of values.
        return [json.loads(line) for line in self.output.split("\n") if line]


class _LogCollector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@dataclass
class TapCommand:
    """``tap-marketo-bulk``, with settings for a sandbox and a folder for its input files."""

    sandbox: Sandbox
    clock: Clock
    folder: Path
    files: int = field(default=0)

    @property
    def settings(self) -> dict[str, Any]:
        """Valid settings that connect to the sandbox."""
        return {
            "endpoint": self.sandbox.url,
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "start_date": "2026-01-01",
        }

    def write_file(self, content: Any) -> str:  # noqa: ANN401 - any content of a file
        """Write an input file, as JSON unless it is text or bytes; return its path."""
        self.files += 1
        path = self.folder / f"{self.files}.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def config(self, **changes: Any) -> list[str]:  # noqa: ANN401 - settings
        """Write a config file without the settings that are ``...``; return the option for it."""
        settings = {k: v for k, v in (self.settings | changes).items() if v is not ...}
        return ["--config", self.write_file(settings)]

    def run(self, *arguments: str) -> CommandResult:
        """Run the command in this process."""
        command = tap_class(self.clock).get_singer_command()
        root, collector = logging.getLogger(), _LogCollector()
        level = root.level
        root.addHandler(collector)
        root.setLevel(logging.DEBUG)
        try:
            result = CliRunner().invoke(command, list(arguments))
        finally:
            root.removeHandler(collector)
            root.setLevel(level)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        log = [record.getMessage() for record in collector.records]
        errors = [it.getMessage() for it in collector.records if it.levelno >= logging.ERROR]
        return CommandResult(result.exit_code, result.stdout, errors or [result.stderr], log)

    def run_process(self, *arguments: str, **environment: str) -> CommandResult:
        """Run the command as a separate process; its log is all of stderr."""
        done = subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | environment,
        )
        lines = done.stderr.splitlines()
        return CommandResult(
            done.returncode, done.stdout, [it for it in lines if "ERROR" in it], lines
        )


def error_message(result: CommandResult, command: TapCommand) -> str:
    """Check that a run wrote one error message and no STATE; return the message."""
    assert result.exit_code != 0
    assert '"STATE"' not in result.output
    everything = result.output + "\n".join(result.log)
    assert "Traceback" not in everything
    for secret in (command.sandbox.client_secret, *command.sandbox.tokens, "hunter2", "4711"):
        assert secret not in everything
    (message,) = result.errors
    assert message.rstrip().endswith(".")
    return message
