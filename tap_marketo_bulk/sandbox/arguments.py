"""The options of the command line, and what they mean for the sandbox."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime

from tap_marketo_bulk.sandbox.instants import parse
from tap_marketo_bulk.sandbox.options import Options

_LAST_PORT = 65535
_EXAMPLES = """examples:
  marketo-sandbox exec -- tap-marketo-bulk --config=ENV
      run the tap once against a fresh Marketo and see what comes out
  marketo-sandbox exec --state-dir .sandbox -- meltano run tap-marketo-bulk target-jsonl
      run it again a while later: the same people are there, some of them changed
  marketo-sandbox truth leads --state-dir .sandbox
      what is truly in there, as JSON lines, to compare with what was loaded
"""
_ACTIONS = {
    "serve": "serve until interrupted, and print how to connect",
    "exec": "run one command against a sandbox on a free port; its exit code is yours",
    "truth": "print the true records as JSON lines",
}


def arguments_parser(description: str) -> argparse.ArgumentParser:
    """The parser of everything before ``--``."""
    parser = argparse.ArgumentParser(
        prog="marketo-sandbox",
        description=description,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in _ACTIONS.items():
        usage = "marketo-sandbox exec [options] -- COMMAND ..." if name == "exec" else None
        action = actions.add_parser(name, help=text, description=f"Action: {text}.", usage=usage)
        if name == "truth":
            streams = ("leads", "activities", "deleted_leads")
            action.add_argument("stream", choices=streams, help="which records")
            action.add_argument(
                "--at",
                type=_instant,
                metavar="INSTANT",
                help="as they were then, such as 2026-03-01T12:00:00Z (default: now)",
            )
        else:
            _add_behaviour(action)
        _add_world(action)
    return parser


def options_of(given: argparse.Namespace, saved: Mapping[str, int]) -> Options:
    """What the arguments ask for; what they leave open is as ``saved``, or the default."""
    chosen = {
        name: value
        for name, value in vars(given).items()
        if value is not None and name in Options.__dataclass_fields__
    }
    if getattr(given, "quota_mb", None) is not None:
        chosen["quota_bytes"] = int(given.quota_mb * 1_000_000)
    if getattr(given, "no_updated_at_filter", False):
        chosen["updated_at_filter"] = False
    return Options(**{**saved, **chosen})


def _add_world(parser: argparse.ArgumentParser) -> None:
    world = parser.add_argument_group("the world")
    world.add_argument(
        "--state-dir",
        metavar="DIR",
        help="keep the people, the export jobs and the quota in DIR for the next call; without it "
        "every call starts a new world",
    )
    for name, text in {
        "--seed": "another number makes another world (default 1)",
        "--leads": "leads to begin with (default 5000)",
        "--activities": "activities to begin with (default 20000)",
        "--history-days": "the days over which those are spread, up to now (default 365)",
        "--many-fields": "custom lead fields beyond the usual 70 (default 0)",
        "--lead-padding-bytes": "make the notes of every lead this long, to get large files",
    }.items():
        world.add_argument(name, type=_natural, metavar="N", help=text)


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it behaves")
    group.add_argument("--port", type=_port, metavar="N", help="port (default: a free one)")
    for name, text in {
        "--job-seconds": "how long Marketo works on one export job (default 1)",
        "--status-seconds": "how late a job tells a new status (Marketo: 60; default 0)",
        "--quota-mb": "daily export quota in megabytes (default 500)",
    }.items():
        group.add_argument(name, type=_amount, metavar="N", help=text)
    group.add_argument(
        "--no-updated-at-filter",
        action="store_true",
        help="be a subscription that cannot export leads by updatedAt (error 1035)",
    )


def _natural(text: str) -> int:
    if not text.isdecimal():
        message = f"'{text}' is not a whole number from 0 on"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _instant(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(parse(text), UTC)
    except ValueError:
        message = f"'{text}' is not an instant such as 2026-03-01T12:00:00Z"
        raise argparse.ArgumentTypeError(message) from None


def _port(text: str) -> int:
    number = _natural(text)
    if number > _LAST_PORT:
        message = f"{text} is not a port: they end at {_LAST_PORT}"
        raise argparse.ArgumentTypeError(message)
    return number


def _amount(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        message = f"'{text}' is not a number from 0 on"
        raise argparse.ArgumentTypeError(message)
    return number
