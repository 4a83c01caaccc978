"""The jobs command with settings that reach the sandbox, and export jobs to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.jobs_command import Jobs
from tests.support.runs import Tap

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock


@pytest.fixture
def command(sandbox: Sandbox, exports: Exports, clock: TapClock, tmp_path: Path) -> Jobs:
    """The jobs command."""
    return Jobs(sandbox, exports, clock, tmp_path)


@pytest.fixture
def tap(sandbox: Sandbox, clock: TapClock) -> Tap:
    """The tap whose jobs they are."""
    return Tap(sandbox, clock)
