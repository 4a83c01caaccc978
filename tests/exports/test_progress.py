"""The waiting line: its text, and when it is logged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tap_marketo_bulk.errors import QueueFullError
from tap_marketo_bulk.exports.progress import LoggedProgress, Progress, waiting_message
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tests.support.clock import NOW
from tests.support.fake_exports import POLICY, task
from tests.support.loop_run import LoopRun, api_error, policy_with_limit

WAITING = "Waiting for Marketo: "
PROGRESS = Progress(
    processing=2,
    queued=2,
    oldest_seconds=380,
    windows_done=4,
    windows=24,
    bytes_today=38_000_000,
    is_awaited=True,
)


def waiting_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text.removeprefix(WAITING) for text in caplog.messages if text.startswith(WAITING)]


def test_the_line_has_jobs_windows_and_quota() -> None:
    assert waiting_message(PROGRESS) == (
        "Waiting for Marketo: 2 processing, 2 queued, oldest 6 min; 4 of 24 windows done; "
        "38 MB of today's 500 MB"
    )


def test_the_line_has_no_quota_where_the_job_list_was_not_read() -> None:
    message = waiting_message(replace(PROGRESS, bytes_today=None))
    assert message.endswith("; 4 of 24 windows done")


def test_the_line_has_no_quota_of_500_mb_where_more_was_exported() -> None:
    message = waiting_message(replace(PROGRESS, bytes_today=612_000_000))
    assert message.endswith("; 612 MB exported today")


def test_the_line_has_the_jobs_that_wait_for_a_place_in_the_queue() -> None:
    full = Progress(without_place=3, windows=3)
    assert waiting_message(full) == (
        "Waiting for Marketo: 0 processing, 0 queued, 3 waiting for a place in the queue; "
        "0 of 3 windows done"
    )


@pytest.mark.parametrize(
    "progress", [Progress(is_awaited=True, windows=3), replace(PROGRESS, is_awaited=False)]
)
def test_nothing_is_logged_where_no_job_is_waited_for(
    progress: Progress, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    reporter = LoggedProgress()
    reporter.report(progress)
    assert caplog.messages == []
    reporter.report(PROGRESS)
    reporter.close()
    assert len(caplog.messages) == 1


def test_a_line_is_logged_each_minute_while_the_run_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    run = LoopRun(policy_with_limit(2))
    run.exports.seconds = {0: 300.0, 1: 600.0}
    run.submit(2)
    assert run.read() == [0, 1]
    run.loop.close()
    lines = waiting_lines(caplog)
    # Jobs are polled once a minute, so a job can be found to be completed up to a minute later.
    assert 9 <= len(lines) <= 11
    assert lines[0] == "2 processing, 0 queued, oldest 60 s; 0 of 2 windows done"
    assert lines[-1].startswith("1 processing, 0 queued, oldest")
    assert lines[-1].endswith("; 1 of 2 windows done")


def test_a_line_is_logged_each_minute_however_rarely_jobs_are_polled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    run = LoopRun(replace(POLICY, poll_seconds=600))
    run.submit(1)
    assert run.read() == [0]
    run.loop.close()
    assert 9 <= len(waiting_lines(caplog)) <= 11


def test_the_age_of_a_job_is_that_in_marketo_where_it_is_known(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    run = LoopRun()
    queued = datetime(2026, 2, 28, 22, tzinfo=UTC)
    assert (NOW - queued).total_seconds() == 2 * 3600
    old = ExportJob("job 7", JobStatus.PROCESSING, queued_at="2026-02-28T22:00:00Z")
    run.exports.response = old
    run.exports.created["job 7"] = task(0).request
    run.exports.queued["job 7"] = 0.0

    def complete(_call: str) -> None:
        if run.clock.monotonic() > 200:
            run.exports.response = None

    run.exports.during = complete
    run.loop.submit([task(0, export_id="job 7")])
    assert run.read() == [0]
    run.loop.close()
    assert waiting_lines(caplog)[0].startswith("1 processing, 0 queued, oldest 2 h 01 min; 0 of 1")


def test_jobs_without_a_place_in_the_queue_are_in_the_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    run = LoopRun(policy_with_limit(1))
    run.exports.errors["enqueue"] = [api_error(QueueFullError) for _ in range(4)]
    run.submit(1)
    assert run.read() == [0]
    run.loop.close()
    assert waiting_lines(caplog)[0] == (
        "0 processing, 0 queued, 1 waiting for a place in the queue; 0 of 1 windows done"
    )


def test_files_of_this_run_count_as_exported_today_once_the_job_list_was_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    run = LoopRun(policy_with_limit(1))
    earlier = ExportJob(
        "a", JobStatus.COMPLETED, size=2_000_000, finished_at="2026-02-28T23:00:00Z"
    )
    run.loop.past_exports.add_list("leads", [earlier])
    run.submit(2)
    assert run.read() == [0, 1]
    run.loop.close()
    lines = waiting_lines(caplog)
    assert lines[0].endswith("; 0 of 2 windows done; 2.0 MB of today's 500 MB")
    expected = earlier.size or 0
    expected += sum(len(export_id) for export_id in run.exports.created)
    assert run.loop.past_exports.bytes_today(run.clock.now()) == expected


def test_windows_with_several_files_count_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    run = LoopRun(policy_with_limit(1))
    first, second = task(0), task(1)
    run.loop.submit([first, replace(second, window=first.window), task(2)])
    assert run.read() == [0, 1, 2]
    run.loop.close()
    done = [line.split("; ")[1] for line in waiting_lines(caplog)]
    assert sorted(set(done)) == ["0 of 2 windows done", "1 of 2 windows done"]


def test_jobs_that_run_on_are_those_that_the_next_run_finds() -> None:
    run = LoopRun(policy_with_limit(2))
    seen: list[int] = []

    def count_jobs(call: str) -> None:
        if call == "status":
            seen.append(run.loop.count_jobs_that_run_on())

    assert run.loop.count_jobs_that_run_on() == 0
    run.exports.during = count_jobs
    run.submit(2)
    assert run.read() == [0, 1]
    run.loop.close()
    assert max(seen) == 2
