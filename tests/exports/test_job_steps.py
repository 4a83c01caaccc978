"""The steps of an export job that this run creates."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.exports.job import (
    MAX_ATTEMPTS,
    MAX_INVALID_RESPONSES,
    JobStage,
    JobState,
)
from tap_marketo_bulk.exports.steps import JobSteps
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tests.support.fake_exports import POLICY, FakeExports, new_job

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import TapClock


def api_error(error: type[errors.ApiError], *arguments: object) -> errors.ApiError:
    return error("POST /x", "1003", "Sorry", *arguments)


def call_nothing() -> None:
    """Do nothing between two chunks of a download."""


def queued(steps: JobSteps) -> JobState:
    return steps.enqueue(steps.create(new_job(), ()))


def test_a_task_becomes_a_verified_file(
    steps: JobSteps, fake_exports: FakeExports, clock: TapClock
) -> None:
    state = steps.poll(queued(steps))
    assert state.stage is JobStage.IN_QUEUE
    assert state.due == clock.monotonic() + 60
    clock.sleep(600)
    state = steps.poll(state)
    assert state.stage is JobStage.COMPLETED
    state = steps.download(state, call_nothing)
    assert state.stage is JobStage.DOWNLOADED
    assert state.file
    assert state.file.content.read() == b"job 1"
    state.file.content.close()
    assert [name for name, _ in fake_exports.log] == [
        "create",
        "enqueue",
        "status",
        "status",
        "file",
    ]


def test_a_job_without_records_and_without_bytes_is_not_downloaded(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    fake_exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=0)
    state = steps.download(steps.poll(queued(steps)), call_nothing)
    assert fake_exports.ids("file") == []
    assert state.file
    assert state.file.content.read() == b""
    state.file.content.close()


def test_a_job_without_records_whose_file_has_bytes_is_downloaded_and_verified(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    fake_exports.response = ExportJob(
        "job 1", JobStatus.COMPLETED, records=0, size=5, sha256="0" * 64
    )
    state = steps.poll(queued(steps))
    with pytest.raises(errors.CorruptFileError):
        steps.download(state, call_nothing)
    assert fake_exports.ids("file")


def test_a_disk_without_room_for_a_file_is_named_in_the_error(
    steps: JobSteps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(errors.SpoolError, match="No temporary file can be created"):
        steps.download(queued(steps), call_nothing)


def test_unknown_fields_are_left_out_of_the_request(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    fake_exports.errors["create"] = [api_error(errors.UnknownFieldsError, ["zip"])]
    first = steps.create(new_job(), ())
    second = steps.create(new_job(), first.unknown_fields)
    assert [request.fields for request in fake_exports.created.values()] == [("id", "city")] * 2
    assert len(fake_exports.ids("create")) == 3
    assert first.unknown_fields == second.unknown_fields == ("zip",)


@pytest.mark.parametrize(
    ("object_path", "fields", "words"),
    [
        ("leads", ["zip", "city"], ["the field zip, which the setting", "the field city of"]),
        ("leads", ["zip"], ["the field zip, which the setting extra_lead_fields names"]),
        ("program/members", ["zip", "city"], ["the field zip, city of"]),
    ],
)
def test_a_field_that_a_setting_names_is_told_from_one_that_was_removed(
    fake_exports: FakeExports,
    caplog: pytest.LogCaptureFixture,
    object_path: str,
    fields: list[str],
    words: list[str],
) -> None:
    fake_exports.errors["create"] = [api_error(errors.UnknownFieldsError, fields)]
    job = new_job()
    request = replace(job.task.request, object_path=object_path)
    policy = replace(POLICY, extra_lead_fields=frozenset(["zip"]))
    steps = JobSteps(fake_exports.real, policy, fake_exports.clock)
    state = steps.create(replace(job, task=replace(job.task, request=request)), ())
    assert set(state.unknown_fields) == set(fields)
    messages = [text for text in caplog.messages if "does not know the field" in text]
    assert len(messages) == len(words)
    assert all(each in text for each, text in zip(words, messages, strict=True))


@pytest.mark.parametrize("fields", [["id"], ["elsewhere"]])
def test_an_unknown_field_that_is_required_or_was_not_requested_is_an_error(
    steps: JobSteps, fake_exports: FakeExports, fields: list[str]
) -> None:
    fake_exports.errors["create"] = [api_error(errors.UnknownFieldsError, fields)]
    with pytest.raises(errors.UnknownFieldsError):
        steps.create(new_job(), ())


def test_a_full_queue_is_waited_for_as_long_as_a_job(
    steps: JobSteps, fake_exports: FakeExports, clock: TapClock
) -> None:
    state = steps.create(new_job(), ())
    fake_exports.errors["enqueue"] = [api_error(errors.QueueFullError)] * 3
    state = steps.enqueue(state)
    assert state.stage is JobStage.CREATED
    assert 30 <= state.due - clock.monotonic() <= 90
    clock.sleep(POLICY.job_timeout_seconds)
    state = steps.enqueue(state)
    clock.sleep(1)
    with pytest.raises(errors.QueueFullError):
        steps.enqueue(state)


def test_a_used_up_quota_is_an_error_unless_the_job_is_in_the_queue(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    state = steps.create(new_job(), ())
    fake_exports.errors["enqueue"] = [api_error(errors.ExportQuotaError, None)] * 2
    with pytest.raises(errors.ExportQuotaError):
        steps.enqueue(state)
    fake_exports.queued["job 1"] = 0.0
    assert steps.enqueue(state).stage is JobStage.IN_QUEUE


def test_a_rejected_job_is_an_error_unless_marketo_does_not_know_it(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    state = steps.create(new_job(), ())
    fake_exports.errors["enqueue"] = [api_error(errors.ApiError), api_error(errors.ApiError)]
    with pytest.raises(errors.ApiError):
        steps.enqueue(state)
    fake_exports.errors["status"] = [api_error(errors.ApiError)]
    assert steps.enqueue(state).stage is JobStage.PLANNED


def test_the_job_timeout_begins_when_the_job_is_enqueued(steps: JobSteps, clock: TapClock) -> None:
    state = steps.create(new_job(), ())
    clock.sleep(20 * 3600)
    state = steps.enqueue(state)
    clock.sleep(60)
    assert steps.poll(state).stage is JobStage.IN_QUEUE


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_ends_without_a_file_is_created_again_a_few_times(
    steps: JobSteps, fake_exports: FakeExports, clock: TapClock, status: JobStatus
) -> None:
    fake_exports.ends[1] = status
    state = new_job()
    for _ in range(MAX_ATTEMPTS - 1):
        state = steps.enqueue(steps.create(state, ()))
        clock.sleep(600)
        state = steps.poll(state)
        assert state.stage is JobStage.PLANNED
    state = steps.enqueue(steps.create(state, ()))
    clock.sleep(600)
    with pytest.raises(errors.ExportFailedError, match="as were the 2 before it"):
        steps.poll(state)


def test_an_overdue_job_is_cancelled(
    steps: JobSteps, fake_exports: FakeExports, clock: TapClock
) -> None:
    fake_exports.seconds[1] = 10**6
    state = queued(steps)
    clock.sleep(POLICY.job_timeout_seconds + 1)
    fake_exports.errors["cancel"] = [errors.UnreachableError("broken")]
    with pytest.raises(errors.ExportTimeoutError, match="still processing after 240 minutes"):
        steps.poll(state)
    assert fake_exports.ids("cancel") == ["job 1"]


def test_invalid_responses_are_tolerated_a_few_times(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    state = queued(steps)
    invalid = [errors.InvalidResponseError("Hibernating") for _ in range(MAX_INVALID_RESPONSES)]
    fake_exports.errors["status"] = list(invalid)
    for _ in range(MAX_INVALID_RESPONSES - 1):
        state = steps.poll(state)
    with pytest.raises(errors.InvalidResponseError, match="3"):
        steps.poll(state)
    assert invalid[-1].attempts == MAX_INVALID_RESPONSES


def test_a_file_that_cannot_be_verified_is_not_used(
    steps: JobSteps, fake_exports: FakeExports
) -> None:
    state = queued(steps)
    fake_exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=3, size=5)
    for _ in range(MAX_INVALID_RESPONSES - 1):
        state = steps.poll(state)
        assert state.stage is JobStage.IN_QUEUE
    with pytest.raises(errors.CorruptFileError, match="cannot be verified"):
        steps.poll(state)


@pytest.mark.parametrize(
    "error", [errors.AccessDeniedError, errors.CallQuotaError, errors.CredentialsError]
)
def test_an_error_that_is_not_about_the_job_is_raised(
    steps: JobSteps, fake_exports: FakeExports, error: type[errors.ApiError]
) -> None:
    fake_exports.errors["status"] = [api_error(error)]
    with pytest.raises(error):
        steps.poll(queued(steps))
