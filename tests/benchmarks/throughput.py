"""What the tap's process costs for one file: CPU seconds and memory, measured by the system."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .marketo_stub import MarketoStub, PreparedFile

if TYPE_CHECKING:
    from .export_files import ExportFile

_TAP = [sys.executable, "-m", "tap_marketo_bulk", "--config=ENV"]
# Whether a stream is selected.
Selection = Callable[[str], bool]


@dataclass(frozen=True)
class Cost:
    """What a process took from its start to its end."""

    cpu_seconds: float
    peak_megabytes: float


@dataclass(frozen=True)
class Throughput:
    """CPU seconds for the same file by the tap and by the floor, each less its start-up."""

    records: int
    megabytes: float
    tap_seconds: float
    floor_seconds: float

    @property
    def ratio(self) -> float:
        """The tap's speed as a part of the floor's."""
        return self.floor_seconds / self.tap_seconds


def throughput(
    folder: Path, contents: ExportFile, selected: Selection, rows: int, tries: int
) -> Throughput:
    """Read one file by the tap and by the floor, in turns, each in a process of its own.

    The best of some ``tries`` counts: other work on the machine only adds. What a file without
    rows costs is subtracted.
    """
    files = [
        prepare(folder / name, contents, count) for name, count in (("full", rows), ("empty", 0))
    ]
    best: dict[tuple[str, int], float] = {}
    for _ in range(tries):
        for file in files:
            for name, cost in (("tap", tap_cost(file, selected)), ("floor", _floor_cost(file))):
                key = name, file.rows
                best[key] = min(cost.cpu_seconds, best.get(key, cost.cpu_seconds))
    full = files[0]
    tap_seconds, floor_seconds = (
        best[name, full.rows] - best[name, 0] for name in ("tap", "floor")
    )
    return Throughput(full.rows, full.path.stat().st_size / 1e6, tap_seconds, floor_seconds)


def prepare(path: Path, contents: ExportFile, rows: int) -> PreparedFile:
    """Write a file to export."""
    return PreparedFile(path, contents, contents.write(path, rows))


def tap_cost(file: PreparedFile, selected: Selection) -> Cost:
    """Run the tap over one export of ``file``."""
    with MarketoStub(file) as stub:
        environment = os.environ | {
            "TAP_MARKETO_BULK_ENDPOINT": stub.url,
            "TAP_MARKETO_BULK_CLIENT_ID": "id",
            "TAP_MARKETO_BULK_CLIENT_SECRET": "secret",
            # Less than the longest window: one export.
            "TAP_MARKETO_BULK_START_DATE": f"{datetime.now(UTC) - timedelta(days=20):%Y-%m-%d}",
            "TAP_MARKETO_BULK_POLL_SECONDS": "0.01",
        }
        catalog = file.path.with_suffix(".catalog.json")
        catalog.write_text(json.dumps(_catalog(environment, selected)), encoding="utf-8")
        return _cost([*_TAP, "--catalog", str(catalog)], environment)


def _catalog(environment: dict[str, str], selected: Selection) -> Any:  # noqa: ANN401 - JSON
    """Return the catalog that discovery makes, with other streams selected."""
    discovered = subprocess.run(  # noqa: S603 - our own program
        [*_TAP, "--discover"],
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    catalog = json.loads(discovered.stdout)
    for entry in catalog["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        root["metadata"]["selected"] = selected(entry["tap_stream_id"])
    return catalog


def _floor_cost(file: PreparedFile) -> Cost:
    types = json.dumps(dict(file.contents.fields))
    command = [sys.executable, "-m", "tests.benchmarks.floor", str(file.path), types]
    return _cost(command, dict(os.environ))


def _cost(command: list[str], environment: dict[str, str]) -> Cost:
    child = subprocess.Popen(  # noqa: S603 - our own programs
        command,
        env=environment,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(command, child.returncode)
    # Linux counts kilobytes, macOS bytes.
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return Cost(usage.ru_utime + usage.ru_stime, peak)
