"""The subcommand watch: what is in Marketo's queue at an instant."""

from __future__ import annotations

from datetime import UTC, datetime

from tap_marketo_bulk.cli.reports import ended_table, queue_table, queue_text, usage_today
from tap_marketo_bulk.marketo.exports import JobStatus
from tests.support.past_job import past_job

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
FIRST = past_job("a", status=JobStatus.PROCESSING, queued="11:00:00", started="11:30:00")
SECOND = past_job(
    "b", path="program/members", status=JobStatus.PROCESSING, queued="11:01:00", started="11:45:00"
)
QUEUED = [
    past_job("c", status=JobStatus.QUEUED, queued="11:54:00"),
    past_job("d", path="activities", status=JobStatus.QUEUED, queued="11:58:00"),
]
CREATED = past_job("e", status=JobStatus.CREATED)


def test_slots_and_queue_are_in_the_order_of_time() -> None:
    jobs = [CREATED, *QUEUED[::-1], SECOND, FIRST]
    assert ended_table(jobs).rows == ()
    assert queue_table(jobs, NOW).rows == (
        ("slot 1", "leads", "processing", "30 min", "a"),
        ("slot 2", "program/members", "processing", "15 min", "b"),
        ("queue 1", "leads", "queued", "6 min", "c"),
        ("queue 2", "activities", "queued", "2 min", "d"),
    )
    assert queue_text(jobs, NOW) == (
        "2 processing, 2 queued, oldest 6 min, 1 created and not enqueued; "
        "4 of 10 places are used by this API user."
    )


def test_a_slot_without_a_job_is_free() -> None:
    assert queue_table([FIRST], NOW).rows == (
        ("slot 1", "leads", "processing", "30 min", "a"),
        ("slot 2", "", "free", "", ""),
    )
    text = "1 processing, 0 queued; 1 of 10 places are used by this API user."
    assert queue_text([FIRST], NOW) == text


def test_more_jobs_than_slots_are_shown() -> None:
    jobs = [past_job(each, status=JobStatus.PROCESSING) for each in "abc"]
    rows = queue_table(jobs, NOW).rows
    assert [row[0] for row in rows] == ["slot 1", "slot 2", "slot 3"]
    assert {row[3] for row in rows} == {""}


def test_a_clock_that_is_behind_gives_no_negative_time() -> None:
    jobs = [
        past_job("a", status=JobStatus.PROCESSING, started="12:00:01"),
        past_job("b", status=JobStatus.QUEUED, queued="12:00:01"),
    ]
    assert [row[3] for row in queue_table(jobs, NOW).rows] == ["0 s", "", "0 s"]


def test_the_jobs_that_ended_last_are_shown() -> None:
    jobs = [past_job(str(minute), finished=f"11:{minute}:00", size=5) for minute in range(10, 17)]
    failed = past_job(
        "f",
        status=JobStatus.FAILED,
        finished="11:59:00",
        error="Internal error",
    )
    cancelled = past_job("c", status=JobStatus.CANCELLED, created_at="2026-01-15T11:30:00Z")
    assert ended_table([*jobs, cancelled, failed]).rows == (
        ("2026-01-15 11:59:00", "leads", "failed", "", "", "f", "Internal error"),
        ("2026-01-15 11:30:00", "leads", "cancelled", "", "", "c", ""),
        ("2026-01-15 11:16:00", "leads", "completed", "", "1 kB", "16", ""),
        ("2026-01-15 11:15:00", "leads", "completed", "", "1 kB", "15", ""),
        ("2026-01-15 11:14:00", "leads", "completed", "", "1 kB", "14", ""),
    )
    usage = usage_today([*jobs, cancelled, failed], NOW, 100)
    assert (usage.used_bytes, usage.allocation_bytes) == (35, 100_000_000)
