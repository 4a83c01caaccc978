"""The subcommand quota: the bytes that the exports of the day used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.jobs.quota_usage import QuotaUsage, day_start, quota_day, usage_of_day
from tap_marketo_bulk.marketo.exports import JobStatus
from tests.support.past_job import past_job

if TYPE_CHECKING:
    from tests.support.jobs_command import JobsCommand

RESET = datetime(2026, 1, 16, 6, tzinfo=UTC)


def test_the_report_shows_a_lower_bound_and_the_default_quota(command: JobsCommand) -> None:
    assert command.run("quota").stdout == (
        "Used today: at least 0 bytes of 500 MB (0.0%), by 0 exports.\n"
        "Reset:      in 6 h 00 min, at 2026-03-01T06:00:00Z (00:00 US Central).\n"
        "\n"
        "This is a lower bound: Marketo shows each API user their own jobs only, and the exports "
        "of all users of the subscription count. Marketo's default is 500 MB a day, and "
        "subscriptions can buy more. The API does not return the allocation: pass yours with "
        "--allocation-mb.\n"
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
    used, reset, *_ = command.run("quota").stdout.splitlines()
    assert used == f"Used today: at least {size} bytes of 500 MB (0.0%), by 1 export."
    assert reset.startswith("Reset: ")


def test_the_day_begins_at_midnight_us_central() -> None:
    jobs = [
        past_job(finished="05:59:59", size=100_000_000),
        past_job(finished="06:00:00", size=20_000_000),
        past_job(finished="2026-01-15T00:30:00-08:00", size=5_000_000),
        past_job(finished="11:00:00", size=7_000_000, status=JobStatus.CANCELLED),
        past_job(size=3_000_000),
    ]
    usage = usage_of_day(jobs, datetime(2026, 1, 15, 12, tzinfo=UTC), 100)
    assert usage == QuotaUsage(25_000_000, 2, 100_000_000, RESET)
    assert usage.text() == "at least 25.0 MB of 100 MB (25.0%), by 2 exports"
    assert usage.remaining_bytes == 75_000_000


def test_a_quota_that_is_used_up_has_nothing_left() -> None:
    usage = QuotaUsage(120, 1, 100, RESET)
    assert usage.share == pytest.approx(1.2)
    assert usage.remaining_bytes == 0


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        # The days on which clocks are put forward and back.
        (date(2026, 3, 8), "2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z"),
        (date(2026, 11, 1), "2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"),
    ],
)
def test_the_day_and_the_reset_follow_daylight_saving_time(day: date, start: str, end: str) -> None:
    begin = datetime.fromisoformat(start)
    assert day_start(day) == begin
    assert quota_day(begin) == day
    assert usage_of_day([], begin, None).reset == datetime.fromisoformat(end)
