"""The tap as a process that a test signals, kills, or connects to a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.support.command import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import Popen

    from tap_marketo_bulk.sandbox import Sandbox

TIMEOUT_SECONDS = 20.0


def settings_of(sandbox: Sandbox) -> dict[str, Any]:
    """Return settings that read the history of a sandbox in three windows for each stream."""
    return {
        "endpoint": sandbox.url,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "start_date": (sandbox.created_at - timedelta(days=61)).isoformat(),
        "end_date": (sandbox.created_at - timedelta(minutes=15)).isoformat(),
        "activity_lookback_minutes": 0,
        "window_days": 21,
        "poll_seconds": 0.05,
    }


class TapProcess:
    """A running process of the tap, with its files in a folder."""

    def __init__(self, sandbox: Sandbox, folder: Path, options: dict[str, Any]) -> None:
        """Start the process, with more options of ``Popen``."""
        self.errors = ""
        self.spool = folder / "spool"
        self.spool.mkdir()
        config = folder / "config.json"
        config.write_text(json.dumps(settings_of(sandbox)))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {"env": os.environ | {"TMPDIR": str(self.spool)}}
        all_options: dict[str, Any] = pipes | env | options
        arguments = [PROGRAM, "--config", str(config)]
        self.popen: Popen[Any] = subprocess.Popen(arguments, **all_options)  # noqa: S603 - our own program

    def output(self) -> bytes:
        """Read stdout and stderr to their end, and wait for the process."""
        output, errors = self.popen.communicate(timeout=TIMEOUT_SECONDS)
        self.errors = (errors or b"").decode()
        return output or b""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true that depends on another process."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.005)


def count_calls(sandbox: Sandbox, name: str) -> int:
    """Return how many calls of this name the sandbox has had."""
    return sum(call.name == name for call in sandbox.calls)
