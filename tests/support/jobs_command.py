"""The command tap-marketo-bulk-jobs, run as a user does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from tap_marketo_bulk.jobs.cli import jobs
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.tap import TapMarketoBulk

if TYPE_CHECKING:
    from click.testing import Result

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import Sandbox

PROGRAM = str(Path(sys.executable).with_name("tap-marketo-bulk-jobs"))
SPAN = {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-02-20T00:00:00Z"}
REQUESTS = {
    "leads": ExportRequest("leads", ("id", "email"), {"createdAt": SPAN}),
    "activities": ExportRequest("activities", ("marketoGUID",), {"createdAt": SPAN}),
}


@dataclass
class Jobs:
    """``tap-marketo-bulk-jobs``, as a user runs it, and the jobs of its user."""

    sandbox: Sandbox
    exports: Exports
    clock: Clock
    folder: Path

    def run(self, *arguments: str, text: str = "", **settings: Any) -> Result:  # noqa: ANN401 - settings
        """Run the command, its settings in a file."""
        config = {
            "endpoint": self.sandbox.url,
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "start_date": "2026-01-01",
        }
        kind = type("TapUnderTest", (TapMarketoBulk,), {"clock": self.clock})
        given = [arguments[0], "--config", self.file("config", config | settings), *arguments[1:]]
        return CliRunner().invoke(jobs, given, obj=kind, input=text)

    def process(self, *arguments: str) -> str:
        """Run the command as a process, with the settings of the environment; what it says."""
        done = subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    def file(self, name: str, content: object) -> str:
        """Write a file of JSON; returns its path."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)

    def create(self, kind: str = "leads") -> str:
        """Make a job that is not enqueued; returns its id."""
        return self.exports.create(REQUESTS[kind]).export_id

    def enqueue(self, kind: str = "leads") -> str:
        """Make a job that Marketo works on; returns its id."""
        export_id = self.create(kind)
        self.exports.enqueue(kind, export_id)
        return export_id

    def status(self, export_id: str) -> str:
        """Return how a job is."""
        return next(job.status for job in self.sandbox.jobs if job.export_id == export_id)
