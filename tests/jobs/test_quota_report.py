"""The subcommand quota: the bytes that the exports of the day used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.jobs.past_jobs import PastJob
from tap_marketo_bulk.jobs.quota_report import format_quota
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus

if TYPE_CHECKING:
    from tests.support.jobs_command import JobsCommand


def completed_job(finished: str, size: int, status: JobStatus = JobStatus.COMPLETED) -> PastJob:
    return PastJob("leads", ExportJob("x", status, size=size, finished_at=finished))


def first_two_lines(now: datetime, *jobs: PastJob, megabytes: int | None = None) -> list[str]:
    return format_quota(jobs, now, megabytes).splitlines()[:2]


def test_the_report_shows_a_lower_bound_and_the_default_quota(command: JobsCommand) -> None:
    assert command.run("quota").stdout == (
        "Used today: at least 0 bytes of 500 MB (0.0%), by 0 exports.\n"
        "Reset: in 6 h 00 min, at 2026-03-01T06:00:00Z (00:00 US Central).\n"
        "\n"
        "This is a lower bound: Marketo shows each API user their own jobs only, and the\n"
        "exports of all users of the subscription count. Marketo's default is 500 MB a\n"
        "day, and subscriptions can buy more. The API does not return the allocation:\n"
        "pass yours with --allocation-mb.\n"
    )


def test_a_report_with_a_given_quota_does_not_mention_the_default(command: JobsCommand) -> None:
    text = command.run("quota", "--allocation-mb", "2000").stdout
    assert "of 2,000 MB" in text
    assert "default" not in text
    assert "lower bound" in text


def test_the_bytes_of_completed_exports_are_counted(command: JobsCommand) -> None:
    command.enqueue()
    command.clock.sleep(5)
    size = command.sandbox.jobs[0].file_size
    assert f"at least {size} bytes of 500 MB (0.0%), by 1 export." in command.run("quota").stdout


def test_the_day_begins_at_midnight_us_central() -> None:
    now = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
    jobs = [
        completed_job("2026-01-15T05:59:59Z", 100_000_000),
        completed_job("2026-01-15T06:00:00Z", 20_000_000),
        completed_job("2026-01-15T00:30:00-08:00", 5_000_000),
        completed_job("2026-01-15T11:00:00Z", 7_000_000, JobStatus.CANCELLED),
    ]
    assert first_two_lines(now, *jobs, megabytes=100) == [
        "Used today: at least 25.0 MB of 100 MB (25.0%), by 2 exports.",
        "Reset: in 18 h 00 min, at 2026-01-16T06:00:00Z (00:00 US Central).",
    ]


@pytest.mark.parametrize(
    ("now", "counted", "reset"),
    [
        # The days on which clocks are put forward and back.
        (datetime(2026, 3, 8, 20, tzinfo=UTC), "2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z"),
        (datetime(2026, 11, 1, 20, tzinfo=UTC), "2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"),
    ],
)
def test_the_day_and_the_reset_follow_daylight_saving_time(
    now: datetime, counted: str, reset: str
) -> None:
    used, until = first_two_lines(now, completed_job(counted, 1_000_000))
    assert "1.0 MB" in used
    assert reset in until
