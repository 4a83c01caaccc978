"""The command ``marketo-sandbox``."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta

from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.subscription import Sandbox


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(prog="marketo-sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("exec", help="run a command against a new sandbox")
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--leads", type=int, default=5000)
    run.add_argument("--activities", type=int, default=20000)
    run.add_argument("words", nargs="+", metavar="COMMAND")
    given = parser.parse_args(arguments)
    options = Options(seed=given.seed, leads=given.leads, activities=given.activities)
    with Sandbox(options) as sandbox:
        done = subprocess.run(given.words, env=os.environ | environment(sandbox), check=False)  # noqa: S603
    return done.returncode


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The settings of the tap that lead to ``sandbox``."""
    since = sandbox.birth - timedelta(days=sandbox.options.history_days)
    return {
        "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
        "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
        "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
        "TAP_MARKETO_BULK_START_DATE": since.strftime("%Y-%m-%dT00:00:00Z"),
        "TAP_MARKETO_BULK_POLL_SECONDS": "0.2",
    }


if __name__ == "__main__":
    sys.exit(main())
