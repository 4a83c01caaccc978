"""The command, run as people run it."""

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, Popen, run

import pytest

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.sandbox.arguments import arguments_parser, options_of
from tap_marketo_bulk.sandbox.cli import main

COMMAND = [sys.executable, "-m", "tap_marketo_bulk.sandbox.cli"]
SMALL = ["--leads", "20", "--activities", "30"]


def started(*words: str) -> "Popen[str]":
    return Popen([*COMMAND, *words], stdout=PIPE, stderr=PIPE, text=True)  # noqa: S603


def test_exec_runs_a_command_with_the_settings_of_the_tap(tmp_path: Path) -> None:
    code = (
        "import json, os, pathlib, sys;"
        "mine = {k: v for k, v in os.environ.items() if k.startswith('TAP_MARKETO_BULK_')};"
        "pathlib.Path(sys.argv[1]).write_text(json.dumps(mine)); sys.exit(7)"
    )
    file = tmp_path / "settings.json"
    words = ["exec", "--job-seconds", "10", *SMALL, "--", sys.executable, "-c", code, str(file)]
    assert main(words) == 7
    settings = json.loads(file.read_text())
    prefix = "TAP_MARKETO_BULK_"
    assert settings[f"{prefix}ENDPOINT"].startswith("http://127.0.0.1:")
    assert settings[f"{prefix}CLIENT_ID"].startswith("sandbox-")
    assert settings[f"{prefix}CLIENT_SECRET"].startswith("secret-")
    assert settings[f"{prefix}START_DATE"].endswith("T00:00:00Z")
    assert settings[f"{prefix}POLL_SECONDS"] == "2"


def test_exec_says_when_there_is_no_such_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["exec", *SMALL, "--", "no-such-command"]) == 127
    assert capfd.readouterr().err == "marketo-sandbox: no-such-command: No such file or directory\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_command(number: signal.Signals) -> None:
    code = (
        "import signal, sys;"
        f"signal.signal({int(number)}, lambda *_: sys.exit(5));"
        "print('ready', flush=True); signal.pause()"
    )
    process = started("exec", *SMALL, "--", sys.executable, "-c", code)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 5


def test_ctrl_c_in_a_terminal_is_not_sent_twice() -> None:
    # The terminal sends it to the command itself; here nobody does, so the command goes on.
    code = "print('ready', flush=True); input(); print('done')"
    leader, terminal = os.openpty()
    words = [*COMMAND, "exec", *SMALL, "--", sys.executable, "-c", code]
    process = Popen(words, stdin=terminal, stdout=PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    os.write(leader, b"\n")
    assert process.stdout.read() == "done\n"
    process.communicate()
    os.close(leader)
    os.close(terminal)
    assert process.returncode == 0


def test_a_command_that_dies_of_a_signal_is_told_as_shells_tell_it() -> None:
    assert main(["exec", *SMALL, "--", "sh", "-c", "kill -9 $$"]) == 137


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_tells_how_to_connect_and_ends_cleanly(number: signal.Signals) -> None:
    process = started("serve", *SMALL)
    assert process.stdout is not None
    first = process.stdout.readline()
    lines = [process.stdout.readline() for _ in range(8)]
    process.send_signal(number)
    rest, errors = process.communicate()
    assert (process.returncode, rest, errors) == (0, "", "")
    url = first.split()[-1]
    assert first.startswith("A Marketo with 20 leads and 30 activities: http://127.0.0.1:")
    assert f"  export TAP_MARKETO_BULK_ENDPOINT={url}\n" in lines
    assert lines[-1] == "Press Ctrl-C to stop.\n"


def test_truth_prints_the_records_of_the_world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ["--state-dir", str(tmp_path)]
    assert main(["exec", *SMALL, *state, "--", "true"]) == 0
    for stream, key in (
        ("leads", "id"),
        ("activities", "marketoGUID"),
        ("deleted_leads", "leadId"),
    ):
        assert main(["truth", stream, *state]) == 0
        records = [json.loads(line) for line in capsys.readouterr().out.split("\n")[:-1]]
        assert all(record[key] for record in records)
        assert bool(records) is (stream != "deleted_leads")


def test_truth_can_be_told_of_another_instant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["truth", "leads", *SMALL, "--at", "2001-01-01T00:00:00Z"]) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit, match="2"):
        main(["truth", "leads", "--at", "now"])
    complaint = "argument --at: 'now' is not an instant such as 2026-03-01T12:00:00Z"
    assert complaint in capsys.readouterr().err


def test_truth_can_be_cut_short_by_its_reader() -> None:
    with started("truth", "leads") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def complaint(words: Sequence[str]) -> tuple[int, str]:
    done = run([*COMMAND, *words], capture_output=True, text=True, check=False)  # noqa: S603
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--port", "x"], "argument --port: 'x' is not a whole number from 0 on"),
        (["--port", "65536"], "argument --port: 65536 is not a port: they end at 65535"),
        (["--leads", "-1"], "argument --leads: '-1' is not a whole number from 0 on"),
        (["--job-seconds", "x"], "argument --job-seconds: 'x' is not a number from 0 on"),
        (["--job-seconds", "nan"], "argument --job-seconds: 'nan' is not a number from 0 on"),
    ],
)
def test_wrong_options_are_explained(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["serve", *words])
    assert capsys.readouterr().err.splitlines()[-1] == f"marketo-sandbox serve: error: {sentence}"


@pytest.mark.parametrize("words", [["exec"], ["exec", "--"], ["serve", "--", "true"]])
def test_a_command_belongs_to_exec_alone(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    sentence = "exec, and only exec, needs a command to run: exec [options] -- COMMAND"
    assert capsys.readouterr().err.splitlines()[-1] == f"marketo-sandbox: error: {sentence}"


def test_trouble_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, sentence = complaint(["serve", *SMALL, "--port", port])
    assert (code, sentence) == (1, f"marketo-sandbox: Port {port}: Address already in use")
    (tmp_path / "file").write_text("")
    code, sentence = complaint(["truth", "leads", "--state-dir", str(tmp_path / "file")])
    assert (code, sentence[:45]) == (1, f"marketo-sandbox: The state directory {tmp_path}"[:45])


def test_options_reach_the_subscription() -> None:
    words = ["--quota-mb", "0.5", "--no-updated-at-filter", "--status-seconds", "60"]
    given = arguments_parser("").parse_args(["serve", *SMALL, *words])
    options = options_of(given, {"leads": 5, "seed": 3})
    assert options == Options(
        seed=3,
        leads=20,
        activities=30,
        quota_bytes=500_000,
        updated_at_filter=False,
        status_seconds=60,
    )
