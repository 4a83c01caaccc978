"""The chart of the README and the picture of docs/jobs.md, made from a sandbox.

This writes the picture and prints the chart::

    python -m tests.cli.readme_picture
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from tap_marketo_bulk.cli.commands import jobs
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.clock import TapClock
from tests.support.runs import TapRunner, tap_class

if TYPE_CHECKING:
    from click.testing import Result

PICTURE = Path(__file__).parents[2] / ".github" / "timeline.svg"
FIRST_NIGHT = datetime(2026, 2, 24, 8, tzinfo=UTC)
HISTORY_DAYS = 730
QUOTA_MEGABYTES = 6
JOB_SECONDS = 1200


@dataclass
class Nights:
    """Nights with a run of the tap each, on a simulated clock: a backfill, then what is new."""

    sandbox: Sandbox
    clock: SandboxClock
    state: dict[str, Any] | None = field(default=None)

    def run(self, night: int) -> None:
        """Run the tap in a night, with the state of the run before."""
        begin = FIRST_NIGHT + timedelta(days=night)
        self.clock.advance(max(0.0, (begin - self.clock.now()).total_seconds()))
        start = FIRST_NIGHT - timedelta(days=HISTORY_DAYS)
        config = {"start_date": start.isoformat(), "on_quota_exceeded": "stop"}
        runner = TapRunner(self.sandbox, TapClock(self.clock), config)
        catalog: Any = runner.discover()
        self.state = runner.run(catalog=catalog, state=self.state).state

    def write_timeline(self, path: Path) -> Result:
        """Write the picture with the command."""
        return self._timeline("--svg", str(path))

    def print_timeline(self) -> Result:
        """Return the chart that the command prints in a pipe."""
        return self._timeline()

    def _timeline(self, *options: str) -> Result:
        environment = {
            "TAP_MARKETO_BULK_ENDPOINT": self.sandbox.url,
            "TAP_MARKETO_BULK_CLIENT_ID": self.sandbox.client_id,
            "TAP_MARKETO_BULK_CLIENT_SECRET": self.sandbox.client_secret,
            "TAP_MARKETO_BULK_START_DATE": "2026-01-01",
        }
        arguments = ["timeline", "--allocation-mb", str(QUOTA_MEGABYTES), *options]
        clock = TapClock(self.clock)
        return CliRunner().invoke(jobs, arguments, obj=tap_class(clock), env=environment)


def options(leads: int) -> Options:
    """Return a subscription whose history needs several nights of its quota."""
    return Options(
        leads=leads,
        activities=3 * leads,
        history_days=HISTORY_DAYS,
        job_seconds=JOB_SECONDS,
        status_seconds=60,
        quota_bytes=QUOTA_MEGABYTES * 1_000_000,
        lead_padding_bytes=4000,
    )


def faults() -> list[Fault]:
    """Return what makes jobs differ: Marketo is slower at times, and a job fails."""
    slow = [Fault("slow", skip=3 * number, seconds=600.0 * (number % 4)) for number in range(12)]
    return [*slow, Fault("fail", skip=9, message="Internal error")]


def main() -> None:
    """Write the picture, and print the chart."""
    clock = SandboxClock(FIRST_NIGHT, speed=0)
    with Sandbox(options(leads=6000), clock=clock) as sandbox:
        sandbox.faults.extend(faults())
        nights = Nights(sandbox, clock)
        for night in range(6):
            nights.run(night)
        nights.write_timeline(PICTURE)
        print(nights.print_timeline().output, end="")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
