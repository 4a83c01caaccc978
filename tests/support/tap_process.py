"""The tap as a process that a test signals, kills, or connects to a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Fault
from tests.support.command import PROGRAM
from tests.support.runs import RunResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from subprocess import Popen

    from tap_marketo_bulk.sandbox import Sandbox

# A busy machine needs seconds to start a process, and to end it.
TIMEOUT_SECONDS = 60.0
# Longer than a test takes to end the process that waits for the response.
DELAY_SECONDS = 20.0


def settings_of(sandbox: Sandbox) -> dict[str, Any]:
    """Return settings with which everything up to the creation of a data set is read once."""
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
        """Start the process, with options of ``Popen`` and, if there is one, a catalog."""
        self.errors = ""
        self.spool = folder / "spool"
        self.spool.mkdir()
        config = folder / "config.json"
        config.write_text(json.dumps(settings_of(sandbox)))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {"env": os.environ | {"TMPDIR": str(self.spool)}}
        arguments = [PROGRAM, "--config", str(config)]
        if catalog := options.pop("catalog", None):
            (folder / "catalog.json").write_text(json.dumps(catalog))
            arguments += ["--catalog", str(folder / "catalog.json")]
        all_options: dict[str, Any] = pipes | env | options
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


def parse_output(output: bytes, *, may_be_cut: bool = False) -> RunResult:
    """Parse the messages on stdout; the last line may only be incomplete if ``may_be_cut``."""
    lines = output.split(b"\n")
    assert may_be_cut or lines[-1] == b""
    return RunResult([json.loads(line) for line in lines[:-1]])


def count_calls(sandbox: Sandbox, name: str, export_object: str | None = None) -> int:
    """Return how many calls of a name there were, for one export object or for all."""
    return sum(call.name == name and export_object in (None, call.object) for call in sandbox.calls)


@contextmanager
def delayed_response(
    sandbox: Sandbox, call: str, skip: int, export_object: str | None = None
) -> Iterator[None]:
    """Execute a call, and delay its response until after the test."""
    fault = Fault("delay", call=call, object=export_object, skip=skip, seconds=DELAY_SECONDS)
    sandbox.faults.append(fault)
    yield
    sandbox.faults.remove(fault)
