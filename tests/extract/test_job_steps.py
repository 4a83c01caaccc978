"""The steps of one export job."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.extract.job_rules import MAX_ATTEMPTS, MAX_INVALID_RESPONSES
from tap_marketo_bulk.extract.job_state import JobStage, JobState, first_state, paused
from tap_marketo_bulk.extract.job_steps import JobSteps
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import POLICY, FakeExports, task

if TYPE_CHECKING:
    from pathlib import Path

RESUMED = {"export_id": "job 1"}


@pytest.fixture
def clock() -> TapClock:
    return TapClock(SandboxClock(NOW, speed=0))


@pytest.fixture
def exports(clock: TapClock) -> FakeExports:
    return FakeExports(clock)


@pytest.fixture
def steps(exports: FakeExports, clock: TapClock) -> JobSteps:
    return JobSteps(exports.real, POLICY, clock)


def new(**changes: Any) -> JobState:  # noqa: ANN401 - a task's own
    return first_state(0, task(1, **changes), 0.0)


def api_error(error: type[errors.ApiError], *arguments: object) -> errors.ApiError:
    return error("POST /x", "1003", "Sorry", *arguments)


def queued(steps: JobSteps) -> JobState:
    return steps.enqueue(steps.create(new(), ()))


def test_a_task_becomes_a_verified_file(
    steps: JobSteps, exports: FakeExports, clock: TapClock
) -> None:
    state = steps.poll(queued(steps))
    assert state.stage is JobStage.IN_QUEUE
    assert state.due == clock.monotonic() + 60
    clock.sleep(600)
    state = steps.poll(state)
    assert state.stage is JobStage.COMPLETED
    state = steps.download(state)
    assert state.stage is JobStage.DOWNLOADED
    assert state.file
    assert state.file.content.read() == b"job 1"
    state.file.content.close()
    assert [name for name, _ in exports.log] == ["create", "enqueue", "status", "status", "file"]


def test_a_job_without_records_and_without_bytes_is_not_downloaded(
    steps: JobSteps, exports: FakeExports
) -> None:
    exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=0)
    state = steps.download(steps.poll(queued(steps)))
    assert exports.ids("file") == []
    assert state.file
    assert state.file.content.read() == b""
    state.file.content.close()


def test_a_job_without_records_whose_file_has_bytes_is_downloaded_and_verified(
    steps: JobSteps, exports: FakeExports
) -> None:
    exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=0, size=5, sha256="0" * 64)
    state = steps.poll(queued(steps))
    with pytest.raises(errors.CorruptFileError):
        steps.download(state)
    assert exports.ids("file")


def test_a_disk_without_room_for_a_file_is_named_in_the_error(
    steps: JobSteps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(errors.SpoolError, match="No temporary file can be created"):
        steps.download(queued(steps))


def test_unknown_fields_are_left_out_of_the_request(steps: JobSteps, exports: FakeExports) -> None:
    exports.errors["create"] = [api_error(errors.UnknownFieldsError, ["zip"])]
    first = steps.create(new(), ())
    second = steps.create(new(), first.unknown_fields)
    assert [request.fields for request in exports.created.values()] == [("id", "city")] * 2
    assert len(exports.ids("create")) == 3
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
    exports: FakeExports,
    caplog: pytest.LogCaptureFixture,
    object_path: str,
    fields: list[str],
    words: list[str],
) -> None:
    exports.errors["create"] = [api_error(errors.UnknownFieldsError, fields)]
    job = new()
    request = replace(job.task.request, object_path=object_path)
    policy = replace(POLICY, extra_lead_fields=frozenset(["zip"]))
    steps = JobSteps(exports.real, policy, exports.clock)
    state = steps.create(replace(job, task=replace(job.task, request=request)), ())
    assert set(state.unknown_fields) == set(fields)
    messages = [text for text in caplog.messages if "does not know the field" in text]
    assert len(messages) == len(words)
    assert all(each in text for each, text in zip(words, messages, strict=True))


@pytest.mark.parametrize("fields", [["id"], ["elsewhere"]])
def test_an_unknown_field_that_is_required_or_was_not_requested_is_an_error(
    steps: JobSteps, exports: FakeExports, fields: list[str]
) -> None:
    exports.errors["create"] = [api_error(errors.UnknownFieldsError, fields)]
    with pytest.raises(errors.UnknownFieldsError):
        steps.create(new(), ())


def test_a_full_queue_is_waited_for_as_long_as_a_job(
    steps: JobSteps, exports: FakeExports, clock: TapClock
) -> None:
    state = steps.create(new(), ())
    exports.errors["enqueue"] = [api_error(errors.QueueFullError)] * 3
    state = steps.enqueue(state)
    assert state.stage is JobStage.CREATED
    assert 30 <= state.due - clock.monotonic() <= 90
    clock.sleep(POLICY.job_timeout_seconds)
    state = steps.enqueue(state)
    clock.sleep(1)
    with pytest.raises(errors.QueueFullError):
        steps.enqueue(state)


def test_after_a_pause_for_the_quota_a_full_queue_has_the_whole_job_timeout(
    steps: JobSteps, exports: FakeExports, clock: TapClock
) -> None:
    exports.errors["enqueue"] = [api_error(errors.QueueFullError)] * 3
    state = steps.enqueue(steps.create(new(), ()))
    clock.sleep(POLICY.job_timeout_seconds)
    state = paused(state, clock.monotonic() + 60)
    clock.sleep(60)
    state = steps.enqueue(state)
    clock.sleep(POLICY.job_timeout_seconds)
    assert steps.enqueue(state).stage is JobStage.CREATED


def test_a_used_up_quota_is_an_error_unless_the_job_is_in_the_queue(
    steps: JobSteps, exports: FakeExports
) -> None:
    state = steps.create(new(), ())
    exports.errors["enqueue"] = [api_error(errors.ExportQuotaError, None)] * 2
    with pytest.raises(errors.ExportQuotaError):
        steps.enqueue(state)
    exports.queued["job 1"] = 0.0
    assert steps.enqueue(state).stage is JobStage.IN_QUEUE


def test_a_rejected_job_is_an_error_unless_marketo_does_not_know_it(
    steps: JobSteps, exports: FakeExports
) -> None:
    state = steps.create(new(), ())
    exports.errors["enqueue"] = [api_error(errors.ApiError), api_error(errors.ApiError)]
    with pytest.raises(errors.ApiError):
        steps.enqueue(state)
    exports.errors["status"] = [api_error(errors.ApiError)]
    assert steps.enqueue(state).stage is JobStage.PLANNED


def test_the_job_timeout_begins_when_the_job_is_enqueued(steps: JobSteps, clock: TapClock) -> None:
    state = steps.create(new(), ())
    clock.sleep(20 * 3600)
    state = steps.enqueue(state)
    clock.sleep(60)
    assert steps.poll(state).stage is JobStage.IN_QUEUE


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_ends_without_a_file_is_created_again_a_few_times(
    steps: JobSteps, exports: FakeExports, clock: TapClock, status: JobStatus
) -> None:
    exports.ends[1] = status
    state = new()
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
    steps: JobSteps, exports: FakeExports, clock: TapClock
) -> None:
    exports.seconds[1] = 10**6
    state = queued(steps)
    clock.sleep(POLICY.job_timeout_seconds + 1)
    exports.errors["cancel"] = [errors.UnreachableError("broken")]
    with pytest.raises(errors.ExportTimeoutError, match="still processing after 240 minutes"):
        steps.poll(state)
    assert exports.ids("cancel") == ["job 1"]


def test_invalid_responses_are_tolerated_a_few_times(steps: JobSteps, exports: FakeExports) -> None:
    state = queued(steps)
    invalid = [errors.InvalidResponseError("Hibernating") for _ in range(MAX_INVALID_RESPONSES)]
    exports.errors["status"] = list(invalid)
    for _ in range(MAX_INVALID_RESPONSES - 1):
        state = steps.poll(state)
    with pytest.raises(errors.InvalidResponseError, match="3"):
        steps.poll(state)
    assert invalid[-1].attempts == MAX_INVALID_RESPONSES


def test_a_file_that_cannot_be_verified_is_not_used(steps: JobSteps, exports: FakeExports) -> None:
    state = queued(steps)
    exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=3, size=5)
    for _ in range(MAX_INVALID_RESPONSES - 1):
        state = steps.poll(state)
        assert state.stage is JobStage.IN_QUEUE
    with pytest.raises(errors.CorruptFileError, match="cannot be verified"):
        steps.poll(state)


@pytest.mark.parametrize(
    "error", [errors.AccessDeniedError, errors.CallQuotaError, errors.CredentialsError]
)
def test_an_error_that_is_not_about_the_job_is_raised(
    steps: JobSteps, exports: FakeExports, error: type[errors.ApiError]
) -> None:
    exports.errors["status"] = [api_error(error)]
    with pytest.raises(error):
        steps.poll(queued(steps))


# Jobs of an earlier run.


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
    steps: JobSteps, exports: FakeExports, status: JobStatus, stage: JobStage
) -> None:
    state = new(**RESUMED)
    assert (state.stage, state.export_id, state.is_resumed) == (JobStage.UNFINISHED, "job 1", True)
    exports.response = ExportJob("job 1", status)
    state = steps.check_earlier_job(state)
    assert state.stage is stage
    assert state.export_id == ("" if stage is JobStage.PLANNED else "job 1")


def test_resuming_is_repeated_after_an_invalid_response(
    steps: JobSteps, exports: FakeExports, clock: TapClock
) -> None:
    exports.errors["status"] = [errors.InvalidResponseError("Hibernating")]
    state = steps.check_earlier_job(new(**RESUMED))
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
    steps: JobSteps, exports: FakeExports, age: timedelta, stage: JobStage, zone: str
) -> None:
    created = (NOW - age).isoformat().removesuffix("+00:00") + zone
    exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=0, created_at=created)
    assert steps.check_earlier_job(new(**RESUMED)).stage is stage


def test_a_job_without_a_valid_date_is_not_treated_as_expired(
    steps: JobSteps, exports: FakeExports
) -> None:
    exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=0, created_at="yesterday")
    assert steps.check_earlier_job(new(**RESUMED)).stage is JobStage.COMPLETED


def test_a_resumed_job_that_cannot_be_verified_is_created_again(
    steps: JobSteps, exports: FakeExports
) -> None:
    exports.response = ExportJob("job 1", JobStatus.COMPLETED, records=3)
    state = new(**RESUMED)
    for _ in range(MAX_INVALID_RESPONSES):
        assert state.stage is JobStage.UNFINISHED
        state = steps.check_earlier_job(state)
    assert state.stage is JobStage.PLANNED


@pytest.mark.parametrize(
    "error", [errors.FileNotReadyError("404"), errors.CorruptFileError("other bytes")]
)
def test_a_wrong_file_leads_to_a_new_job_only_if_an_earlier_run_created_the_job(
    steps: JobSteps, exports: FakeExports, clock: TapClock, error: errors.MarketoBulkError
) -> None:
    job = ExportJob("job 1", JobStatus.COMPLETED, records=1, size=5, sha256="0" * 64)
    for changes in (RESUMED, {}):
        state = replace(new(**changes), job=job, stage=JobStage.COMPLETED)
        exports.errors["file"] = [error] * 11
        if changes:
            assert steps.download(state).stage is JobStage.PLANNED
        else:
            with pytest.raises(type(error)):
                steps.download(state)
    assert clock.monotonic() < 1000


def test_a_job_that_lacks_unknown_fields_is_read_without_them() -> None:
    state = new(**RESUMED, unknown_fields=("zip",))
    assert state.request.fields == ("id", "city")
    assert state.unknown_fields == ("zip",)
