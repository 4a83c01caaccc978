"""Print the benchmarks' table."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .files import activities_catalog, leads_catalog, typed_catalog
from .measures import backfill, peak_memory_megabytes, throughput

MIDDLE, LARGE = 50_000, 500_000
# On a shared machine single runs differ by a third.
TRIES = 6


def main() -> None:
    """Measure everything; takes some minutes."""
    say(f"Python {platform.python_version()} on {platform.machine()}, one core\n")
    say("| what | tap | floor or bound | ratio |\n|---|---|---|---|")
    throughputs()
    for padding in (5_000, 50_000, LARGE):
        size, peak = peak_memory_megabytes(padding)
        say(f"| peak memory, file of {size:,.0f} MB | {peak:.0f} MB | 150 MB | |")
    long = backfill(months=24, speed=500)
    hours, bound = long.seconds / 3600, long.seconds / long.ratio / 3600
    say(f"| backfill of 24 months | {hours:.2f} h | {bound:.2f} h | {long.ratio:.3f} |")
    calls = ", ".join(f"{count} {name}" for name, count in long.calls.most_common())
    say(
        f"\nThe backfill: {long.jobs} jobs, {long.megabytes:.1f} MB, at most {long.most_in_queue} "
        f"jobs in the queue; calls: {calls}."
    )


def throughputs() -> None:
    """Say how fast each kind of file is read."""
    with TemporaryDirectory() as folder:
        for name, catalog, rows in (
            ("leads, 40 columns", leads_catalog(40), MIDDLE),
            ("leads, 300 columns", leads_catalog(300), MIDDLE // 5),
            ("activities", activities_catalog(), MIDDLE),
            ("48 typed activity streams", typed_catalog(), MIDDLE),
        ):
            found = throughput(Path(folder), catalog, rows, TRIES)
            fast, floor = (
                f"{found.records / seconds:,.0f} records/s, {found.megabytes / seconds:.0f} MB/s"
                for seconds in (found.tap_seconds, found.floor_seconds)
            )
            say(f"| {name} | {fast} | {floor} | {found.ratio:.2f} |")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
