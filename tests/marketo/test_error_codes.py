"""The error table of Marketo's API, row by row."""

from __future__ import annotations

import pytest

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    AlreadyQueuedError,
    ApiError,
    CallQuotaError,
    ExportQuotaError,
    MarketoBulkError,
    MarketoSystemError,
    QueueFullError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
    UnknownFieldsError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.marketo.responses import parse_envelope
from tests.support.envelope_errors import error_of


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        ("601", TokenRejectedError),
        ("602", TokenRejectedError),
        ("603", AccessDeniedError),
        ("604", TransientError),
        ("606", RateLimitError),
        ("607", CallQuotaError),
        ("608", TransientError),
        ("609", ApiError),
        ("610", ApiError),
        ("611", MarketoSystemError),
        ("612", ApiError),
        ("614", TransientError),
        ("615", RateLimitError),
        ("701", ApiError),
        ("704", ApiError),
        ("713", TransientError),
        ("1001", ApiError),
        ("1002", ApiError),
        ("1003", ApiError),
        ("1006", ApiError),
        ("1029", ApiError),
        ("1035", UnsupportedFilterError),
        ("500", TransientError),
        ("502", TransientError),
        ("503", TransientError),
        ("504", TransientError),
        ("9999", ApiError),
    ],
)
@pytest.mark.parametrize("spelling", [str, int])
def test_each_code_gives_an_error_with_its_message(
    code: str, error_type: type[MarketoBulkError], spelling: type
) -> None:
    error = error_of({"code": spelling(code), "message": "Marketo's message"})
    assert type(error) is error_type
    assert code in str(error)
    assert "Marketo's message" in str(error)


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ("Too many jobs in queue", QueueFullError),
        ("Too many jobs (10) in queue", QueueFullError),
        ("Export daily quota exceeded", ExportQuotaError),
        ("Export daily quota 500MB exceeded.", ExportQuotaError),
        ("Job already queued", AlreadyQueuedError),
        ("Another message", ApiError),
    ],
)
def test_the_error_for_1029_depends_on_its_message(
    message: str, error_type: type[ApiError]
) -> None:
    assert type(error_of({"code": "1029", "message": message})) is error_type


@pytest.mark.parametrize(
    ("message", "megabytes"),
    [
        ("Export daily quota 500MB exceeded.", 500),
        ("Export daily quota 1024 MB exceeded.", 1024),
        ("Export daily quota 0.25MB exceeded.", None),
        ("Export daily quota exceeded", None),
    ],
)
def test_the_daily_quota_is_read_from_the_message(message: str, megabytes: int | None) -> None:
    error = error_of({"code": "1029", "message": message})
    assert isinstance(error, ExportQuotaError)
    assert error.quota_megabytes == megabytes


@pytest.mark.parametrize(
    ("code", "message", "fields"),
    [
        ("1003", "Invalid fields [a, b__c]", ("a", "b__c")),
        ("1003", "invalid field: ['a']", ("a",)),
        ("1006", "Field 'a' not found", ("a",)),
        ("1006", "Field 'a' not found, field 'b' not found", ("a", "b")),
    ],
)
def test_unknown_fields_are_read_from_the_message(
    code: str, message: str, fields: tuple[str, ...]
) -> None:
    error = error_of({"code": code, "message": message})
    assert isinstance(error, UnknownFieldsError)
    assert error.fields == fields


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1003", "Invalid status [sleeping]"),
        ("1003", "Invalid fields []"),
        ("1006", "No such thing"),
        ("1001", "Invalid fields [a]"),
    ],
)
def test_other_messages_name_no_unknown_fields(code: str, message: str) -> None:
    assert type(error_of({"code": code, "message": message})) is ApiError


@pytest.mark.parametrize(("code", "seconds"), [("606", 5.0), ("429", 5.0), ("615", 1.0)])
def test_a_rate_limit_has_a_minimum_wait(code: str, seconds: float) -> None:
    error = error_of({"code": code, "message": "Too many calls"})
    assert isinstance(error, RateLimitError)
    assert error.min_wait_seconds == seconds


def test_609_has_the_message_of_marketo() -> None:
    message = "Invalid value specified for attribute 'input'"
    error = error_of({"code": "609", "message": message})
    assert type(error) is ApiError
    assert f"609 {message}. No data was lost; correct the cause and run again." in str(error)


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        ("POST /bulk/v1/leads/export/create.json", "Read-Only Lead"),
        ("GET /bulk/v1/program/members/export.json", "Read-Only Lead"),
        ("POST /bulk/v1/activities/export/create.json", "Read-Only Activity"),
        ("POST /bulk/v1/customobjects/car_c/export/create.json", "Read-Only Custom Object"),
        ("GET /rest/v1/leads/describe.json", "Read-Only Lead"),
        ("GET /rest/v1/lists.json", "Read-Only Lead"),
        ("GET /rest/v1/programs/members/describe.json", "Read-Only Lead"),
        ("GET /rest/v1/activities/types.json", "Read-Only Activity"),
        ("GET /rest/v1/customobjects.json", "Read-Only Custom Object"),
        ("GET /rest/v1/campaigns.json", "Read-Only Campaigns"),
        ("GET /rest/asset/v1/programs.json", "Read-Only Assets"),
    ],
)
def test_a_denied_call_names_the_permission_it_needs(call: str, permission: str) -> None:
    body = b'{"success": false, "errors": [{"code": "603", "message": "Access denied"}]}'
    with pytest.raises(AccessDeniedError) as caught:
        parse_envelope(call, 200, body)
    assert caught.value.permission == permission
    assert f"the permission {permission}, and check the IP allow list" in str(caught.value)


@pytest.mark.parametrize("path", ["/rest/v1/stats/usage.json", "/rest/v1/leadsources.json"])
def test_a_denied_call_to_an_unknown_path_names_no_permission(path: str) -> None:
    body = b'{"success": false, "errors": [{"code": "603", "message": "Access denied"}]}'
    with pytest.raises(AccessDeniedError) as caught:
        parse_envelope(f"GET {path}", 200, body)
    assert caught.value.permission is None
    assert "Read-Only" not in str(caught.value)
    assert "Check the permissions of the API user's role" in str(caught.value)


def test_all_unknown_fields_of_a_long_message_are_found() -> None:
    names = [f"customField{number}__c" for number in range(500)]
    error = error_of({"code": "1003", "message": f"Invalid fields [{', '.join(names)}]"})
    assert isinstance(error, UnknownFieldsError)
    assert list(error.fields) == names
    assert len(str(error)) < 1300
