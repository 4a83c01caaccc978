"""The command ``marketo-sandbox``: a Marketo to try pipelines on, on your own machine.

It speaks Marketo's REST and Bulk Extract API for leads and activities, with Marketo's limits, and
holds invented people whose data keep changing. No account is needed, and no quota is used.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen
from threading import Event
from types import FrameType
from typing import Any

from tap_marketo_bulk.sandbox.arguments import arguments_parser, options_of
from tap_marketo_bulk.sandbox.quota import TimeZoneMissingError
from tap_marketo_bulk.sandbox.render import json_text
from tap_marketo_bulk.sandbox.state import State, StateError
from tap_marketo_bulk.sandbox.subscription import Sandbox

_COMMAND_NOT_FOUND = 127
_SIGNALLED = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with ``arguments`` (default: those of the process); its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # Everything after the first -- belongs to the command of `exec`, options and all.
    end = words.index("--") if "--" in words else len(words)
    parser = arguments_parser(str(__doc__))
    given = parser.parse_args(words[:end])
    command = words[end + 1 :]
    if (given.action == "exec") != bool(command):
        parser.error("exec, and only exec, needs a command to run: exec [options] -- COMMAND")
    try:
        sandbox = _sandbox(given)
        if given.action == "truth":
            return _truth(sandbox, given.stream, given.at)
        with sandbox:
            return _exec(sandbox, command) if command else _serve(sandbox)
    except OSError as error:
        return _failed(f"{error.filename or f'Port {given.port}'}: {error.strerror}", 1)
    except (StateError, TimeZoneMissingError) as error:
        return _failed(str(error), 1)


def _failed(sentence: str, code: int) -> int:
    sys.stderr.write(f"marketo-sandbox: {sentence}\n")
    return code


def _sandbox(given: argparse.Namespace) -> Sandbox:
    """The sandbox that was asked for; what was left open is as it was saved."""
    folder = None if given.state_dir is None else Path(given.state_dir)
    saved = State(folder).load() if folder else None
    options = options_of(given, saved.world if saved else {})
    return Sandbox(options, state_dir=folder)


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The settings with which tap-marketo-bulk reads everything in ``sandbox``."""
    since = sandbox.created_at - timedelta(days=sandbox.options.history_days)
    poll_seconds = min(60.0, max(0.2, sandbox.options.job_seconds / 5))
    return {
        "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
        "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
        "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
        "TAP_MARKETO_BULK_START_DATE": since.strftime("%Y-%m-%dT00:00:00Z"),
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
        "To point tap-marketo-bulk at it:",
        *(f"  export {name}={value}" for name, value in environment(sandbox).items()),
        "Press Ctrl-C to stop.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    stop.wait()
    return 0


def _exec(sandbox: Sandbox, command: list[str]) -> int:
    try:
        process = Popen(command, env=os.environ | environment(sandbox))  # noqa: S603 - as asked
    except OSError as error:
        return _failed(f"{command[0]}: {error.strerror}", _COMMAND_NOT_FOUND)

    def forward(number: int, _frame: FrameType | None) -> None:
        # From a terminal, Ctrl-C has reached the command already.
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
    return code if code >= 0 else _SIGNALLED - code


def _truth(sandbox: Sandbox, stream: str, at: datetime | None) -> int:
    tellers: dict[str, Callable[..., Mapping[Any, object]]] = {
        "leads": sandbox.expected.leads,
        "activities": sandbox.expected.activities,
        "deleted_leads": sandbox.expected.deleted_leads,
    }
    try:
        for record in tellers[stream](at=at).values():
            sys.stdout.write(json_text(record) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
