"""The log lines about jobs, made from values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tap_marketo_bulk.exports.progress import (
    interrupted_message,
    plan_message,
    submitted_message,
    task_title,
    window_message,
)
from tap_marketo_bulk.exports.quota import SizeEstimate
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tap_marketo_bulk.plan.ledger import UNDATED
from tap_marketo_bulk.plan.windows import Window
from tests.support.fake_exports import FIRST_DAY, task

EXPORT_ID = "8f3265a2-1111-2222-3333-444455556666"
JOB = ExportJob(
    EXPORT_ID,
    JobStatus.COMPLETED,
    records=1699,
    size=316_271,
    queued_at="2026-03-01T00:00:00Z",
    finished_at="2026-03-01T00:00:41Z",
)


TITLE = "activities 3/12 2026-01-25 to 2026-01-26"


def test_a_title_has_the_stream_the_place_of_the_window_and_its_dates() -> None:
    tasks = [task(day, "activities") for day in range(22, 34)]
    assert task_title(tasks[2], tasks) == TITLE
    hours = replace(task(0), window=Window(FIRST_DAY, FIRST_DAY + timedelta(hours=2, minutes=10)))
    assert task_title(hours, [hours]) == "leads 1/1 2026-01-01 to 2026-01-01T02:10:00Z"


def test_a_title_has_the_place_of_the_file_if_a_window_has_several() -> None:
    parts = [replace(task(0), ids=frozenset([number])) for number in range(3)]
    tasks = [*parts, task(1)]
    assert [task_title(each, tasks).split(" 2026")[0] for each in tasks] == [
        "leads 1/2 file 1/3",
        "leads 1/2 file 2/3",
        "leads 1/2 file 3/3",
        "leads 2/2",
    ]


def test_a_title_of_an_export_without_dates_has_none() -> None:
    undated = replace(task(0), window=UNDATED)
    assert task_title(undated, [undated]) == "leads 1/1"


def test_a_submitted_job_has_its_short_id() -> None:
    assert submitted_message(TITLE, EXPORT_ID, "queued") == f"{TITLE}: job 8f3265a2 queued"


def test_a_window_has_the_records_the_size_the_job_and_the_time_in_marketo() -> None:
    assert window_message(TITLE, JOB) == (
        f"{TITLE}: 1,699 records, 0.3 MB, job 8f3265a2, 41 s in Marketo"
    )


@pytest.mark.parametrize("job", [replace(JOB, queued_at=None), replace(JOB, finished_at="soon")])
def test_the_time_in_marketo_is_left_out_if_it_is_not_known(job: ExportJob) -> None:
    assert window_message(TITLE, job).endswith("1,699 records, 0.3 MB, job 8f3265a2")


def test_a_job_without_records_has_no_size() -> None:
    empty = ExportJob(EXPORT_ID, JobStatus.COMPLETED)
    assert window_message(TITLE, empty) == f"{TITLE}: 0 records, 0 MB, job 8f3265a2"


def test_a_plan_has_the_jobs_of_each_stream_and_the_estimate() -> None:
    tasks = [task(day, stream) for stream in ("leads", "activities") for day in range(12)]
    jobs = "24 jobs planned: 12 leads, 12 activities"
    small, large = SizeEstimate(300e6, 400e6, 3), SizeEstimate(900e6, 900e6, 3)
    assert plan_message(tasks, small) == f"{jobs}; about 300 MB of the 500 MB a day"
    assert plan_message(tasks, large) == (
        f"{jobs}; about 900 MB; Marketo's default quota is 500 MB a day"
    )


def test_a_plan_without_an_estimate_has_the_jobs_only() -> None:
    assert plan_message([task(0)], None) == "1 job planned: 1 leads"
    unknown = SizeEstimate(0, 0, 0, ("leads",))
    assert plan_message([task(0)], unknown) == "1 job planned: 1 leads"


def test_a_plan_has_the_number_of_jobs_of_an_earlier_run() -> None:
    tasks = [task(0, export_id="a"), task(1)]
    assert plan_message(tasks, None) == "2 jobs planned: 2 leads; 1 of them from an earlier run"


def test_a_plan_without_tasks_is_no_plan() -> None:
    assert plan_message([], None) == "0 jobs planned"


def test_an_interruption_says_what_becomes_of_the_jobs_and_how_to_cancel_them() -> None:
    commands = (
        "run tap-marketo-bulk-jobs cancel --all, or with Meltano: "
        "meltano invoke tap-marketo-bulk:cancel --all"
    )
    assert interrupted_message("SIGINT", 4) == (
        "Interrupted by SIGINT. 4 export jobs are still running in Marketo; the next run resumes "
        f"them. To cancel them instead, {commands}"
    )
    assert interrupted_message("SIGTERM", 1) == (
        "Interrupted by SIGTERM. 1 export job is still running in Marketo; the next run resumes "
        f"it. To cancel it instead, {commands}"
    )


def test_an_interruption_without_jobs_names_no_command() -> None:
    message = interrupted_message("SIGINT", 0)
    assert message == "Interrupted by SIGINT. No export job of this run is in Marketo's queue."
