"""The error table of Marketo's API, row by row."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    AlreadyQueuedError,
    ApiError,
    CallQuotaError,
    ExportQuotaError,
    InternalServerError,
    InvalidResponseError,
    MarketoBulkError,
    QueueFullError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
    UnknownFieldsError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.marketo.activity_types import describe_activity_types
from tap_marketo_bulk.marketo.describe import describe_lead_fields
from tap_marketo_bulk.marketo.envelope import parse_envelope
from tap_marketo_bulk.marketo.exports import Exports

CALL = "POST /bulk/v1/leads/export/create.json"


def error_of(*entries: Any, status: int = 200, **members: Any) -> MarketoBulkError:  # noqa: ANN401 - any JSON value
    body = {"requestId": "1#2", "success": False, "errors": list(entries), **members}
    with pytest.raises(MarketoBulkError) as caught:
        parse_envelope(CALL, status, json.dumps(body).encode())
    return caught.value


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
        ("611", TransientError),
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


@pytest.mark.parametrize(("code", "seconds"), [("606", 20.0), ("615", 1.0)])
def test_a_rate_limit_has_a_minimum_wait(code: str, seconds: float) -> None:
    error = error_of({"code": code, "message": "Too many calls"})
    assert isinstance(error, RateLimitError)
    assert error.min_wait_seconds == seconds


@pytest.mark.parametrize(
    ("status", "body", "error_type"),
    [
        (400, b"<html>Bad request</html>", InvalidResponseError),
        (401, b"", InvalidResponseError),
        (403, b"Forbidden", InvalidResponseError),
        (404, b'{"success": false}', ApiError),
        (413, b"Payload too large", ApiError),
        (414, b"<html>URI too long</html>", ApiError),
        (429, b"Slow down", RateLimitError),
        (500, b"Internal error", InternalServerError),
        (502, b"<html>Bad gateway</html>", TransientError),
        (503, b"", TransientError),
        (504, b'{"success": true}', TransientError),
        (200, b"<!DOCTYPE html>", InvalidResponseError),
        (200, b'{"success": tru', InvalidResponseError),
        (200, b"[]", InvalidResponseError),
        (200, b"\xff\xfe\x00", InvalidResponseError),
        (200, b"[" * 100_000, InvalidResponseError),
        (200, b'{"result": []}', ApiError),
        (200, b'{"success": "true"}', ApiError),
        (304, b'{"success": true}', ApiError),
    ],
)
def test_a_response_without_successful_envelope_is_an_error(
    status: int, body: bytes, error_type: type[MarketoBulkError]
) -> None:
    with pytest.raises(MarketoBulkError) as caught:
        parse_envelope(CALL, status, body)
    assert type(caught.value) is error_type


@pytest.mark.parametrize("entry", [{"message": "Broken"}, {"code": None, "message": "Broken"}])
def test_an_entry_without_code_is_fatal(entry: dict[str, object]) -> None:
    error = error_of(entry)
    assert type(error) is ApiError
    assert error.code == ""
    assert "Broken" in str(error)


@pytest.mark.parametrize("errors", [[], None, {}, "Broken", [None], ["Broken"], [["Broken"]]])
def test_errors_that_are_not_a_list_of_entries_are_fatal(errors: object) -> None:
    assert type(error_of(errors=errors)) is ApiError


def test_the_http_status_replaces_a_missing_code() -> None:
    error = error_of({"message": "No such path"}, status=404)
    assert isinstance(error, ApiError)
    assert (error.code, error.http_status) == ("404", 404)


def test_warnings_with_integer_codes_are_ignored() -> None:
    body = {"success": True, "warnings": [{"code": 1006, "message": "Old"}, 7], "result": [1]}
    assert parse_envelope(CALL, 200, json.dumps(body).encode()) == body


@pytest.mark.parametrize(
    ("status", "code", "http_status"),
    [(200, "404", 200), (200, "610", 200), (404, "610", 200), (304, None, 304), (413, "610", 413)],
)
def test_an_error_has_the_http_status_only_where_that_is_the_error(
    status: int, code: str | None, http_status: int
) -> None:
    error = error_of({"code": code, "message": "No"}, status=status)
    assert isinstance(error, ApiError)
    assert error.http_status == http_status


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


CONTROLS = "\x00\x07\x1b\x7f\x85\x9b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"


def test_a_message_has_no_control_characters() -> None:
    message = "".join(f"{control}a" for control in CONTROLS) + "\x1b[2J"
    error = error_of({"code": f"6{CONTROLS}10", "message": message})
    assert isinstance(error, ApiError)
    assert error.code.replace(" ", "") == "610"
    assert error.reason.replace(" ", "") == "a" * len(CONTROLS) + "[2J"
    assert str(error).isprintable()


def test_unknown_fields_have_no_control_characters() -> None:
    error = error_of({"code": "1003", "message": "Invalid fields [a\x1b[31, \u202eb]"})
    assert isinstance(error, UnknownFieldsError)
    assert error.fields == ("a[31", "b")


def test_all_unknown_fields_of_a_long_message_are_found() -> None:
    names = [f"customField{number}__c" for number in range(500)]
    error = error_of({"code": "1003", "message": f"Invalid fields [{', '.join(names)}]"})
    assert isinstance(error, UnknownFieldsError)
    assert list(error.fields) == names
    assert len(str(error)) < 1300


def test_a_message_is_one_line_that_can_be_printed() -> None:
    error = error_of({"code": "610", "message": "one\r\n\ttwo \ud800" + "x" * 5000})
    assert "one two ?xxx" in str(error)
    assert len(str(error)) < 1300


@given(st.binary(), st.sampled_from([200, 206, 302, 401, 404, 500]))
def test_any_bytes_give_an_envelope_or_an_error_of_this_package(body: bytes, status: int) -> None:
    with suppress(MarketoBulkError):
        assert isinstance(parse_envelope(CALL, status, body), dict)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_any_error_entries_give_an_error_of_this_package(
    code: object, message: object, errors: object
) -> None:
    error_of({"code": code, "message": message})
    error_of(errors=errors)


class ResultClient:
    """A client whose envelopes are valid, with any result."""

    def __init__(self, result: object) -> None:
        """Respond with this result."""
        self._result = result

    def get(self, path: str, **query: object) -> dict[str, object]:
        """Return an envelope."""
        del path, query
        return {"success": True, "result": self._result}


@pytest.mark.parametrize(
    ("read", "result"),
    [
        (describe_lead_fields, [{"rest": "x"}]),
        (describe_lead_fields, 5),
        (describe_activity_types, [{"name": "without id"}]),
        (describe_activity_types, [{"id": 1, "attributes": [{}]}]),
        (lambda client: list(Exports(client).list_jobs("leads")), 5),
    ],
)
def test_a_result_of_another_shape_is_not_a_marketo_response(read: Any, result: object) -> None:  # noqa: ANN401 - what reads it
    with pytest.raises(InvalidResponseError):
        read(ResultClient(result))
