"""The command ``tap-marketo-bulk-jobs``, and the tap that creates the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.jobs_command import JobsCommand
from tests.support.runs import TapRunner

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock


@pytest.fixture
def command(sandbox: Sandbox, exports: Exports, clock: TapClock, tmp_path: Path) -> JobsCommand:
    """The command, with settings that connect to the sandbox."""
    return JobsCommand(sandbox, exports, clock, tmp_path)


@pytest.fixture
def tap(sandbox: Sandbox, clock: TapClock) -> TapRunner:
    """The tap, which creates jobs in the same sandbox."""
    return TapRunner(sandbox, clock)
