"""Play histories: ``python -m tests.simulation --count 1000 --seed 5000``."""

from __future__ import annotations

import argparse
import logging
import sys

from .drawing import drawn_history
from .play import play


def main() -> int:
    """Play the histories of consecutive seeds; return 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="the number of histories")
    parser.add_argument("--verbose", action="store_true", help="show the runs, and their log")
    options = parser.parse_args()
    logging.getLogger("tap-marketo-bulk").setLevel(
        logging.DEBUG if options.verbose else logging.CRITICAL
    )
    failed = 0
    for seed in range(options.seed, options.seed + options.count):
        found = play(drawn_history(seed), is_verbose=options.verbose)
        failed += bool(found)
        if found:
            sys.stdout.write(
                "\n  ".join([f"\npython -m tests.simulation --seed {seed}", *found]) + "\n"
            )
    sys.stdout.write(f"{options.count} histories, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
