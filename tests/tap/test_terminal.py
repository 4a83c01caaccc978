"""The log of a process in a terminal, and in a pipe."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.data_sets import UNCHANGING
from tests.support.pseudo_terminal import PseudoTerminal
from tests.support.tap_process import TapProcess, count_calls, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ESCAPE = "\x1b"
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"
TERMINAL = {"TERM": "xterm-256color", "COLUMNS": "100"}
# Where these are set, rich writes colors into a pipe, too.
FORCED_COLORS = TERMINAL | {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1"}
# Every job is still in the queue when the test ends.
SLOW_JOBS = replace(UNCHANGING, job_seconds=3600)
LOG_LINE = re.compile(
    r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \| (INFO|WARNING) +\| tap-marketo-bulk"
)


@pytest.fixture
def options() -> Options:
    return SLOW_JOBS


@pytest.fixture
def sandbox_clock() -> SandboxClock:
    """The real time, as in the process of the tap."""
    return SandboxClock()


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MELTANO")}
    return kept | TERMINAL | variables


def start_in(terminal: PseudoTerminal, start: Callable[..., TapProcess], **env: str) -> TapProcess:
    process = start(stderr=terminal.process_end, env=environment(**env))
    terminal.close_process_end()
    return process


def test_in_a_terminal_the_progress_is_displayed_and_log_lines_are_whole(
    start: Callable[..., TapProcess],
) -> None:
    terminal = PseudoTerminal()
    process = start_in(terminal, start)
    terminal.read_until("0/6 windows, -:--:-- left")
    assert "queued" in terminal.text
    process.popen.send_signal(signal.SIGINT)
    terminal.read_to_end()
    assert process.output()
    assert process.popen.returncode == 130
    display_begins = terminal.output.index(HIDE_CURSOR)
    assert terminal.output.rindex(SHOW_CURSOR) > display_begins
    # What is logged while the display is there, each line without the display in it.
    logged = [line for line in re.split(r"[\r\n]+", terminal.text) if "|" in line]
    assert all(LOG_LINE.match(line) for line in logged if "tap-marketo-bulk" in line)
    assert sum("Interrupted by SIGINT" in line for line in logged) == 1
    assert sum("Run interrupted: " in line for line in logged) == 1
    assert not [line for line in logged if "windows," in line]


@pytest.mark.parametrize(
    "variables", [{"MELTANO_PROJECT_ROOT": "/project"}, {"TERM": "dumb"}], ids=["Meltano", "dumb"]
)
def test_there_is_no_display_where_it_would_be_torn(
    start: Callable[..., TapProcess], sandbox: Sandbox, variables: dict[str, str]
) -> None:
    terminal = PseudoTerminal()
    process = start_in(terminal, start, **variables)
    wait_until(lambda: count_calls(sandbox, "status") > 4)
    process.popen.send_signal(signal.SIGINT)
    terminal.read_to_end()
    assert process.output()
    assert "Run interrupted: " in terminal.output
    assert ESCAPE not in terminal.output


@pytest.mark.parametrize("is_file", [False, True])
def test_no_escape_code_reaches_a_pipe_or_a_file(
    start: Callable[..., TapProcess], sandbox: Sandbox, tmp_path: Path, *, is_file: bool
) -> None:
    with (tmp_path / "log").open("wb") as log:
        stderr = log if is_file else subprocess.PIPE
        process = start(stderr=stderr, env=environment(**FORCED_COLORS))
        wait_until(lambda: count_calls(sandbox, "status") > 4)
        process.popen.send_signal(signal.SIGTERM)
        output = process.output()
    errors = process.errors + (tmp_path / "log").read_text()
    assert "Run interrupted: " in errors
    assert ESCAPE not in errors
    assert ESCAPE.encode() not in output
