"""The subcommand watch: a display that is refreshed once a minute."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.cli.console import watch
from tap_marketo_bulk.errors import UnreachableError
from tap_marketo_bulk.sandbox import Options
from tests.support.jobs_command import PROGRAM
from tests.support.terminal import ESCAPE, TerminalProcess, terminal, without_codes, written

if TYPE_CHECKING:
    from tests.support.clock import TapClock
    from tests.support.jobs_command import JobsCommand

SHOW_CURSOR = f"{ESCAPE}[?25h"


def test_the_display_is_refreshed_once_a_minute_until_ctrl_c(clock: TapClock) -> None:
    texts = iter(["first", "second"])
    console = terminal(100)

    def draw() -> str:
        if text := next(texts, None):
            return text
        raise KeyboardInterrupt

    watch(draw, console, clock)
    assert clock.pauses == [60, 60]
    lines = without_codes(written(console)).splitlines()
    shown = [line.strip() for line in lines if line.strip() in ("first", "second")]
    assert list(dict.fromkeys(shown)) == ["first", "second"]
    assert written(console).rstrip().endswith(SHOW_CURSOR)


def test_an_error_ends_the_display_and_shows_the_cursor(clock: TapClock) -> None:
    console = terminal(100)

    def draw() -> str:
        raise UnreachableError("No response.")

    with pytest.raises(UnreachableError):
        watch(draw, console, clock)
    assert written(console).rstrip().endswith(SHOW_CURSOR)


@pytest.mark.parametrize("options", [Options(leads=40, activities=60, job_seconds=60)])
@pytest.mark.parametrize("arguments", [(), ("--once",)])
def test_outside_a_terminal_the_queue_is_shown_once(
    command: JobsCommand, clock: TapClock, arguments: tuple[str, ...]
) -> None:
    first = command.enqueue()
    clock.sleep(10)
    second, third = command.enqueue("activities"), command.enqueue()
    clock.sleep(20)
    lines = command.run("watch", "--allocation-mb", "100", *arguments).stdout.splitlines()
    assert lines == [
        "2026-03-01 00:00:30 UTC",
        "2 processing, 1 queued, oldest 20 s; 3 of 10 places are used by this API user.",
        "",
        "place    object      status       for  id",
        f"slot 1   leads       processing  30 s  {first}",
        f"slot 2   activities  processing  20 s  {second}",
        f"queue 1  leads       queued      20 s  {third}",
        "",
        "Used today: at least 0 MB of 100 MB (0.0%), by 0 exports.",
        "Reset:      in 6 h 00 min, at 2026-03-01T06:00:00Z (00:00 US Central).",
    ]
    clock.sleep(60)
    ended = command.run("watch").stdout.splitlines()[-3:]
    assert ended[0].split()[0] == "ended"
    assert {line.split()[-1] for line in ended[1:]} == {first, second}


@pytest.mark.parametrize(
    ("signal_number", "exit_code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)]
)
def test_in_a_terminal_the_queue_is_shown_until_a_signal(
    command: JobsCommand, signal_number: int, exit_code: int
) -> None:
    config = command.write_file("config", command.settings)
    process = TerminalProcess([PROGRAM, "watch", "--config", config])
    process.read_until("Ctrl-C ends this display.")
    assert process.end(signal_number) == exit_code
    assert "slot 1" in process.output
    assert SHOW_CURSOR in process.output
    assert "Traceback" not in process.output
