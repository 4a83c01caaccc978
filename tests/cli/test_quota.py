"""The subcommand quota: the bytes that the exports of the day used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.cli.console import write
from tap_marketo_bulk.cli.reports import quota_renderable, usage_today
from tap_marketo_bulk.exports.quota import QuotaUsage
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.texts import megabytes
from tests.support.jobs_command import CUSTOM_OBJECT
from tests.support.past_job import past_job
from tests.support.terminal import terminal, written

if TYPE_CHECKING:
    from tests.support.jobs_command import JobsCommand

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
RESET = datetime(2026, 1, 16, 6, tzinfo=UTC)


def test_the_report_shows_a_lower_bound_and_the_default_quota(command: JobsCommand) -> None:
    assert command.run("quota").stdout == (
        "Used today: at least 0 MB of 500 MB (0.0%), by 0 exports.\n"
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


@pytest.mark.parametrize("export_object", ["leads", CUSTOM_OBJECT])
def test_the_bytes_of_completed_exports_are_counted(
    command: JobsCommand, export_object: str
) -> None:
    command.enqueue(export_object)
    command.clock.sleep(5)
    size = command.sandbox.jobs[0].file_size
    assert size
    used, reset, *_ = command.run("quota").stdout.splitlines()
    assert used == f"Used today: at least {megabytes(size)} of 500 MB (0.0%), by 1 export."
    assert reset.startswith("Reset: ")


def test_the_day_begins_at_midnight_us_central() -> None:
    jobs = [
        past_job("a", finished="05:59:59", size=100_000_000),
        past_job("b", finished="06:00:00", size=20_000_000),
        past_job("c", finished="2026-01-15T00:30:00-08:00", size=5_000_000),
        past_job("d", finished="11:00:00", size=7_000_000, status=JobStatus.CANCELLED),
        past_job("e", size=3_000_000),
    ]
    usage = usage_today(jobs, NOON, 100)
    assert usage == QuotaUsage(25_000_000, 2, 100_000_000, RESET)
    console = terminal(100, has_colors=False)
    write(console, quota_renderable(usage, NOON, console))
    assert "at least 25 MB of 100 MB (25.0%), by 2 exports." in written(console)
