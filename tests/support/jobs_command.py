"""The command ``tap-marketo-bulk-jobs``, inside this process or as a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from tap_marketo_bulk.cli.commands import jobs
from tap_marketo_bulk.marketo.exports import ExportRequest
from tests.support.runs import tap_class

if TYPE_CHECKING:
    from click.testing import Result

    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.tap import TapMarketoBulk
    from tap_marketo_bulk.times import Clock

PROGRAM = str(Path(sys.executable).with_name("tap-marketo-bulk-jobs"))
SPAN = {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-02-20T00:00:00Z"}
CUSTOM_OBJECT = "customobjects/purchaseOrder_c"
REQUESTS = {
    "leads": ExportRequest("leads", ("id", "email"), {"createdAt": SPAN}),
    "activities": ExportRequest("activities", ("marketoGUID",), {"createdAt": SPAN}),
    CUSTOM_OBJECT: ExportRequest(CUSTOM_OBJECT, ("marketoGUID",), {"updatedAt": SPAN}),
}


@dataclass
class JobsCommand:
    """``tap-marketo-bulk-jobs`` with settings for a sandbox, and export jobs of its API user.

    Attributes:
        sandbox: The sandbox.
        exports: Its export jobs.
        clock: The clock of the command.
        folder: A folder for the files of options.
        tap_class: The tap; None for the usual one.
    """

    sandbox: Sandbox
    exports: Exports
    clock: Clock
    folder: Path
    tap_class: type[TapMarketoBulk] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that connect to the sandbox."""
        return {
            "endpoint": self.sandbox.url,
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "start_date": "2026-01-01",
        }

    def run(self, *arguments: str, text: str = "", **settings: Any) -> Result:  # noqa: ANN401 - settings
        """Run a subcommand in this process, with its settings in a file and ``text`` on stdin."""
        config_path = self.write_file("config", self.settings | settings)
        subcommand, *others = arguments
        return CliRunner().invoke(
            jobs,
            [subcommand, "--config", config_path, *others],
            obj=self.tap_class or tap_class(self.clock),
            input=text,
        )

    def run_process(self, *arguments: str, **environment: str) -> str:
        """Run the command as a separate process, with more environment variables.

        Returns:
            The text on stdout and stderr.
        """
        done = subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | environment,
        )
        return done.stdout

    def write_file(self, name: str, content: object) -> str:
        """Write a JSON file; return its path."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)

    def create(self, export_object: str = "leads") -> str:
        """Create a job without enqueueing it; return its id."""
        return self.exports.create(REQUESTS[export_object]).export_id

    def enqueue(self, export_object: str = "leads") -> str:
        """Create and enqueue a job; return its id."""
        export_id = self.create(export_object)
        self.exports.enqueue(export_object, export_id)
        return export_id

    def status(self, export_id: str) -> str:
        """Return the status of a job in the sandbox."""
        return next(job.status for job in self.sandbox.jobs if job.export_id == export_id)
