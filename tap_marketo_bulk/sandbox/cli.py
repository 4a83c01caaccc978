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
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from subprocess import Popen
from threading import Event
from types import FrameType
from typing import Any

from tap_marketo_bulk.sandbox.clock import TimeZoneDataMissingError, epoch_seconds_of
from tap_marketo_bulk.sandbox.edge_cases import ALL_EDGE_CASES, RECORDED_EDGE_CASES, EdgeCase
from tap_marketo_bulk.sandbox.expected_rows import STREAMS
from tap_marketo_bulk.sandbox.exports.file_writer import format_json
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.sandbox import Sandbox
from tap_marketo_bulk.sandbox.state_directory import (
    DataSetOption,
    StateDirectory,
    StateDirectoryError,
)

_MAX_PORT = 65535
_UNITS = {"h": "hours", "d": "days"}
_EXAMPLES = """examples:
  marketo-sandbox exec -- tap-marketo-bulk --config=ENV
      run the tap once on a new data set and print its output
  marketo-sandbox exec --edge-cases carriage-returns,nul-bytes -- tap-marketo-bulk --config=ENV
      run it with texts that have made programs fail
  marketo-sandbox exec --ago 1d --state-dir .sandbox -- meltano run tap-marketo-bulk target-jsonl
      run it up to yesterday; the same command without --ago then loads one day of changes
  marketo-sandbox expected leads --exported --state-dir .sandbox
      print the leads that these runs must have loaded as JSON lines
"""
_ACTIONS = {
    "serve": "serve until interrupted, and print the settings to connect with",
    "exec": "run one command with a sandbox on a free port; returns the exit code of the command",
    "expected": "print the expected rows of a stream as JSON lines",
}
_ALIASES = {"expected": ["truth"]}


def create_parser(description: str) -> argparse.ArgumentParser:
    """The parser of the arguments before ``--``."""
    parser = argparse.ArgumentParser(
        prog="marketo-sandbox",
        description=description,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, text in _ACTIONS.items():
        usage = "marketo-sandbox exec [options] -- COMMAND ..." if name == "exec" else None
        action = actions.add_parser(
            name,
            aliases=_ALIASES.get(name, []),
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            usage=usage,
        )
        # The name of the action, also if an alias was given.
        action.set_defaults(action=name)
        if name == "expected":
            _add_row_arguments(action)
        else:
            _add_server_options(action)
        _add_data_set_options(action)
    return parser


def options_from_arguments(
    arguments: argparse.Namespace, saved_options: Mapping[str, DataSetOption]
) -> Options:
    """The options that the arguments select, then the saved ones, then the defaults.

    The default of the edge cases is none of them.
    """
    options: dict[str, Any] = {
        name: value
        for name, value in vars(arguments).items()
        if value is not None and name in Options.__dataclass_fields__
    }
    if getattr(arguments, "quota_mb", None) is not None:
        options["quota_bytes"] = int(arguments.quota_mb * 1_000_000)
    if getattr(arguments, "no_updated_at_filter", False):
        options["updated_at_filter"] = False
    return Options(**{"edge_cases": frozenset(), **saved_options, **options})


def _add_row_arguments(parser: argparse.ArgumentParser) -> None:
    choices = ", ".join(STREAMS)
    help_text = f"the stream, or the export object of a custom object; one of {choices}"
    parser.add_argument("stream", choices=STREAMS, metavar="STREAM", help=help_text)
    parser.add_argument(
        "--at",
        type=_parse_instant_argument,
        metavar="INSTANT",
        help="print the rows as of this instant, such as 2026-03-01T12:00:00Z (default: now)",
    )
    parser.add_argument(
        "--exported",
        action="store_true",
        help="print the rows that the export jobs in --state-dir contained, as they were then: "
        "those that a target must have loaded",
    )


def _add_data_set_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("data set")
    group.add_argument(
        "--state-dir",
        metavar="DIR",
        help="keep the data set, the export jobs and the used quota in DIR for the next run; "
        "without it every run has a new data set",
    )
    for name, text in {
        "--seed": "another number gives another data set (default 1)",
        "--leads": "number of leads at the start (default 5000)",
        "--activities": "number of activities at the start (default 20000)",
        "--history-days": "days before the start over which they are spread (default 365)",
        "--many-fields": "number of additional custom lead fields (default 0)",
        "--lead-padding-bytes": "length of the notes of every lead, to get large files",
    }.items():
        group.add_argument(name, type=_parse_natural, metavar="N", help=text)
    group.add_argument(
        "--edge-cases",
        nargs="?",
        const=RECORDED_EDGE_CASES,
        type=_parse_edge_cases,
        metavar="KINDS",
        help="add awkward values that were seen in Marketo's files: all kinds of them, or KINDS, "
        f"separated by commas, of: {', '.join(sorted(RECORDED_EDGE_CASES))}; or of these, which "
        f"nobody has recorded: {', '.join(sorted(ALL_EDGE_CASES - RECORDED_EDGE_CASES))}",
    )


def _parse_edge_cases(text: str) -> frozenset[EdgeCase]:
    names = text.split(",")
    unknown = [name for name in names if name not in ALL_EDGE_CASES]
    if unknown:
        message = f"'{unknown[0]}' is no kind of edge cases; the kinds are listed by --help"
        raise argparse.ArgumentTypeError(message)
    return frozenset(map(EdgeCase, names))


def _add_server_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("server")
    group.add_argument(
        "--ago",
        type=_parse_duration,
        metavar="TIME",
        help="let the tap read up to this time ago, such as 1d or 6h: with --state-dir, the next "
        "run without it loads the changes since then, as if a night had passed",
    )
    group.add_argument("--port", type=_parse_port, metavar="N", help="port (default: a free port)")
    for name, text in {
        "--job-seconds": "time to process one export job (default 1)",
        "--status-seconds": "shortest time between changes of the reported status of a job "
        "(Marketo: 60; default 0)",
        "--quota-mb": "daily export quota in megabytes (default 500)",
    }.items():
        group.add_argument(name, type=_parse_amount, metavar="N", help=text)
    group.add_argument(
        "--no-updated-at-filter",
        action="store_true",
        help="reject exports of leads by updatedAt (error 1035), as some subscriptions do",
    )


def _parse_natural(text: str) -> int:
    if not text.isdecimal():
        message = f"'{text}' is not a whole number of 0 or more"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _parse_duration(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal():
        message = f"'{text}' is not a time such as 1d or 6h"
        raise argparse.ArgumentTypeError(message)
    return timedelta(**{_UNITS[unit]: int(number)})


def _parse_instant_argument(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(epoch_seconds_of(text), UTC)
    except ValueError:
        message = f"'{text}' is not an instant such as 2026-03-01T12:00:00Z"
        raise argparse.ArgumentTypeError(message) from None


def _parse_port(text: str) -> int:
    number = _parse_natural(text)
    if number > _MAX_PORT:
        message = f"{text} is not a port: the highest port is {_MAX_PORT}"
        raise argparse.ArgumentTypeError(message)
    return number


def _parse_amount(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        message = f"'{text}' is not a number of 0 or more"
        raise argparse.ArgumentTypeError(message)
    return number


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
            return _print_expected_rows(sandbox, parsed)
        with sandbox:
            environment = tap_environment(sandbox, parsed.ago)
            return _exec(environment, command) if command else _serve(sandbox, environment)
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


def tap_environment(sandbox: Sandbox, ago: timedelta | None = None) -> dict[str, str]:
    """The environment variables with which tap-marketo-bulk reads all rows of ``sandbox``.

    With ``ago`` it reads those up to this time ago.
    """
    end_date = sandbox.clock.now() - ago if ago else None
    start_date = sandbox.created_at - timedelta(days=sandbox.options.history_days)
    # Below a second, a run and the discovery before it reach the limit of 100 calls in 20 s.
    poll_seconds = min(60.0, max(1.0, sandbox.options.job_seconds / 5))
    return {
        "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
        "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
        "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
        "TAP_MARKETO_BULK_START_DATE": start_date.strftime("%Y-%m-%dT00:00:00Z"),
        "TAP_MARKETO_BULK_POLL_SECONDS": f"{poll_seconds:g}",
        **({"TAP_MARKETO_BULK_END_DATE": f"{end_date:%FT%TZ}"} if end_date else {}),
    }


def _serve(sandbox: Sandbox, environment: Mapping[str, str]) -> int:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    options = sandbox.options
    lines = [
        f"A Marketo with {options.leads} leads and {options.activities} activities: {sandbox.url}",
        f"Client id {sandbox.client_id}, client secret {sandbox.client_secret}",
        "Settings of tap-marketo-bulk for it:",
        *(f"  export {name}={value}" for name, value in environment.items()),
        "Press Ctrl-C to stop.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    stop.wait()
    return 0


def _exec(environment: dict[str, str], command: list[str]) -> int:
    try:
        process = Popen(command, env=os.environ | environment)  # noqa: S603 - the command of the user
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


def _print_expected_rows(sandbox: Sandbox, arguments: argparse.Namespace) -> int:
    if arguments.exported:
        rows = sandbox.expected.exported_rows(arguments.stream, sandbox.jobs)
    else:
        rows = sandbox.expected.rows(arguments.stream, at=arguments.at)
    try:
        for row in rows.values():
            sys.stdout.write(format_json(row) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The consumer has closed the pipe. At exit Python writes to stdout, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
