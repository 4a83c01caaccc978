"""Print the table of the benchmarks."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .export_files import A_THIRD_TYPED, ACTIVITIES, MOSTLY_TEXT, leads_file
from .simulations import backfill
from .throughput import prepare, tap_cost, throughput

_ROWS = 50_000
# About 10, 100 and 1,000 MB of leads with 40 columns.
_SIZES = (25_000, 250_000, 2_500_000)
# On a shared machine the same run takes up to a third longer.
_TRIES = 6
_PEAK_MEGABYTES = 80


def main() -> None:
    """Measure everything; takes some minutes."""
    _print(f"Python {platform.python_version()} on {platform.machine()}, one core\n")
    _print("| what | tap | floor or bound | ratio |\n|---|---|---|---|")
    with TemporaryDirectory() as folder:
        _throughputs(Path(folder))
        _memory(Path(folder))
    _backfill()


def _throughputs(folder: Path) -> None:
    """Print the speed of the tap and of the floor for each file."""
    for name, contents, prefix, rows, target in (
        ("leads, 40 columns", leads_file(40, MOSTLY_TEXT), "leads", _ROWS, 0.95),
        ("leads, 100 columns", leads_file(100, A_THIRD_TYPED), "leads", _ROWS // 2, 0.85),
        ("activities", ACTIVITIES, "activities", _ROWS, 0.7),
        ("48 typed activity streams", ACTIVITIES, "activities_", _ROWS, 0.6),
    ):
        is_one = not prefix.endswith("_")
        found = throughput(
            folder,
            contents,
            lambda stream: stream == prefix if is_one else stream.startswith(prefix),  # noqa: B023
            rows,
            _TRIES,
        )
        tap, floor = (
            f"{found.records / seconds:,.0f} records/s, {found.megabytes / seconds:.0f} MB/s"
            for seconds in (found.tap_seconds, found.floor_seconds)
        )
        _print(f"| {name} | {tap} | {floor} | {found.ratio:.2f} (target {target}) |")


def _memory(folder: Path) -> None:
    """Print the peak memory of the process for files of some sizes."""
    for rows in _SIZES:
        file = prepare(folder / "file", leads_file(40, MOSTLY_TEXT), rows)
        peak = tap_cost(file, lambda stream: stream == "leads").peak_megabytes
        size = file.path.stat().st_size / 1e6
        _print(f"| peak memory, file of {size:,.0f} MB | {peak:.0f} MB | {_PEAK_MEGABYTES} MB | |")


def _backfill() -> None:
    """Print the simulated time of a backfill, and of one with a slow target."""
    found = backfill(months=24)
    hours, bound = found.seconds / 3600, found.bound_seconds / 3600
    _print(f"| backfill of 24 months | {hours:.2f} h | {bound:.2f} h | {found.ratio:.3f} |")
    slow = backfill(months=12, rows=8000, has_slow_target=True)
    hours, bound = slow.seconds / 3600, slow.bound_seconds / 3600
    _print(f"| 12 months, slow target | {hours:.2f} h | {bound:.2f} h | {slow.ratio:.3f} |")
    calls = ", ".join(f"{count} {name}" for name, count in found.calls.most_common())
    _print(
        f"\nThe backfill: {found.jobs} jobs, {found.megabytes:.1f} MB, at most "
        f"{found.most_in_queue} jobs in the queue; {sum(found.calls.values())} calls: {calls}."
    )
    _print(f"The slow target blocked the tap for {slow.blocked_seconds / 60:.0f} minutes.")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
