"""The measurements: throughput, memory, a backfill's waiting, and what a quiet night costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.runs import Tap

from .files import write_file

if TYPE_CHECKING:
    import resource
    from threading import Condition

    from .files import Catalog

NOW = datetime(2026, 3, 1, tzinfo=UTC)
JOB_SECONDS = 600.0
SLOTS = 2


@dataclass(frozen=True)
class Throughput:
    """CPU seconds for the same file by the tap and by the floor."""

    records: int
    megabytes: float
    tap_seconds: float
    floor_seconds: float

    @property
    def ratio(self) -> float:
        """The tap's speed as a part of the floor's."""
        return self.floor_seconds / self.tap_seconds


def throughput(folder: Path, catalog: Catalog, rows: int, tries: int = 3) -> Throughput:
    """Read one file by the tap and by the floor, in turns, each in a process of its own.

    The best of some ``tries`` counts: what others do on the machine only ever adds.
    """
    file, written = folder / "export.csv", folder / "catalog.json"
    write_file(file, catalog, rows)
    written.write_text(json.dumps(catalog), encoding="utf-8")
    stream = catalog["streams"][0]["stream"]
    seconds: dict[str, float] = {}
    for which in ("tap", "floor") * tries:
        words = [which, str(file), str(written), stream, str(rows)]
        seconds[which] = min(_emit(words), seconds.get(which, float("inf")))
    megabytes = file.stat().st_size / 1e6
    return Throughput(rows, megabytes, seconds["tap"], seconds["floor"])


def _emit(words: list[str]) -> float:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-m", "tests.benchmarks.emit", *words],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    seconds: float = json.loads(done.stderr.splitlines()[-1])["cpu_seconds"]
    return seconds


def peak_memory_megabytes(padding_bytes: int) -> tuple[float, float]:
    """Run the tap over one export; returns the file's megabytes and the process's at its peak."""
    options = Options(
        leads=2000,
        activities=0,
        history_days=20,
        lead_padding_bytes=padding_bytes,
        job_seconds=0,
        quota_bytes=10**12,
    )
    with Sandbox(options) as sandbox:
        environment = {
            "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
            "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
            "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
            "TAP_MARKETO_BULK_START_DATE": f"{sandbox.created_at - timedelta(days=21):%Y-%m-%d}",
            "TAP_MARKETO_BULK_POLL_SECONDS": "1",
        }
        child = subprocess.Popen(
            [sys.executable, "-m", "tap_marketo_bulk", "--config=ENV"],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(child.returncode)
        size = max(job.file_size or 0 for job in sandbox.jobs)
    return size / 1e6, _kilobytes(usage) / 1000


def _kilobytes(usage: resource.struct_rusage) -> float:
    # Linux counts kilobytes, macOS bytes.
    return usage.ru_maxrss / (1000 if sys.platform == "darwin" else 1)


class ScaledClock:
    """The tap's clock, as fast as the sandbox's."""

    def __init__(self, clock: SandboxClock, speed: float) -> None:
        """Begin at the sandbox's present."""
        self._clock = clock
        self._speed = speed
        self._began = clock.now()

    def now(self) -> datetime:
        """Return the sandbox's present."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return the sandbox's seconds since the beginning."""
        return (self._clock.now() - self._began) / timedelta(seconds=1)

    def sleep(self, seconds: float) -> None:
        """Wait, that much faster."""
        time.sleep(seconds / self._speed)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait for a notification, that much faster."""
        condition.wait(None if seconds is None else seconds / self._speed)


@dataclass(frozen=True)
class Backfill:
    """A simulated first load, in Marketo's seconds."""

    jobs: int
    calls: Counter[str]
    megabytes: float
    most_in_queue: int
    seconds: float

    @property
    def ratio(self) -> float:
        """How many times the bound it took: two slots that are always busy."""
        return self.seconds / (self.jobs * JOB_SECONDS / SLOTS)


def backfill(months: int, speed: float) -> Backfill:
    """Load leads and activities of so many months, each job ten minutes in Marketo."""
    clock = SandboxClock(NOW, speed=speed)
    options = Options(
        leads=500,
        activities=1000,
        history_days=31 * months,
        job_seconds=JOB_SECONDS,
        status_seconds=60,
        # The limits count real calls in scaled seconds.
        rate_limit=10**6,
        concurrent_limit=100,
    )
    start = NOW - timedelta(days=31 * months)
    with Sandbox(options, clock=clock) as sandbox:
        tap = Tap(sandbox, ScaledClock(clock, speed), {"start_date": start.isoformat()})
        run = tap.run()
        seconds = (clock.now() - NOW) / timedelta(seconds=1)
        if run.error:
            raise run.error
        return Backfill(
            jobs=len(sandbox.jobs),
            calls=Counter(call.name for call in sandbox.calls),
            megabytes=sum(job.file_size or 0 for job in sandbox.jobs) / 1e6,
            most_in_queue=sandbox.peak_in_queue,
            seconds=seconds,
        )


def quiet_night(tap: Tap) -> Counter[str]:
    """Run twice over a world in which nothing happens; returns the second run's calls."""
    catalog: Any = tap.discover()
    first = tap.run(catalog=catalog)
    before = len(tap.sandbox.calls)
    tap.run(catalog=catalog, state=first.state)
    return Counter(call.name for call in tap.sandbox.calls[before:])
