"""The life of an export job, from the create call to the file; enqueue calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import ApiError, ExportQuotaError, InvalidResponseError, QueueFullError
from tap_marketo_bulk.marketo.exports import Exports, JobStatus
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.http_host import TOKEN_RESPONSE, http_response
from tests.support.lead_exports import COMPLETED, LEADS, small

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host


@pytest.fixture
def queued(exports: Exports) -> str:
    """The id of a job in the queue."""
    export_id = exports.create(LEADS).export_id
    exports.enqueue("leads", export_id)
    return export_id


@small(job_seconds=60.0, slots=1)
def test_a_job_is_created_queued_processed_and_completed(
    exports: Exports, sandbox: Sandbox, clock: TapClock, queued: str
) -> None:
    job = exports.create(LEADS)
    assert (job.status, job.format, job.created_at) == (
        JobStatus.CREATED,
        "CSV",
        "2026-03-01T00:00:00Z",
    )
    assert not job.is_verifiable
    exports.enqueue("leads", job.export_id)
    assert exports.status("leads", job.export_id).status is JobStatus.QUEUED
    assert exports.status("leads", queued).status is JobStatus.PROCESSING
    clock.sleep(120)
    done = exports.status("leads", job.export_id)
    expected = sandbox.jobs[1]
    assert done.status is JobStatus.COMPLETED
    assert done.is_verifiable
    assert (done.records, done.size) == (expected.number_of_records, expected.file_size)
    assert f"sha256:{done.sha256}" == expected.file_checksum
    with exports.open_file("leads", job.export_id, 0) as file:
        assert len(file.read_body()) == done.size
    with exports.open_file("leads", job.export_id, 5) as file:
        assert len(file.read_body()) == (done.size or 0) - 5


def test_a_status_is_terminal_or_in_the_queue_or_neither() -> None:
    terminal = {status for status in JobStatus if status.is_terminal}
    in_queue = {status for status in JobStatus if status.is_in_queue}
    assert terminal == {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}
    assert in_queue == {JobStatus.QUEUED, JobStatus.PROCESSING}


@pytest.mark.parametrize(
    "options",
    [Options(leads=1, activities=1, cancel_spelling=each) for each in ("Canceled", "Cancelled")],
    ids=["Canceled", "Cancelled"],
)
def test_both_spellings_of_cancelled_are_accepted(exports: Exports, queued: str) -> None:
    exports.cancel("leads", queued)
    assert exports.status("leads", queued).status is JobStatus.CANCELLED


def test_a_failed_job_has_the_message_of_marketo(
    exports: Exports, sandbox: Sandbox, queued: str
) -> None:
    sandbox.faults.append(Fault("fail", call="status", message="Out of order"))
    job = exports.status("leads", queued)
    assert (job.status, job.error) == (JobStatus.FAILED, "Out of order")


def test_an_unknown_status_is_an_error(exports: Exports, sandbox: Sandbox, queued: str) -> None:
    sandbox.faults.append(Fault("unknown_status", call="status"))
    with pytest.raises(InvalidResponseError, match=f"{queued} .*unknown status 'Hibernating'"):
        exports.status("leads", queued)


def test_a_job_of_another_api_user_is_an_error(exports: Exports) -> None:
    with pytest.raises(ApiError, match="not found"):
        exports.status("leads", "another")


def test_an_id_is_one_segment_of_the_path(exports: Exports, sandbox: Sandbox) -> None:
    with pytest.raises(ApiError):
        exports.status("leads", "../create.json?x=")
    path = "/bulk/v1/leads/export/..%2Fcreate.json%3Fx%3D/status.json"
    assert sandbox.calls[-1].path == path


# Enqueueing.


def test_an_enqueue_call_whose_response_is_lost_succeeds(
    exports: Exports, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("lost_reply", call="enqueue"))
    export_id = exports.create(LEADS).export_id
    exports.enqueue("leads", export_id)
    assert [call.name for call in sandbox.calls[2:]] == ["enqueue", "enqueue"]
    assert exports.status("leads", export_id).status.is_in_queue


def test_enqueuing_twice_is_no_error(exports: Exports, sandbox: Sandbox, queued: str) -> None:
    exports.enqueue("leads", queued)
    assert [call.name for call in sandbox.calls].count("enqueue") == 2
    assert exports.status("leads", queued).status.is_in_queue


def test_enqueuing_a_job_that_was_processed_is_no_error(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    error = {"code": "1029", "message": "Job has been processed"}
    rejection = http_response({"success": False, "errors": [error]})
    status = http_response({"success": True, "result": [COMPLETED]})
    marketo = host(TOKEN_RESPONSE, rejection, status)
    Exports(client_of(marketo.url)).enqueue("leads", "1")
    enqueue, get_status = (request.split(b" HTTP")[0] for request in marketo.requests[1:])
    assert enqueue == b"POST /bulk/v1/leads/export/1/enqueue.json"
    assert get_status == b"GET /bulk/v1/leads/export/1/status.json"


def test_a_job_that_cannot_be_enqueued_is_an_error(exports: Exports, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("envelope", call="enqueue", code="1003", message="No"))
    with pytest.raises(ApiError, match="1003 No"):
        exports.enqueue("leads", exports.create(LEADS).export_id)


@small(queue_limit=1, job_seconds=60.0)
def test_a_full_queue_is_an_error(exports: Exports, sandbox: Sandbox, queued: str) -> None:
    second = exports.create(LEADS).export_id
    with pytest.raises(QueueFullError):
        exports.enqueue("leads", second)
    assert queued != second
    assert sandbox.calls[-1].name == "enqueue"


@small(quota_bytes=1)
def test_a_used_up_quota_is_an_error(
    exports: Exports, sandbox: Sandbox, clock: TapClock, queued: str
) -> None:
    waiting = exports.create(LEADS).export_id
    clock.sleep(60)
    with pytest.raises(ExportQuotaError):
        exports.enqueue("leads", waiting)
    assert sandbox.calls[-1].name == "enqueue"
    with pytest.raises(ExportQuotaError):
        exports.create(LEADS)
    assert exports.status("leads", queued).status is JobStatus.COMPLETED
