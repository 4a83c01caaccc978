"""The command marketo-sandbox: a Marketo subscription on your machine, to test pipelines with.

It serves Marketo's REST and Bulk Extract API with Marketo's limits: leads, activities, program
members, custom objects and assets. The data are invented and change all the time. No Marketo
account is needed, and no quota is used.
"""

import argparse
import math
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import metadata
from pathlib import Path
from subprocess import Popen
from threading import Event
from types import FrameType
from typing import Any, TypeVar

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
_Parsed = TypeVar("_Parsed")
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


def create_parser(description: str) -> argparse.ArgumentParser:
    """The parser of the arguments before ``--``."""
    parser = argparse.ArgumentParser(
        prog="marketo-sandbox",
        description=description,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    for name, text in _ACTIONS.items():
        usage = "marketo-sandbox exec [options] -- COMMAND ..." if name == "exec" else None
        description = f"{text[0].upper()}{text[1:]}."
        action = actions.add_parser(name, help=text, description=description, usage=usage)
        if name == "expected":
            _add_row_arguments(action)
        else:
            _add_server_options(action.add_argument_group("server"))
        _add_data_set_options(action.add_argument_group("data set"))
    return parser


def _argument(parse: Callable[[str], _Parsed], description: str) -> Callable[[str], _Parsed]:
    """The type of an argument; for other texts the error is ``'<text>' is not <description>``."""

    def parse_argument(text: str) -> _Parsed:
        try:
            return parse(text)
        except (ValueError, KeyError):
            message = f"'{text}' is not {description}"
            raise argparse.ArgumentTypeError(message) from None

    return parse_argument


def _parse_natural(text: str, highest: float = math.inf) -> int:
    if not text.isdecimal() or int(text) > highest:
        raise ValueError(text)
    return int(text)


def _parse_amount(text: str) -> float:
    if not 0 <= float(text) < math.inf:
        raise ValueError(text)
    return float(text)


def _edge_cases(text: str) -> frozenset[EdgeCase]:
    parse = _argument(EdgeCase, "a kind of edge cases; the kinds are listed by --help")
    return frozenset(parse(name) for name in text.split(","))


_natural = _argument(_parse_natural, "a whole number of 0 or more")
_port = _argument(partial(_parse_natural, highest=_MAX_PORT), f"a port from 0 to {_MAX_PORT}")
_amount = _argument(_parse_amount, "a number of 0 or more")
_duration = _argument(
    lambda text: timedelta(**{_UNITS[text[-1:]]: _parse_natural(text[:-1])}),
    "a time such as 1d or 6h",
)
_instant = _argument(
    lambda text: datetime.fromtimestamp(epoch_seconds_of(text), UTC),
    "an instant such as 2026-03-01T12:00:00Z",
)


def _add_row_arguments(parser: argparse.ArgumentParser) -> None:
    choices = ", ".join(STREAMS)
    help_text = f"the stream, or the export object of a custom object; one of {choices}"
    parser.add_argument("stream", choices=STREAMS, metavar="STREAM", help=help_text)
    help_text = "print the rows as of this instant, such as 2026-03-01T12:00:00Z (default: now)"
    parser.add_argument("--at", type=_instant, metavar="INSTANT", help=help_text)
    help_text = (
        "print the rows that the export jobs in --state-dir contained, as they were then: those "
        "that a target must have loaded"
    )
    parser.add_argument("--exported", action="store_true", help=help_text)


def _add_options(
    group: argparse._ArgumentGroup, parse: Callable[[str], object], metavar: str, **texts: str
) -> None:
    for name, text in texts.items():
        option = f"--{name.replace('_', '-')}"
        group.add_argument(option, type=parse, metavar=metavar, help=text)


def _add_data_set_options(group: argparse._ArgumentGroup) -> None:
    text = "keep the data set, the export jobs and the used quota in DIR for the next run; "
    text += "without it every run has a new data set"
    _add_options(group, Path, "DIR", state_dir=text)
    _add_options(
        *(group, _natural, "N"),
        seed="another number gives another data set (default 1)",
        leads="number of leads at the start (default 5000)",
        activities="number of activities at the start (default 20000)",
        history_days="days before the start over which they are spread (default 365)",
    )
    group.add_argument(
        "--edge-cases",
        nargs="?",
        const=RECORDED_EDGE_CASES,
        type=_edge_cases,
        metavar="KINDS",
        help="add awkward values that were seen in Marketo's files: all kinds of them, or KINDS, "
        f"separated by commas, of: {', '.join(sorted(RECORDED_EDGE_CASES))}; or of these, which "
        f"nobody has recorded: {', '.join(sorted(ALL_EDGE_CASES - RECORDED_EDGE_CASES))}",
    )


def _add_server_options(group: argparse._ArgumentGroup) -> None:
    text = "let the tap read up to this time ago, such as 1d or 6h: with --state-dir, the next "
    text += "run without it loads the changes since then, as if a night had passed"
    _add_options(group, _duration, "TIME", ago=text)
    _add_options(group, _port, "N", port="port (default: a free port)")
    _add_options(
        *(group, _amount, "N"),
        job_seconds="time to process one export job (default 1)",
        status_seconds="shortest time between changes of the reported status of a job "
        "(Marketo: 60; default 0)",
        quota_mb="daily export quota in megabytes (default 500)",
    )
    group.add_argument(
        "--no-updated-at-filter",
        action="store_true",
        help="reject exports of leads by updatedAt (error 1035), as some subscriptions do",
    )


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
    saved = StateDirectory(arguments.state_dir).load() if arguments.state_dir else None
    options = options_from_arguments(arguments, saved.data_set_options if saved else {})
    return Sandbox(options, state_dir=arguments.state_dir)


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
