"""The tap and its command, with a sandbox on the same clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.marketo.conftest import host
from tests.support.command import TapCommand
from tests.support.runs import TapRunner

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock

__all__ = ["command", "host", "tap"]


@pytest.fixture
def tap(sandbox: Sandbox, clock: TapClock) -> TapRunner:
    """Runs the tap against the sandbox."""
    return TapRunner(sandbox, clock)


@pytest.fixture
def command(sandbox: Sandbox, clock: TapClock, tmp_path: Path) -> TapCommand:
    """The command, with settings that connect to the sandbox."""
    return TapCommand(sandbox, clock, tmp_path)
