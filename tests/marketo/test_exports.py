"""The life of an export job."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import (
    ApiError,
    ExportQuotaError,
    InvalidResponseError,
    QueueFullError,
    UnknownFieldsError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus
from tap_marketo_bulk.marketo.exports import ExportRequest, Exports
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

WINTER = {"createdAt": {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}}
LEADS = ExportRequest("leads", ("id", "email"), WINTER)
COMPLETED = {
    "exportId": "1",
    "status": "Completed",
    "numberOfRecords": 7,
    "fileSize": 70,
    "fileChecksum": "sha256:" + "ab" * 32,
}


def small(**options: Any) -> pytest.MarkDecorator:  # noqa: ANN401 - any options
    return pytest.mark.parametrize("options", [Options(leads=20, activities=20, **options)])


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


@pytest.mark.parametrize("call", ["status", "list"])
def test_an_unknown_status_is_an_error(
    exports: Exports, sandbox: Sandbox, queued: str, call: str
) -> None:
    sandbox.faults.append(Fault("unknown_status", call=call))
    with pytest.raises(InvalidResponseError, match="unknown status 'Hibernating'"):
        _ = [exports.status("leads", queued)] if call == "status" else [*exports.list_jobs("leads")]


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


# Requests.


@small(left_out_fields=("email",))
def test_unknown_fields_are_named(exports: Exports) -> None:
    with pytest.raises(UnknownFieldsError) as caught:
        exports.create(LEADS)
    assert caught.value.fields == ("email",)
    assert exports.create(LEADS.without(caught.value.fields)).status is JobStatus.CREATED


@small(updated_at_filter=False)
def test_a_filter_that_the_subscription_lacks_is_an_error(exports: Exports) -> None:
    with pytest.raises(UnsupportedFilterError):
        exports.create(replace(LEADS, filter={"updatedAt": WINTER["createdAt"]}))


def test_columns_can_have_other_headers(exports: Exports, clock: TapClock) -> None:
    request = replace(LEADS, column_header_names={"email": "E-Mail"})
    export_id = exports.create(request).export_id
    exports.enqueue("leads", export_id)
    clock.sleep(60)
    with exports.open_file("leads", export_id, 0) as file:
        header = file.read_body().split(b"\n")[0].decode()
    assert header == "id,E-Mail" == ",".join(request.header)


def test_a_request_without_some_fields_has_the_others() -> None:
    request = replace(LEADS, column_header_names={"id": "Id", "email": "E-Mail"})
    rest = request.without(["email"])
    assert rest.header == ("Id",)
    assert rest.body == {
        "fields": ["id"],
        "format": "CSV",
        "filter": WINTER,
        "columnHeaderNames": {"id": "Id"},
    }


def test_the_digest_depends_on_the_whole_request_and_nothing_else() -> None:
    assert LEADS.digest == "a9e553e8b895d26f"
    assert LEADS.digest == ExportRequest("leads", ("id", "email"), dict(WINTER)).digest
    others = [
        replace(LEADS, object_path="activities"),
        replace(LEADS, fields=("email", "id")),
        replace(LEADS, format="TSV"),
        replace(LEADS, filter={"updatedAt": WINTER["createdAt"]}),
    ]
    assert len({request.digest for request in [LEADS, *others]}) == 5


def test_the_digest_does_not_depend_on_headers() -> None:
    assert LEADS.with_header("id", "Id").digest == LEADS.digest
    assert LEADS.with_header("id", "Id").header == ("Id", "email")


# Responses.


def test_jobs_are_listed_from_all_pages(exports: Exports, sandbox: Sandbox) -> None:
    made = [exports.create(LEADS).export_id for _ in range(301)]
    assert [job.export_id for job in exports.list_jobs("leads")] == made
    assert [call.name for call in sandbox.calls[-2:]] == ["list", "list"]
    assert list(exports.list_jobs("activities")) == []


@pytest.fixture
def job_of(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> Callable[[dict[str, object]], ExportJob]:
    """Return the job parsed from a response with this entry."""

    def read(entry: dict[str, object]) -> ExportJob:
        marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": [entry]}))
        return Exports(client_of(marketo.url)).status("leads", "1")

    return read


@pytest.mark.parametrize(
    "members",
    [{}, {"fileChecksum": "SHA256:" + "AB" * 32}, {"numberOfRecords": 0, "fileSize": 0}],
    ids=["lower", "upper", "empty"],
)
def test_a_job_with_size_checksum_and_count_is_verifiable(
    job_of: Callable[[dict[str, object]], ExportJob], members: dict[str, object]
) -> None:
    job = job_of(COMPLETED | members)
    assert job.is_verifiable
    assert job.sha256 == "ab" * 32


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("fileChecksum", None),
        ("fileChecksum", "md5:" + "ab" * 16),
        ("fileChecksum", ""),
        ("fileSize", None),
        ("fileSize", -1),
        ("fileSize", "7"),
        ("numberOfRecords", None),
        ("numberOfRecords", True),
    ],
)
def test_a_job_without_valid_size_checksum_or_count_is_not_verifiable(
    job_of: Callable[[dict[str, object]], ExportJob], member: str, value: object
) -> None:
    assert not job_of(COMPLETED | {member: value}).is_verifiable


@pytest.mark.parametrize(
    "result", [None, [], [{}, {}], ["1"], [{"status": "Created"}], [{"exportId": 7}], {}]
)
def test_a_response_without_exactly_one_job_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client], result: object
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": result}))
    with pytest.raises(InvalidResponseError, match="about an export job"):
        Exports(client_of(marketo.url)).create(LEADS)


def test_texts_of_a_job_have_no_control_characters(
    job_of: Callable[[dict[str, object]], ExportJob],
) -> None:
    entry: dict[str, object] = {
        "exportId": "a\x1b]0;\u202eb\u2028",
        "errorMsg": "Out\r\nof \x9b2Jorder",
        "status": "Failed",
    }
    job = job_of(entry | {"format": "C\x00SV", "createdAt": "\x1b2026"})
    assert (job.export_id, job.error) == ("a]0;b", "Out of 2Jorder")
    assert (job.format, job.created_at) == ("CSV", "2026")


# Pages of the job list.


def page(number: int, token: str | None) -> list[bytes]:
    """Return a page with one job and the token of the next page."""
    job = {"exportId": str(number), "status": "Created"}
    next_page = {"nextPageToken": token} if token else {}
    return http_response({"success": True, "result": [job], **next_page})


@pytest.mark.parametrize(
    "tokens",
    [["A", "A"], ["A", "B", "A"], ["A", "B", "C", "B"]],
    ids=["repeated", "alternating", "cycle"],
)
def test_a_list_whose_page_tokens_repeat_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client], tokens: list[str]
) -> None:
    pages = [page(number, token) for number, token in enumerate(tokens)]
    marketo = host(TOKEN_RESPONSE, *pages)
    listed = Exports(client_of(marketo.url)).list_jobs("leads")
    found: list[str] = []
    with pytest.raises(InvalidResponseError, match=r"GET /bulk/v1/leads/export.json repeats"):
        # Bounded, since a list without this error would not end.
        found.extend(job.export_id for job in itertools.islice(listed, 50))
    assert len(marketo.requests) == 1 + len(tokens)


def test_a_list_ends_at_the_page_without_token(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, page(1, "A"), page(2, "B"), page(3, None))
    jobs = Exports(client_of(marketo.url)).list_jobs("leads")
    assert [job.export_id for job in jobs] == ["1", "2", "3"]
    assert b"?batchSize=300 " in marketo.requests[1]
    assert b"?batchSize=300&nextPageToken=A " in marketo.requests[2]


def test_a_page_token_that_is_not_text_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    response = http_response({"success": True, "result": [], "nextPageToken": 7})
    with pytest.raises(InvalidResponseError, match="no usable page token"):
        list(Exports(client_of(host(TOKEN_RESPONSE, response).url)).list_jobs("leads"))
