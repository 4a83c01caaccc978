"""The tap and its command, whose waits move the clock of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import TapCommand
from tests.support.runs import TapRunner
from tests.support.tap_process import TapProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.times import Clock
    from tests.support.clock import TapClock


@pytest.fixture
def tap(sandbox: Sandbox, clock: TapClock) -> TapRunner:
    """Runs the tap against the sandbox."""
    return TapRunner(sandbox, clock)


@pytest.fixture
def command(sandbox: Sandbox, clock: Clock, tmp_path: Path) -> TapCommand:
    """The command, with settings that connect to the sandbox."""
    return TapCommand(sandbox, clock, tmp_path)


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., TapProcess]]:
    """Return a function that starts the tap; the processes are killed after the test."""
    started: list[TapProcess] = []

    def start_process(**options: object) -> TapProcess:
        started.append(TapProcess(sandbox, tmp_path, options))
        return started[-1]

    yield start_process
    for process in started:
        process.popen.kill()
        process.popen.wait()
