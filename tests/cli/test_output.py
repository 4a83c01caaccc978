"""What the command writes: to pipes, to terminals, and as pictures."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.jobs_command import PROGRAM
from tests.support.terminal import ESCAPE, TerminalProcess

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.jobs_command import JobsCommand

pytestmark = pytest.mark.parametrize("options", [Options(leads=40, activities=60, job_seconds=60)])
SUBCOMMANDS = ("list", "watch", "timeline", "quota", "plan")


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_no_escape_code_reaches_a_pipe(command: JobsCommand, subcommand: str) -> None:
    jobs = [command.enqueue(), command.enqueue("activities"), command.enqueue()]
    command.clock.sleep(90)
    config = command.write_file("config", command.settings)
    environment = {"FORCE_COLOR": "1", "COLUMNS": "20", "TERM": "xterm-256color"}
    output = command.run_process(subcommand, "--config", config, **environment)
    assert ESCAPE not in output
    assert all(line == line.rstrip() for line in output.splitlines())
    if subcommand in ("list", "watch"):
        assert all(any(job in line for line in output.splitlines()) for job in jobs)


def test_a_terminal_gets_colors(command: JobsCommand) -> None:
    command.create()
    config = command.write_file("config", command.settings)
    process = TerminalProcess([PROGRAM, "list", "--config", config])
    process.read_until("in the past 7 days")
    assert process.process.wait() == 0
    assert ESCAPE in process.output


def test_the_timeline_of_a_terminal_is_as_wide_as_the_terminal(command: JobsCommand) -> None:
    config = command.write_file("config", command.settings)
    process = TerminalProcess([PROGRAM, "timeline", "--config", config])
    process.read_until("count too.")
    assert process.process.wait() == 0
    chart = "00    03    06    09    12    15    18    21    "
    assert chart in process.output


def test_a_closed_pipe_ends_the_command_quietly(command: JobsCommand) -> None:
    config = command.write_file("config", command.settings)
    arguments = [PROGRAM, "list", "--config", config]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own program
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert "Traceback" not in errors
    assert "target" not in errors


def test_the_timeline_is_written_as_svg_and_html(command: JobsCommand, tmp_path: Path) -> None:
    command.enqueue()
    command.clock.sleep(3600)
    svg, html = tmp_path / "a.svg", tmp_path / "a.html"
    result = command.run("timeline", "--svg", str(svg), "--html", str(html))
    assert result.stdout == f"Wrote {svg}.\nWrote {html}.\n"
    picture = svg.read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    # A picture can be looked at without a network, and shows no job id.
    assert "url(" not in picture.replace("url(#", "")
    assert command.sandbox.jobs[0].export_id not in picture
    for text in (picture, html.read_text(encoding="utf-8")):
        assert "leads" in text
        assert "slot" in text
        assert "US&#160;Central" in text or "US Central" in text


def test_a_picture_that_cannot_be_written_is_an_error(command: JobsCommand, tmp_path: Path) -> None:
    result = command.run("timeline", "--svg", str(tmp_path / "none" / "a.svg"))
    assert result.exit_code == 1
    assert "none/a.svg': No such file or directory" in result.stderr


def test_the_version_of_the_package_is_printed(command: JobsCommand) -> None:
    expected = f"tap-marketo-bulk-jobs v{version('tap-marketo-bulk')}\n"
    assert command.run_process("--version") == expected
