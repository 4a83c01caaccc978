"""The command marketo-sandbox: a Marketo subscription on your machine, to test pipelines with.

It serves Marketo's REST and Bulk Extract API with Marketo's limits: leads, activities, program
members, custom objects and assets. The data are invented and change all the time. No Marketo
account is needed, and no quota is used.
"""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from subprocess import Popen
from threading import Event
from types import FrameType
from typing import Any

from tap_marketo_bulk.sandbox.cli_arguments import (
    CUSTOM_OBJECT_PREFIX,
    create_parser,
    options_from_arguments,
)
from tap_marketo_bulk.sandbox.clock import TimeZoneDataMissingError
from tap_marketo_bulk.sandbox.exports.file_writer import format_json
from tap_marketo_bulk.sandbox.sandbox import Sandbox
from tap_marketo_bulk.sandbox.state_directory import StateDirectory, StateDirectoryError

_COMMAND_NOT_FOUND = 127
_ENDED_BY_SIGNAL = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: those of the process); return its exit code.

    Raises:
        SystemExit: The arguments are invalid, or help was requested.
    """
    all_arguments = list(sys.argv[1:] if arguments is None else arguments)
    # Everything after the first -- is the command of `exec`, including its options.
    end = all_arguments.index("--") if "--" in all_arguments else len(all_arguments)
    parser = create_parser(str(__doc__))
    version = f"%(prog)s v{metadata.version('tap-marketo-bulk')}"
    parser.add_argument("--version", action="version", version=version, help="print the version")
    parsed, unknown = parser.parse_known_args(all_arguments[:end])
    command = all_arguments[end + 1 :]
    if unknown:
        parser.error(_unknown_arguments_message(parsed.action, unknown, has_command=bool(command)))
    if (parsed.action == "exec") != bool(command):
        parser.error("exec, and only exec, needs a command to run: exec [options] -- COMMAND")
    try:
        sandbox = _create_sandbox(parsed)
        if parsed.action == "expected":
            return _print_expected_rows(sandbox, parsed.stream, parsed.at)
        with sandbox:
            return _exec(sandbox, command) if command else _serve(sandbox)
    except OSError as error:
        return _print_error(f"{error.filename or f'Port {parsed.port}'}: {error.strerror}", 1)
    except (StateDirectoryError, TimeZoneDataMissingError) as error:
        return _print_error(str(error), 1)


def _unknown_arguments_message(action: str, unknown: list[str], *, has_command: bool) -> str:
    text = shlex.join(unknown)
    if action == "exec" and not has_command and not unknown[0].startswith("-"):
        return f"put -- before the command: marketo-sandbox exec [options] -- {text}"
    return f"unrecognized arguments: {text}"


def _print_error(message: str, exit_code: int) -> int:
    sys.stderr.write(f"marketo-sandbox: {message}\n")
    return exit_code


def _create_sandbox(arguments: argparse.Namespace) -> Sandbox:
    state_dir = None if arguments.state_dir is None else Path(arguments.state_dir)
    saved = StateDirectory(state_dir).load() if state_dir else None
    options = options_from_arguments(arguments, saved.data_set_options if saved else {})
    return Sandbox(options, state_dir=state_dir)


def tap_environment(sandbox: Sandbox) -> dict[str, str]:
    """The environment variables with which tap-marketo-bulk reads all rows of ``sandbox``."""
    start_date = sandbox.created_at - timedelta(days=sandbox.options.history_days)
    # Below a second, a run and the discovery before it reach the limit of 100 calls in 20 s.
    poll_seconds = min(60.0, max(1.0, sandbox.options.job_seconds / 5))
    return {
        "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
        "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
        "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
        "TAP_MARKETO_BULK_START_DATE": start_date.strftime("%Y-%m-%dT00:00:00Z"),
        "TAP_MARKETO_BULK_POLL_SECONDS": f"{poll_seconds:g}",
    }


def _serve(sandbox: Sandbox) -> int:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    options = sandbox.options
    lines = [
        f"A Marketo with {options.leads} leads and {options.activities} activities: {sandbox.url}",
        f"Client id {sandbox.client_id}, client secret {sandbox.client_secret}",
        "Settings of tap-marketo-bulk for it:",
        *(f"  export {name}={value}" for name, value in tap_environment(sandbox).items()),
        "Press Ctrl-C to stop.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    stop.wait()
    return 0


def _exec(sandbox: Sandbox, command: list[str]) -> int:
    environment = os.environ | tap_environment(sandbox)
    try:
        process = Popen(command, env=environment)  # noqa: S603 - the command of the user
    except OSError as error:
        return _print_error(f"{command[0]}: {error.strerror}", _COMMAND_NOT_FOUND)

    def forward(number: int, _frame: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the command too.
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        signal.signal(number, forward)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return code if code >= 0 else _ENDED_BY_SIGNAL - code


def _expected_rows(
    sandbox: Sandbox, stream: str, at: datetime | None
) -> Mapping[Any, Mapping[str, object]]:
    expected = sandbox.expected
    if stream.startswith(CUSTOM_OBJECT_PREFIX):
        return expected.custom_objects(stream.removeprefix(CUSTOM_OBJECT_PREFIX), at=at)
    rows: Callable[..., Mapping[Any, Mapping[str, object]]] = getattr(expected, stream)
    # These do not change over time.
    is_constant = stream in ("lead_describe", "activity_types", "channels", "tags")
    return rows() if is_constant else rows(at=at)


def _print_expected_rows(sandbox: Sandbox, stream: str, at: datetime | None) -> int:
    try:
        for row in _expected_rows(sandbox, stream, at).values():
            sys.stdout.write(format_json(row) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The consumer has closed the pipe. At exit Python writes to stdout, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
