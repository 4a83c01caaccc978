"""The whole tap, and what is compared with the sandbox's truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.marketo.conftest import host
from tests.support.command import Command
from tests.support.runs import Tap

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock

__all__ = ["command", "host", "tap"]


@pytest.fixture
def tap(sandbox: Sandbox, clock: TapClock) -> Tap:
    """The tap of the sandbox's subscription."""
    return Tap(sandbox, clock)


@pytest.fixture
def command(sandbox: Sandbox, clock: TapClock, tmp_path: Path) -> Command:
    """The command line, with settings that reach the sandbox."""
    return Command(sandbox, clock, tmp_path)
