"""The daily quota: its days, what was exported of it, and the estimate of new jobs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.exports.quota import (
    US_CENTRAL,
    PastExports,
    QuotaUsage,
    SizeEstimate,
    day_start,
    estimate_size,
    next_reset,
    quota_day,
    retry_after_quota,
)
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tests.support.fake_exports import task

# 06:00 UTC is midnight US Central in winter.
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY, YESTERDAY = "2026-03-01T06:00:00Z", "2026-03-01T05:59:59Z"
LEADS = {"a": 100, "b": 300}


@pytest.mark.parametrize(
    ("now", "reset"),
    [
        ("2026-01-15T12:00:00Z", "2026-01-16T06:00:00Z"),
        ("2026-07-15T12:00:00Z", "2026-07-16T05:00:00Z"),
        ("2026-01-15T05:59:59Z", "2026-01-15T06:00:00Z"),
        ("2026-01-15T06:00:00Z", "2026-01-16T06:00:00Z"),
        # The days on which clocks are put forward and back.
        ("2026-03-08T06:30:00Z", "2026-03-09T05:00:00Z"),
        ("2026-11-01T05:30:00Z", "2026-11-02T06:00:00Z"),
    ],
)
def test_the_reset_is_at_midnight_us_central(now: str, reset: str) -> None:
    assert next_reset(datetime.fromisoformat(now)) == datetime.fromisoformat(reset)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_the_reset_is_the_next_midnight(now: datetime) -> None:
    reset = next_reset(now)
    local = reset.astimezone(US_CENTRAL)
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    assert timedelta(0) < reset - now <= timedelta(hours=25)
    assert local.date() == now.astimezone(US_CENTRAL).date() + timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "retry"),
    [
        ("2026-03-01T05:00:00Z", "2026-03-01T06:00:00Z"),
        # A quota that is still used up shortly after the reset is tried again soon.
        ("2026-03-01T06:06:00Z", "2026-03-01T06:11:00Z"),
        ("2026-03-01T06:36:00Z", "2026-03-02T06:00:00Z"),
    ],
    ids=["before", "shortly after", "long after"],
)
def test_a_used_up_quota_is_tried_again_at_the_reset_or_soon_after_it(now: str, retry: str) -> None:
    assert retry_after_quota(datetime.fromisoformat(now)) == datetime.fromisoformat(retry)


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
    assert PastExports().usage_of_day(day).reset == datetime.fromisoformat(end)


def test_a_quota_that_is_used_up_has_nothing_left() -> None:
    usage = QuotaUsage(120, 1, 100, datetime(2026, 1, 16, 6, tzinfo=UTC))
    assert usage.share == pytest.approx(1.2)
    assert usage.remaining_bytes == 0
    assert QuotaUsage(25, 1, 100, usage.reset).remaining_bytes == 75


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


def test_each_task_is_as_large_as_the_files_of_its_object() -> None:
    tasks = [task(0), task(1), task(0, "activities")]
    found = estimate_size(tasks, {"leads": LEADS, "activities": {"c": 50}})
    assert found == SizeEstimate(average_bytes=450, largest_bytes=650, past_files=3)


def test_a_task_whose_job_is_completed_uses_no_more_bytes() -> None:
    tasks = [task(0, export_id="a"), task(1, export_id="x")]
    assert estimate_size(tasks, {"leads": LEADS}) == SizeEstimate(200, 300, 2)
    assert estimate_size(tasks[:1], {"leads": LEADS}) is None
    assert estimate_size([], {}) is None


def test_an_object_without_past_files_is_named() -> None:
    found = estimate_size([task(0), task(0, "activities")], {"leads": LEADS, "activities": {}})
    assert found == SizeEstimate(200, 300, 2, ("activities",))
