"""Plays a history and checks it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .checks import problems
from .history import Simulation, simulated

if TYPE_CHECKING:
    from .history import History


def play(history: History, *, is_verbose: bool = False) -> list[str]:
    """Play a history; return what is wrong after it."""
    simulation = simulated(history)
    with simulation.sandbox:
        simulation.play()
        if is_verbose:
            print_runs(simulation)
        return problems(simulation)


def print_runs(simulation: Simulation) -> None:
    """Print what happened in each run."""
    sys.stdout.write(f"options: {dict(simulation.history.options)}\n")
    for number, run in enumerate(simulation.runs, 1):
        sys.stdout.write(f"\nrun {number} at {run.started_at:%m-%d %H:%M:%S}: {run.step}\n")
        ids = {job.export_id for job in run.jobs}
        for job in simulation.sandbox.jobs:
            if job.export_id not in ids:
                continue
            sys.stdout.write(
                f"    {job.object} {job.status} {job.file_size} {job.request['filter']}\n"
            )
        sys.stdout.write(f"    {len(run.messages)} messages, {run.error!r}\n")
    sys.stdout.flush()
