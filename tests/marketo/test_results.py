"""A success without result, a success beside errors, and errors in the format of a gateway."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import ApiError, InvalidResponseError, UnknownFieldsError
from tap_marketo_bulk.marketo import lists
from tap_marketo_bulk.marketo.describe import (
    describe_activity_types,
    describe_custom_object,
    describe_lead_fields,
    describe_member_fields,
    flat_lead_field_entries,
)
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.transport import FEW_ATTEMPTS
from tests.support.http_host import TOKEN_RESPONSE, http_response
from tests.support.lead_exports import COMPLETED, LEADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.http_host import Host

NO_RESULT = http_response({"requestId": "1", "success": True})
DESCRIBE = "/rest/v1/leads/describe.json"
DENIED = {"success": False, "errors": [{"code": "603", "message": "Access denied"}]}
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)

CALLS_WITH_RESULT: dict[str, Callable[[Client], Any]] = {
    "GET /rest/v1/leads/describe.json": describe_lead_fields,
    "GET /rest/v1/leads/describe.json, flat": flat_lead_field_entries,
    "GET /rest/v1/programs/members/describe.json": describe_member_fields,
    "GET /rest/v1/customobjects/car_c/describe.json": lambda client: describe_custom_object(
        client, "car_c"
    ),
    "GET /rest/v1/activities/types.json": describe_activity_types,
    "GET /bulk/v1/leads/export/1/status.json": lambda client: Exports(client).status("leads", "1"),
    "POST /bulk/v1/leads/export/create.json": lambda client: Exports(client).create(LEADS),
}


@pytest.mark.parametrize("call", CALLS_WITH_RESULT)
@pytest.mark.parametrize("members", [{}, {"result": None}, {"result": []}])
def test_a_success_without_result_is_repeated_and_then_an_error_that_names_the_call(
    host: Callable[..., Host],
    client_of: Callable[..., Client],
    call: str,
    members: dict[str, object],
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True, **members}))
    name = call.partition(",")[0]
    with pytest.raises(InvalidResponseError, match=f"to {name} is a success without result"):
        CALLS_WITH_RESULT[call](client_of(marketo.url))
    assert len(marketo.requests) == 1 + FEW_ATTEMPTS


def test_a_result_that_is_missing_once_is_read_by_the_next_call(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    entry = {"dataType": "string", "rest": {"name": "email"}}
    described = http_response({"success": True, "result": [entry]})
    marketo = host(TOKEN_RESPONSE, NO_RESULT, described)
    assert [field.name for field in describe_lead_fields(client_of(marketo.url))] == ["email"]


def test_a_call_to_enqueue_needs_no_result(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, NO_RESULT)
    Exports(client_of(marketo.url)).enqueue("leads", "1")
    assert len(marketo.requests) == 2


@pytest.mark.parametrize("end", [{}, {"nextPageToken": None}, {"nextPageToken": ""}])
def test_static_lists_end_at_the_page_without_token(
    host: Callable[..., Host], client_of: Callable[..., Client], end: dict[str, object]
) -> None:
    first = {"success": True, "result": [{"id": 1}], "nextPageToken": "A"}
    marketo = host(
        TOKEN_RESPONSE,
        http_response(DENIED),
        http_response(first),
        http_response({"success": True, **end}),
    )
    pages = lists.iter_static_list_pages(client_of(marketo.url), FIRST, LAST)
    assert list(pages) == [[{"id": 1}], []]
    assert b"nextPageToken=A " in marketo.requests[-1]


def test_more_deleted_leads_without_a_token_are_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    begin = http_response({"success": True, "nextPageToken": "A"})
    page = http_response({"success": True, "moreResult": True, "result": []})
    marketo = host(TOKEN_RESPONSE, begin, page)
    with pytest.raises(InvalidResponseError, match=r"deletedleads.json has no usable page token"):
        list(lists.iter_deleted_lead_pages(client_of(marketo.url), FIRST))


def test_static_lists_of_the_lead_database_are_said_to_lack_only_folders(
    host: Callable[..., Host], client_of: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    entry = {"id": 1, "description": "Fair"}
    marketo = host(
        TOKEN_RESPONSE,
        http_response(DENIED),
        http_response({"success": True, "result": [entry]}),
    )
    pages = lists.iter_static_list_pages(client_of(marketo.url), FIRST, LAST)
    assert list(pages) == [[entry]]
    assert caplog.messages[-1].endswith("they have no folder.")


def test_errors_beside_a_success_are_errors(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    error = {"code": "1003", "message": "Invalid fields [fax]"}
    both = {"success": True, "result": [COMPLETED], "errors": [error]}
    with pytest.raises(UnknownFieldsError, match="fax"):
        Exports(client_of(host(TOKEN_RESPONSE, http_response(both)).url)).create(LEADS)


def test_a_page_of_assets_without_result_and_warning_is_not_the_end_of_the_list(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    last = http_response({"success": True, "result": [{"id": 1}]})
    marketo = host(TOKEN_RESPONSE, NO_RESULT, last)
    pages = lists.iter_asset_pages(client_of(marketo.url), lists.FORMS_PATH)
    assert list(pages) == [[{"id": 1}]]
    assert len(marketo.requests) == 3


def test_a_list_with_errors_beside_a_success_is_not_empty(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    both = {"success": True, "errors": [{"code": "610", "message": "Not found"}]}
    marketo = host(TOKEN_RESPONSE, http_response(both))
    with pytest.raises(ApiError, match="610 Not found"):
        list(lists.iter_asset_pages(client_of(marketo.url), lists.FORMS_PATH))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"error_description": "Malformed header"}, "400 Malformed header"),
        ({}, "400 invalid_request"),
    ],
)
def test_the_error_of_a_gateway_is_shown(
    host: Callable[..., Host],
    client_of: Callable[..., Client],
    members: dict[str, object],
    reason: str,
) -> None:
    body = {"error": "invalid_request", **members}
    marketo = host(TOKEN_RESPONSE, http_response(body, status="400 Bad Request"))
    with pytest.raises(ApiError, match=reason):
        client_of(marketo.url).get(DESCRIBE)
