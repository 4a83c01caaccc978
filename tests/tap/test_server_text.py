"""Text from Marketo cannot forge a line of the log or steer a terminal, whatever call it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.jobs_command import JobsCommand

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock
    from tests.support.command import TapCommand

# C0 with ESC and line breaks, DEL, C1, line separators, and changes of direction.
CONTROLS = "\x00\x07\r\n\x1b[2J\x7f\x85\x9b2J\u2028\u2029\u200f\u202e\u2066"
FORGED = f"Oops{CONTROLS}2026-03-01 ERROR all data is lost{CONTROLS}"

pytestmark = pytest.mark.parametrize("options", [UNCHANGING])


@pytest.mark.parametrize("code", ["603", "604", "606", "1003", FORGED])
@pytest.mark.parametrize("call", ["describe", "paging_token", "create", "status", "file"])
def test_no_message_of_an_api_error_forges_a_log_line(
    command: TapCommand, sandbox: Sandbox, call: str, code: str
) -> None:
    sandbox.faults.append(Fault("envelope", call=call, code=code, message=FORGED))
    result = command.run(*command.config(**WHOLE_HISTORY, poll_seconds=1))
    assert any("Oops" in line for line in result.log)
    assert all(line.isprintable() for line in result.log)


def test_no_message_of_a_failed_job_forges_a_log_line(
    command: TapCommand, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("fail", message=FORGED, times=None))
    result = command.run(*command.config(**WHOLE_HISTORY, poll_seconds=1))
    assert result.exit_code == 1
    assert "Oops" in result.errors[0]
    assert all(line.isprintable() for line in result.log)


def test_the_jobs_command_shows_no_control_characters(
    sandbox: Sandbox, exports: Exports, clock: TapClock, tmp_path: Path
) -> None:
    sandbox.faults.append(Fault("fail", message=FORGED))
    jobs = JobsCommand(sandbox, exports, clock, tmp_path)
    jobs.enqueue()
    clock.sleep(60)
    for arguments in (["list"], ["list", "--format", "json"], ["quota"], ["cancel", "--all"]):
        lines = jobs.run(*arguments).stdout.split("\n")
        assert all(line.isprintable() for line in lines)
    sandbox.faults.append(Fault("envelope", call="list", code="1003", message=FORGED))
    error = jobs.run("list")
    assert error.exit_code == 1
    assert all(line.isprintable() for line in error.output.split("\n"))
