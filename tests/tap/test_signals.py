"""The tap as a process: killed, ended by a signal, with a target that ended, on a full disk."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import termios
import time
from array import array
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
from tap_marketo_bulk.times import SystemClock
from tests.support.data_sets import UNCHANGING, assert_complete, expected_rows_until, loaded_rows
from tests.support.runs import RunResult, TapRunner
from tests.support.tap_process import (
    TapProcess,
    count_calls,
    delayed_response,
    parse_output,
    settings_of,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# The smallest size of a pipe: macOS has 16 KiB, Linux 64 KiB.
PIPE_BYTES = 16 * 1024
# Every job is still in the queue when the test ends.
SLOW_JOBS = replace(UNCHANGING, job_seconds=3600)


@pytest.fixture
def sandbox_clock() -> SandboxClock:
    """The real time, as in the process of the tap."""
    return SandboxClock()


def run_again(sandbox: Sandbox, run: RunResult) -> RunResult:
    """Run in this process, with the last STATE of another run."""
    tap = TapRunner(sandbox, SystemClock())
    again = tap.run(config=settings_of(sandbox), state=run.state)
    assert again.error is None
    return again


def assert_exported_once(sandbox: Sandbox) -> None:
    completed = [job for job in sandbox.jobs if job.status == "Completed"]
    assert len({str(job.request) for job in completed}) == len(completed) == 6


def bytes_in_pipe(pipe: IO[bytes]) -> int:
    """Return how many bytes can be read from a pipe at once."""
    count = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize(
    ("call", "skip"),
    [("create", 1), ("enqueue", 0), ("enqueue", 2), ("status", 0), ("status", 4), ("file", 1)],
)
def test_after_a_process_is_killed_at_a_call_the_next_run_completes_its_windows(
    sandbox: Sandbox, start: Callable[..., TapProcess], call: str, skip: int
) -> None:
    with delayed_response(sandbox, call, skip):
        process = start()
        wait_until(lambda: count_calls(sandbox, call) > skip)
        process.popen.kill()
        run = parse_output(process.output(), may_be_cut=True)
    assert list(process.spool.iterdir()) == []
    again = run_again(sandbox, run)
    assert_complete(sandbox, run, again)
    assert_exported_once(sandbox)


@pytest.mark.parametrize("options", [SLOW_JOBS])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_after_a_signal_the_process_ends_at_once_and_the_jobs_in_state_run_on(
    sandbox: Sandbox, start: Callable[..., TapProcess], number: signal.Signals
) -> None:
    process = start()
    wait_until(lambda: count_calls(sandbox, "status") > 4)
    signalled = time.monotonic()
    process.popen.send_signal(number)
    run = parse_output(process.output())
    # The jobs take an hour. A busy machine needs some seconds for the end of a process.
    assert time.monotonic() - signalled < 30
    assert process.popen.returncode == 128 + number
    assert "Traceback" not in process.errors
    in_queue = [job for job in sandbox.jobs if job.status in ("Queued", "Processing")]
    assert (
        f"Interrupted by {number.name}. {len(in_queue)} export jobs are still running in Marketo; "
        "the next run resumes them. To cancel them instead, run tap-marketo-bulk-jobs cancel --all"
    ) in process.errors
    assert "Run interrupted: 0 records, 0 MB in 0 jobs; " in process.errors
    assert "; the next run resumes " in process.errors
    persisted = {it["id"] for it in run.bookmark("activities")["jobs"]}
    persisted |= {it["id"] for it in run.bookmark("leads").get("jobs", ())}
    assert persisted
    for job in sandbox.jobs:
        is_persisted = job.export_id in persisted
        # A job that was just created may not be in STATE yet.
        allowed = {"Created", "Queued", "Processing"} if is_persisted else {"Created"}
        assert job.status in allowed


@pytest.mark.parametrize("options", [replace(UNCHANGING, leads=900, activities=10)])
def test_after_a_signal_the_process_completes_its_line_even_if_the_target_does_not_read(
    sandbox: Sandbox, start: Callable[..., TapProcess]
) -> None:
    # Without a buffer, the rest of the output is read below.
    process = start(bufsize=0)
    stdout = process.popen.stdout
    assert stdout
    begin = b""
    while b'"type":"RECORD","stream":"leads"' not in begin:
        line = stdout.readline()
        assert line
        begin += line
    # From here on nothing reads. The records of the first window are more than a pipe can hold.
    wait_until(lambda: bytes_in_pipe(stdout) > PIPE_BYTES / 2)
    process.popen.send_signal(signal.SIGTERM)
    run = parse_output(begin + process.output())
    assert process.popen.returncode == 143
    assert run.records("leads")
    assert "replication_key_value" not in run.bookmark("leads")
    assert "Traceback" not in process.errors
    loaded = loaded_rows([run, run_again(sandbox, run)], "leads")
    # Some of so many leads changed after the end date of the runs.
    end = sandbox.created_at - timedelta(minutes=15)
    expected = expected_rows_until(end, sandbox, "leads")
    assert len(expected) > 800
    assert {key: loaded.get(key) for key in expected} == expected


@pytest.mark.parametrize("options", [UNCHANGING])
def test_the_error_names_a_target_that_ended(
    sandbox: Sandbox, start: Callable[..., TapProcess]
) -> None:
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
    run = parse_output(b"".join(lines))
    again = run_again(sandbox, run)
    assert_complete(sandbox, run, again)


@pytest.mark.parametrize("options", [UNCHANGING])
def test_the_error_names_a_full_disk_for_temporary_files(
    sandbox: Sandbox, start: Callable[..., TapProcess]
) -> None:
    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    # The measurement of coverage also writes files, which the limit would prevent.
    environment = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    process = start(preexec_fn=limit_file_size, env=environment)
    run = parse_output(process.output())
    assert process.popen.returncode == 1
    assert "set TMPDIR to a larger disk" in process.errors
    assert "Traceback" not in process.errors
    again = run_again(sandbox, run)
    assert_complete(sandbox, run, again)
    assert_exported_once(sandbox)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has this device")
@pytest.mark.parametrize("options", [UNCHANGING])
def test_the_error_names_a_full_disk_behind_stdout(start: Callable[..., TapProcess]) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start(stdout=full)
        process.output()
    assert process.popen.returncode == 1
    assert "No space left on device" in process.errors
    assert "Traceback" not in process.errors


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="only Linux has small pipes")
@pytest.mark.parametrize("options", [SLOW_JOBS])
def test_a_signal_ends_the_process_although_nobody_reads_its_log(
    start: Callable[..., TapProcess],
) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(reading, "rb") as log, os.fdopen(writing, "wb") as stalled:
        os.write(writing, b" " * 3000)
        process = start(stderr=stalled)
        # The next line has no place: the process waits in the middle of it.
        wait_until(lambda: bytes_in_pipe(log) > 3800)
        process.popen.send_signal(signal.SIGTERM)
        process.output()
        assert process.popen.returncode == 143
