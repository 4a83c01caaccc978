"""The tap as a process: killed at any request, asked to end, its target dead, its disk full."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.clock import SystemClock
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tests.support.command import PROGRAM
from tests.support.data_sets import STILL, assert_complete
from tests.support.runs import Run, Tap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

QUICKLY = 20.0
# Marketo works for so long that every job is still in the queue when the test ends.
SLOW = replace(STILL, job_seconds=3600)


@pytest.fixture
def sandbox_clock() -> SandboxClock:
    """Real time, which a process has."""
    return SandboxClock()


def settings_of(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "endpoint": sandbox.url,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "start_date": (sandbox.created_at - timedelta(days=61)).isoformat(),
        "end_date": (sandbox.created_at - timedelta(minutes=15)).isoformat(),
        "activity_lookback_minutes": 0,
        "window_days": 21,
        "poll_seconds": 0.05,
    }


class Process:
    """A running tap and its files."""

    def __init__(self, sandbox: Sandbox, folder: Path, options: dict[str, Any]) -> None:
        """Start it, with other options of ``Popen`` if need be."""
        self.errors = ""
        self.spool = folder / "spool"
        self.spool.mkdir()
        config = folder / "config.json"
        config.write_text(json.dumps(settings_of(sandbox)))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {"env": os.environ | {"TMPDIR": str(self.spool)}}
        given: dict[str, Any] = pipes | env | options
        words = [PROGRAM, "--config", str(config)]
        self.popen: Popen[Any] = subprocess.Popen(words, **given)  # noqa: S603 - our own program

    def output(self) -> bytes:
        """Read stdout and stderr to their end, and wait for the process."""
        output, errors = self.popen.communicate(timeout=QUICKLY)
        self.errors = errors.decode()
        return output or b""


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start the tap; nothing of it survives the test."""
    started: list[Process] = []

    def begin(**options: object) -> Process:
        started.append(Process(sandbox, tmp_path, options))
        return started[-1]

    yield begin
    for process in started:
        process.popen.kill()
        process.popen.wait()


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something in another process."""
    end = time.monotonic() + QUICKLY
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def run_of(output: bytes, *, whole: bool = True) -> Run:
    """Return what a target got; the last line may be torn only where ``whole`` is False."""
    lines = output.split(b"\n")
    assert not whole or lines[-1] == b""
    return Run([json.loads(line) for line in lines[:-1]])


def go_on(sandbox: Sandbox, run: Run) -> Run:
    """Run once more, in this process, from the state the target got."""
    tap = Tap(sandbox, SystemClock())
    again = tap.run(config=settings_of(sandbox), state=run.state)
    assert again.error is None
    return again


def calls(sandbox: Sandbox, name: str) -> int:
    return sum(call.name == name for call in sandbox.calls)


@contextmanager
def held_up(sandbox: Sandbox, call: str, skip: int) -> Iterator[None]:
    """Let a call have its effect, and keep its answer back."""
    fault = Fault("delay", call=call, skip=skip, seconds=QUICKLY)
    sandbox.faults.append(fault)
    yield
    sandbox.faults.remove(fault)


def assert_paid_once(sandbox: Sandbox) -> None:
    done = [job for job in sandbox.jobs if job.status == "Completed"]
    assert len({str(job.request) for job in done}) == len(done) == 6


@pytest.mark.parametrize("options", [STILL])
@pytest.mark.parametrize(
    ("call", "skip"),
    [("create", 1), ("enqueue", 0), ("enqueue", 2), ("status", 0), ("status", 4), ("file", 1)],
)
def test_killed_at_a_request_the_next_run_goes_on(
    sandbox: Sandbox, start: Callable[..., Process], call: str, skip: int
) -> None:
    with held_up(sandbox, call, skip):
        process = start()
        wait_until(lambda: calls(sandbox, call) > skip)
        process.popen.kill()
        run = run_of(process.output(), whole=False)
    assert list(process.spool.iterdir()) == []
    again = go_on(sandbox, run)
    assert_complete(sandbox, run, again)
    assert_paid_once(sandbox)


@pytest.mark.parametrize("options", [SLOW])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_at_once_and_well_and_leaves_its_jobs_running(
    sandbox: Sandbox, start: Callable[..., Process], number: signal.Signals
) -> None:
    process = start()
    wait_until(lambda: calls(sandbox, "status") > 4)
    began = time.monotonic()
    process.popen.send_signal(number)
    run = run_of(process.output())
    assert time.monotonic() - began < 3
    assert process.popen.returncode == 128 + number
    assert "Traceback" not in process.errors
    assert "Interrupted by SIG" in process.errors
    left = {it["id"] for it in run.bookmark("activities")["exports"]}
    left |= {it["id"] for it in run.bookmark("leads").get("exports", ())}
    assert left
    for job in sandbox.jobs:
        # One of them may have been on its way into the state.
        known = {"Created", "Queued", "Processing"} if job.export_id in left else {"Cancelled"}
        assert job.status in known


@pytest.mark.parametrize("options", [Options(leads=900, activities=10, job_seconds=0)])
def test_asked_to_end_while_its_target_stalls_it_writes_whole_lines(
    sandbox: Sandbox, start: Callable[..., Process]
) -> None:
    process = start()
    stdout = process.popen.stdout
    assert stdout
    # The first file of leads was fetched, and its records are more than a pipe holds.
    wait_until(lambda: [job for job in sandbox.jobs if job.downloads and job.object == "leads"])
    time.sleep(0.5)
    process.popen.send_signal(signal.SIGTERM)
    run = run_of(process.output())
    assert process.popen.returncode == 143
    assert run.records("leads")
    assert "replication_key_value" not in run.bookmark("leads")
    assert "Traceback" not in process.errors
    assert go_on(sandbox, run).error is None


@pytest.mark.parametrize("options", [STILL])
def test_a_target_that_dies_is_named(sandbox: Sandbox, start: Callable[..., Process]) -> None:
    process = start()
    stdout = process.popen.stdout
    assert stdout
    lines = [stdout.readline() for _ in range(3)]
    stdout.close()
    process.popen.stdout = None
    process.output()
    assert process.popen.returncode == 1
    assert "The target closed its input before the tap had written everything" in process.errors
    assert "Traceback" not in process.errors
    assert "Exception ignored" not in process.errors
    run = run_of(b"".join(lines))
    again = go_on(sandbox, run)
    assert_complete(sandbox, run, again)


@pytest.mark.parametrize("options", [STILL])
def test_a_full_disk_behind_the_spool_is_named(
    sandbox: Sandbox, start: Callable[..., Process]
) -> None:
    def few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    # What measures coverage would like to write a file, too.
    plain = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    process = start(preexec_fn=few_bytes, env=plain)
    run = run_of(process.output())
    assert process.popen.returncode == 1
    assert "set TMPDIR to a larger disk" in process.errors
    assert "Traceback" not in process.errors
    again = go_on(sandbox, run)
    assert_complete(sandbox, run, again)
    assert_paid_once(sandbox)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has this device")
@pytest.mark.parametrize("options", [STILL])
def test_a_full_disk_behind_stdout_is_named(start: Callable[..., Process]) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start(stdout=full)
        process.output()
    assert process.popen.returncode == 1
    assert "No space left on device" in process.errors
    assert "Traceback" not in process.errors
