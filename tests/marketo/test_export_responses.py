"""Responses about export jobs, and the pages of the job list."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.exports import Exports
from tests.support.http_host import TOKEN_RESPONSE, http_response
from tests.support.lead_exports import COMPLETED, LEADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.exports import ExportJob
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.http_host import Host


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
    [
        {},
        {"fileChecksum": "SHA256:" + "AB" * 32},
        {"numberOfRecords": 0, "fileSize": 0},
        {"numberOfRecords": "1698", "fileSize": "70"},
    ],
    ids=["lower", "upper", "empty", "text"],
)
def test_a_job_with_size_checksum_and_count_is_verifiable(
    job_of: Callable[[dict[str, object]], ExportJob], members: dict[str, object]
) -> None:
    job = job_of(COMPLETED | members)
    assert job.is_verifiable
    assert job.sha256 == "ab" * 32
    expected = COMPLETED | members
    assert (job.records, job.size) == (
        int(str(expected["numberOfRecords"])),
        int(str(expected["fileSize"])),
    )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("fileChecksum", None),
        ("fileChecksum", "md5:" + "ab" * 16),
        ("fileChecksum", ""),
        ("fileSize", None),
        ("fileSize", -1),
        ("fileSize", "7 MB"),
        ("fileSize", "-7"),
        ("fileSize", 7.5),
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
    call = "The response to POST /bulk/v1/leads/export/create.json"
    with pytest.raises(InvalidResponseError, match=call):
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


def page(number: int, **next_page: object) -> list[bytes]:
    """Return a page with one job and, as ``nextPageToken``, the token of the next page."""
    job = {"exportId": str(number), "status": "Created"}
    return http_response({"success": True, "result": [job], **next_page})


@pytest.mark.parametrize(
    "tokens",
    [["A", "A"], ["A", "B", "A"], ["A", "B", "C", "B"]],
    ids=["repeated", "alternating", "cycle"],
)
def test_a_list_whose_page_tokens_repeat_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client], tokens: list[str]
) -> None:
    pages = [page(number, nextPageToken=token) for number, token in enumerate(tokens)]
    marketo = host(TOKEN_RESPONSE, *pages)
    listed = Exports(client_of(marketo.url)).list_jobs("leads")
    found: list[str] = []
    with pytest.raises(InvalidResponseError, match=r"GET /bulk/v1/leads/export.json repeats"):
        # Bounded, since a list without this error would not end.
        found.extend(job.export_id for job in itertools.islice(listed, 50))
    assert len(marketo.requests) == 1 + len(tokens)


@pytest.mark.parametrize("end", [{}, {"nextPageToken": None}, {"nextPageToken": ""}])
def test_a_list_ends_at_the_page_without_token(
    host: Callable[..., Host], client_of: Callable[..., Client], end: dict[str, object]
) -> None:
    pages = [page(1, nextPageToken="A"), page(2, nextPageToken="B"), page(3, **end)]
    marketo = host(TOKEN_RESPONSE, *pages)
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


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"exportId": "7", "status": "Expired"}, "export 7 with the unknown status 'Expired'"),
        ({"exportId": "7", "status": "Rej\x1b[2Jected"}, "unknown status 'Rej[2Jected'"),
        ({"exportId": "7"}, "export 7 with the unknown status 'None'"),
        ({"status": "Created"}, "an export job without exportId"),
        ("Created", "an export job without exportId"),
    ],
)
def test_an_unusable_entry_of_the_list_is_skipped_with_a_warning(
    host: Callable[..., Host],
    client_of: Callable[..., Client],
    caplog: pytest.LogCaptureFixture,
    entry: object,
    problem: str,
) -> None:
    entries = [{"exportId": "1", "status": "Created"}, entry, COMPLETED | {"exportId": "2"}]
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": entries}))
    jobs = Exports(client_of(marketo.url)).list_jobs("leads")
    assert [job.export_id for job in jobs] == ["1", "2"]
    (message,) = caplog.messages
    assert "Skipped in the response to GET /bulk/v1/leads/export.json" in message
    assert problem in message


@pytest.mark.parametrize("result", [[], None])
def test_a_list_without_jobs_is_empty(
    host: Callable[..., Host], client_of: Callable[..., Client], result: object
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, "result": result}))
    assert list(Exports(client_of(marketo.url)).list_jobs("leads")) == []
