"""The steps of an export job that an earlier run created."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.errors import TransientError
from tap_marketo_bulk.exports.job import MAX_INVALID_RESPONSES, JobStage
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import FakeExports, new_job

if TYPE_CHECKING:
    from tap_marketo_bulk.exports.steps import JobSteps

RESUMED = {"export_id": "job 1"}


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        (JobStatus.CREATED, JobStage.CREATED),
        (JobStatus.QUEUED, JobStage.IN_QUEUE),
        (JobStatus.PROCESSING, JobStage.IN_QUEUE),
        (JobStatus.FAILED, JobStage.PLANNED),
        (JobStatus.CANCELLED, JobStage.PLANNED),
    ],
)
def test_a_job_of_an_earlier_run_is_resumed_where_it_is(
    steps: JobSteps, fake_exports: FakeExports, status: JobStatus, stage: JobStage
) -> None:
    state = new_job(**RESUMED)
    assert (state.stage, state.export_id, state.is_resumed) == (JobStage.UNFINISHED, "job 1", True)
    fake_exports.response = ExportJob("job 1", status)
    state = steps.check_earlier_job(state)
    assert state.stage is stage
    assert state.export_id == ("" if stage is JobStage.PLANNED else "job 1")


def test_resuming_is_repeated_after_an_invalid_response(
    steps: JobSteps, fake_exports: FakeExports, clock: TapClock
) -> None:
    fake_exports.errors["status"] = [errors.InvalidResponseError("Hibernating")]
    state = steps.check_earlier_job(new_job(**RESUMED))
    assert state.stage is JobStage.UNFINISHED
    assert state.due == clock.monotonic() + 60


@pytest.mark.parametrize(
    ("age", "stage"),
    [
        (timedelta(days=6, hours=23), JobStage.COMPLETED),
        (timedelta(days=7), JobStage.PLANNED),
    ],
)
@pytest.mark.parametrize("zone", ["+00:00", ""])
def test_a_file_can_be_downloaded_for_seven_days(
    steps: JobSteps, fake_exports: FakeExports, age: timedelta, stage: JobStage, zone: str
) -> None:
    created = (NOW - age).isoformat().removesuffix("+00:00") + zone
    fake_exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=0, created_at=created)
    assert steps.check_earlier_job(new_job(**RESUMED)).stage is stage


@pytest.mark.parametrize("errors_of_cancel", [[], [TransientError("busy")]])
def test_a_job_that_is_in_the_queue_for_a_week_is_cancelled_and_created_again(
    steps: JobSteps, fake_exports: FakeExports, errors_of_cancel: list[BaseException]
) -> None:
    fake_exports.errors["cancel"] = errors_of_cancel
    fake_exports.response = ExportJob("job 1", JobStatus.QUEUED, created_at="2026-01-01T00:00:00Z")
    assert steps.check_earlier_job(new_job(**RESUMED)).stage is JobStage.PLANNED
    assert fake_exports.ids("cancel") == ["job 1"]


def test_a_job_without_a_valid_date_is_not_treated_as_expired(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    fake_exports.response = ExportJob(
        "job 1", JobStatus.COMPLETED, records=0, created_at="yesterday"
    )
    assert steps.check_earlier_job(new_job(**RESUMED)).stage is JobStage.COMPLETED


def test_a_resumed_job_that_cannot_be_verified_is_created_again(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    fake_exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=3)
    state = new_job(**RESUMED)
    for _ in range(MAX_INVALID_RESPONSES):
        assert state.stage is JobStage.UNFINISHED
        state = steps.check_earlier_job(state)
    assert state.stage is JobStage.PLANNED


@pytest.mark.parametrize(
    "error", [errors.FileNotReadyError("404"), errors.CorruptFileError("other bytes")]
)
def test_a_wrong_file_leads_to_a_new_job_only_if_an_earlier_run_created_the_job(
    steps: JobSteps, fake_exports: FakeExports, clock: TapClock, error: errors.MarketoBulkError
) -> None:
    job = ExportJob("job 1", JobStatus.COMPLETED, records=1, size=5, sha256="0" * 64)
    for changes in (RESUMED, {}):
        state = replace(new_job(**changes), job=job, stage=JobStage.COMPLETED)
        fake_exports.errors["file"] = [error] * 11
        if changes:
            assert steps.download(state, lambda: None).stage is JobStage.PLANNED
        else:
            with pytest.raises(type(error)):
                steps.download(state, lambda: None)
    assert clock.monotonic() < 1000


def test_a_job_that_lacks_unknown_fields_is_read_without_them() -> None:
    state = new_job(**RESUMED, unknown_fields=("zip",))
    assert state.request.fields == ("id", "city")
    assert state.unknown_fields == ("zip",)
