"""A tap whose waits move the sandbox's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import Command
from tests.support.runs import Tap

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock


@pytest.fixture
def tap(sandbox: Sandbox, clock: TapClock) -> Tap:
    """The tap of the sandbox's subscription."""
    return Tap(sandbox, clock)


@pytest.fixture
def command(sandbox: Sandbox, clock: Clock, tmp_path: Path) -> Command:
    """The command line, with settings that reach the sandbox."""
    return Command(sandbox, clock, tmp_path)
