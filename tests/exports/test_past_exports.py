"""What the job list and the run's own jobs say about today's exports."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tap_marketo_bulk.exports.quota import PastExports
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus

# 06:00 UTC is midnight US Central in winter.
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY, YESTERDAY = "2026-03-01T06:00:00Z", "2026-03-01T05:59:59Z"


def job(export_id: str, finished_at: str | None = TODAY, size: int | None = 100) -> ExportJob:
    return ExportJob(export_id, JobStatus.COMPLETED, size=size, finished_at=finished_at)


def test_without_the_job_list_nothing_is_known() -> None:
    past = PastExports()
    past.add("leads", job("a"), NOW)
    assert past.bytes_today(NOW) is None


def test_today_begins_at_midnight_us_central() -> None:
    past = PastExports()
    past.add_list("leads", [job("a"), job("b", YESTERDAY, 7), job("c", None, 9)])
    past.add_list("activities", [job("d", size=20)])
    assert past.bytes_today(NOW) == 120


def test_a_job_of_the_list_that_the_run_resumes_counts_once() -> None:
    past = PastExports()
    past.add_list("leads", [job("a")])
    past.add("leads", job("a"), NOW)
    past.add("leads", job("b", size=5), NOW)
    assert past.bytes_today(NOW) == 105


@pytest.mark.parametrize("status", [each for each in JobStatus if each is not JobStatus.COMPLETED])
def test_only_completed_jobs_count(status: JobStatus) -> None:
    past = PastExports()
    past.add_list("leads", [ExportJob("a", status, size=100, finished_at=TODAY)])
    assert past.bytes_today(NOW) == 0


def test_sizes_are_those_of_one_object_and_of_files_that_are_not_empty() -> None:
    past = PastExports()
    past.add_list("leads", [job("a"), job("b", size=0), job("c", size=None)])
    past.add_list("activities", [job("d", size=20)])
    assert past.sizes_by_id("leads") == {"a": 100}
    assert past.sizes_by_id("activities") == {"d": 20}
    assert past.sizes_by_id("program/members") == {}
