"""The command marketo-sandbox."""

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from subprocess import PIPE, Popen, run
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.cli import (
    create_parser,
    main,
    options_from_arguments,
    tap_environment,
)
from tap_marketo_bulk.sandbox.expected_rows import STREAMS
from tests.support.api_client import SandboxClient, export_file

COMMAND = [sys.executable, "-m", "tap_marketo_bulk.sandbox.cli"]
SMALL = ["--leads", "20", "--activities", "30"]


def start_command(*arguments: str) -> "Popen[str]":
    return Popen([*COMMAND, *arguments], stdout=PIPE, stderr=PIPE, text=True)  # noqa: S603


def test_exec_runs_a_command_with_the_settings_of_the_tap(tmp_path: Path) -> None:
    code = (
        "import json, os, pathlib, sys;"
        "mine = {k: v for k, v in os.environ.items() if k.startswith('TAP_MARKETO_BULK_')};"
        "pathlib.Path(sys.argv[1]).write_text(json.dumps(mine)); sys.exit(7)"
    )
    file = tmp_path / "settings.json"
    arguments = ["exec", "--job-seconds", "10", *SMALL, "--", sys.executable, "-c", code, str(file)]
    assert main(arguments) == 7
    settings = json.loads(file.read_text())
    prefix = "TAP_MARKETO_BULK_"
    assert settings[f"{prefix}ENDPOINT"].startswith("http://127.0.0.1:")
    assert settings[f"{prefix}CLIENT_ID"].startswith("sandbox-")
    assert settings[f"{prefix}CLIENT_SECRET"].startswith("secret-")
    assert settings[f"{prefix}START_DATE"].endswith("T00:00:00Z")
    assert settings[f"{prefix}POLL_SECONDS"] == "2"
    assert f"{prefix}END_DATE" not in settings


def test_a_run_until_some_time_ago_leaves_the_changes_since_then_for_the_next_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state = ["--state-dir", str(tmp_path), *SMALL]
    command = ["--", "sh", "-c", "echo $TAP_MARKETO_BULK_END_DATE"]
    ends = []
    for ago in ("1d", "6h"):
        assert main(["exec", "--ago", ago, *state, *command]) == 0
        ends.append(datetime.fromisoformat(capfd.readouterr().out.strip()))
    assert timedelta(hours=18) <= ends[1] - ends[0] < timedelta(hours=18, minutes=1)
    assert timedelta(hours=6) <= datetime.now(UTC) - ends[1] < timedelta(hours=6, minutes=1)


def test_exec_reports_a_command_that_does_not_exist(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["exec", *SMALL, "--", "no-such-command"]) == 127
    assert capfd.readouterr().err == "marketo-sandbox: no-such-command: No such file or directory\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_exec_forwards_signals_to_the_command(number: signal.Signals) -> None:
    code = (
        "import signal, sys;"
        f"signal.signal({int(number)}, lambda *_: sys.exit(5));"
        "print('ready', flush=True); signal.pause()"
    )
    process = start_command("exec", *SMALL, "--", sys.executable, "-c", code)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 5


def test_exec_does_not_forward_ctrl_c_of_a_terminal() -> None:
    # A terminal sends it to the command too. This test sends it to the sandbox only, so the command
    # must continue.
    code = "print('ready', flush=True); input(); print('done')"
    leader, terminal = os.openpty()
    arguments = [*COMMAND, "exec", *SMALL, "--", sys.executable, "-c", code]
    process = Popen(arguments, stdin=terminal, stdout=PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    os.write(leader, b"\n")
    assert process.stdout.read() == "done\n"
    process.communicate()
    os.close(leader)
    os.close(terminal)
    assert process.returncode == 0


def test_exec_returns_128_plus_the_signal_that_ended_the_command() -> None:
    assert main(["exec", *SMALL, "--", "sh", "-c", "kill -9 $$"]) == 137


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_the_settings_and_ends_at_a_signal(number: signal.Signals) -> None:
    process = start_command("serve", *SMALL)
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


def test_expected_prints_the_rows_of_the_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ["--state-dir", str(tmp_path)]
    assert main(["exec", *SMALL, *state, "--", "true"]) == 0
    for stream, key in (
        ("leads", "id"),
        ("activities", "marketoGUID"),
        ("deleted_leads", "leadId"),
    ):
        assert main(["expected", stream, *state]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.split("\n")[:-1]]
        assert all(row[key] for row in rows)
        assert bool(rows) is (stream != "deleted_leads")


@pytest.mark.parametrize("stream", STREAMS)
def test_expected_knows_every_stream(capsys: pytest.CaptureFixture[str], stream: str) -> None:
    assert main(["expected", stream, "--leads", "200", "--activities", "30"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.split("\n")[:-1]]
    assert all(isinstance(row, dict) for row in rows)
    assert rows or stream == "deleted_leads"


def test_expected_prints_the_rows_of_a_custom_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expected", "customobjects/purchaseOrder_c", "--leads", "50"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.split("\n")[:-1]]
    assert all(row["marketoGUID"] and row["leadID"] for row in rows)
    with pytest.raises(SystemExit, match="2"):
        main(["expected", "customobjects/venue_c"])


def test_expected_prints_the_rows_at_an_instant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expected", "leads", *SMALL, "--at", "2001-01-01T00:00:00Z"]) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit, match="2"):
        main(["expected", "leads", "--at", "now"])
    message = "argument --at: 'now' is not an instant such as 2026-03-01T12:00:00Z"
    assert message in capsys.readouterr().err


def test_expected_prints_the_rows_that_were_exported_as_they_were_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SandboxClock(datetime(2026, 3, 1, 12, tzinfo=UTC), speed=0)
    options = Options(leads=300, activities=30, edge_cases=frozenset())
    fields = ["id", "email", "updatedAt"]
    with (
        Sandbox(options, clock=clock, state_dir=tmp_path) as sandbox,
        SandboxClient(sandbox) as client,
    ):
        exported: dict[int, Any] = {}
        for start, end in (("2026-02-20", "2026-03-01"), ("2026-02-28", "2026-03-02")):
            range_ = {"startAt": f"{start}T00:00:00Z", "endAt": f"{end}T00:00:00Z"}
            request_filter = {"updatedAt": range_}
            exported |= sandbox.expected.leads(request_filter)
            export_file(client, clock, fields=fields, filter=request_filter)
        client.create_job()
        export_file(client, clock, "activities")
    assert main(["expected", "leads", "--exported", "--state-dir", str(tmp_path)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [{name: row[name] for name in fields} for row in exported.values()]
    assert len(rows) > 10


def test_expected_ends_without_error_if_its_output_is_closed() -> None:
    with start_command("expected", "leads") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def run_and_read_error(arguments: Sequence[str]) -> tuple[int, str]:
    done = run([*COMMAND, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "x"], "argument --port: 'x' is not a port from 0 to 65535"),
        (["--port", "65536"], "argument --port: '65536' is not a port from 0 to 65535"),
        (["--leads", "-1"], "argument --leads: '-1' is not a whole number of 0 or more"),
        (["--job-seconds", "x"], "argument --job-seconds: 'x' is not a number of 0 or more"),
        (["--ago", "day"], "argument --ago: 'day' is not a time such as 1d or 6h"),
        (["--job-seconds", "nan"], "argument --job-seconds: 'nan' is not a number of 0 or more"),
    ],
)
def test_invalid_arguments_are_reported(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["serve", *arguments])
    assert capsys.readouterr().err.splitlines()[-1] == f"marketo-sandbox serve: error: {message}"


@pytest.mark.parametrize("arguments", [["exec"], ["exec", "--"], ["serve", "--", "true"]])
def test_only_exec_needs_a_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    message = "exec, and only exec, needs a command to run: exec [options] -- COMMAND"
    assert capsys.readouterr().err.splitlines()[-1] == f"marketo-sandbox: error: {message}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["exec", "--leads", "5", "ls", "-l", "a file"],
            "put -- before the command: marketo-sandbox exec [options] -- ls -l 'a file'",
        ),
        (["exec", "ls", "--", "true"], "unrecognized arguments: ls"),
        (["exec", "--speed", "9", "--", "true"], "unrecognized arguments: --speed 9"),
        (["exec", "--speed", "ls"], "unrecognized arguments: --speed ls"),
        (["serve", "ls"], "unrecognized arguments: ls"),
    ],
)
def test_unknown_arguments_are_reported_and_a_command_without_dashes_is_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert capsys.readouterr().err.splitlines()[-1] == f"marketo-sandbox: error: {message}"


def test_the_version_of_the_package_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"marketo-sandbox v{version('tap-marketo-bulk')}\n"


def test_errors_are_printed_as_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = str(used.getsockname()[1])
        code, message = run_and_read_error(["serve", *SMALL, "--port", port])
    assert (code, message) == (1, f"marketo-sandbox: Port {port}: Address already in use")
    (tmp_path / "file").write_text("")
    code, message = run_and_read_error(["expected", "leads", "--state-dir", str(tmp_path / "file")])
    assert (code, message[:45]) == (1, f"marketo-sandbox: The state directory {tmp_path}"[:45])


def test_arguments_select_options() -> None:
    arguments = ["--quota-mb", "0.5", "--no-updated-at-filter", "--status-seconds", "60"]
    parsed = create_parser("").parse_args(["serve", *SMALL, *arguments])
    options = options_from_arguments(parsed, {"leads": 5, "seed": 3})
    assert options == Options(
        seed=3,
        leads=20,
        activities=30,
        quota_bytes=500_000,
        updated_at_filter=False,
        status_seconds=60,
        edge_cases=frozenset(),
    )


@pytest.mark.parametrize(
    ("job_seconds", "poll_seconds"), [(0, "1"), (1, "1"), (20, "4"), (900, "60")]
)
def test_the_poll_interval_is_at_least_a_second_and_at_most_a_minute(
    job_seconds: float, poll_seconds: str
) -> None:
    with Sandbox(Options(leads=1, activities=1, job_seconds=job_seconds)) as sandbox:
        environment = tap_environment(sandbox)
    assert environment["TAP_MARKETO_BULK_POLL_SECONDS"] == poll_seconds
