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
from tap_marketo_bulk.marketo.describe import describe_leads
from tap_marketo_bulk.marketo.envelope import read_envelope
from tap_marketo_bulk.marketo.exports import Exports

CALL = "POST /bulk/v1/leads/export/create.json"


def refuse(*entries: Any, status: int = 200, **members: Any) -> MarketoBulkError:  # noqa: ANN401 - any JSON value
    body = {"requestId": "1#2", "success": False, "errors": list(entries), **members}
    with pytest.raises(MarketoBulkError) as caught:
        read_envelope(CALL, status, json.dumps(body).encode())
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
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
def test_every_code_asks_for_something_else(
    code: str, kind: type[MarketoBulkError], spelling: type
) -> None:
    error = refuse({"code": spelling(code), "message": "Marketo's own words"})
    assert type(error) is kind
    assert code in str(error)
    assert "Marketo's own words" in str(error)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Too many jobs in queue", QueueFullError),
        ("Too many jobs (10) in queue", QueueFullError),
        ("Export daily quota exceeded", ExportQuotaError),
        ("Export daily quota 500MB exceeded.", ExportQuotaError),
        ("Job already queued", AlreadyQueuedError),
        ("Something nobody has seen", ApiError),
    ],
)
def test_1029_is_told_apart_by_its_message(message: str, kind: type[ApiError]) -> None:
    assert type(refuse({"code": "1029", "message": message})) is kind


@pytest.mark.parametrize(
    ("message", "megabytes"),
    [
        ("Export daily quota 500MB exceeded.", 500),
        ("Export daily quota 1024 MB exceeded.", 1024),
        ("Export daily quota 0.25MB exceeded.", None),
        ("Export daily quota exceeded", None),
    ],
)
def test_the_allocation_is_read_from_the_message(message: str, megabytes: int | None) -> None:
    error = refuse({"code": "1029", "message": message})
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
def test_fields_that_are_gone_are_named(code: str, message: str, fields: tuple[str, ...]) -> None:
    error = refuse({"code": code, "message": message})
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
def test_other_wrong_requests_name_no_fields(code: str, message: str) -> None:
    assert type(refuse({"code": code, "message": message})) is ApiError


@pytest.mark.parametrize(("code", "seconds"), [("606", 20.0), ("615", 1.0)])
def test_a_rate_limit_says_how_long_to_wait(code: str, seconds: float) -> None:
    error = refuse({"code": code, "message": "Too many calls"})
    assert isinstance(error, RateLimitError)
    assert error.pause_seconds == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b"<html>Bad request</html>", InvalidResponseError),
        (401, b"", InvalidResponseError),
        (403, b"Forbidden", InvalidResponseError),
        (404, b'{"success": false}', ApiError),
        (413, b"Payload too large", ApiError),
        (414, b"<html>URI too long</html>", ApiError),
        (429, b"Slow down", RateLimitError),
        (500, b"Internal error", TransientError),
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
def test_an_answer_of_any_other_kind_is_an_error(
    status: int, body: bytes, kind: type[MarketoBulkError]
) -> None:
    with pytest.raises(MarketoBulkError) as caught:
        read_envelope(CALL, status, body)
    assert type(caught.value) is kind


@pytest.mark.parametrize("entry", [{"message": "Broken"}, {"code": None, "message": "Broken"}])
def test_an_entry_without_code_is_fatal(entry: dict[str, object]) -> None:
    error = refuse(entry)
    assert type(error) is ApiError
    assert error.code == ""
    assert "Broken" in str(error)


@pytest.mark.parametrize("errors", [[], None, {}, "Broken", [None], ["Broken"], [["Broken"]]])
def test_errors_that_are_no_list_of_entries_are_fatal_all_the_same(errors: object) -> None:
    assert type(refuse(errors=errors)) is ApiError


def test_the_http_status_stands_in_for_a_missing_code() -> None:
    error = refuse({"message": "No such path"}, status=404)
    assert isinstance(error, ApiError)
    assert error.code == "404"


def test_warnings_with_integers_do_not_matter() -> None:
    body = {"success": True, "warnings": [{"code": 1006, "message": "Old"}, 7], "result": [1]}
    assert read_envelope(CALL, 200, json.dumps(body).encode()) == body


def test_the_permission_that_is_missing_is_named() -> None:
    body = b'{"success": false, "errors": [{"code": "603", "message": "Access denied"}]}'
    with pytest.raises(AccessDeniedError, match="Read-Only Activity"):
        read_envelope("POST /bulk/v1/activities/export/create.json", 200, body)


def test_a_message_is_one_line_that_can_be_printed() -> None:
    error = refuse({"code": "610", "message": "one\r\n\ttwo \ud800" + "x" * 5000})
    assert "one two ?xxx" in str(error)
    assert len(str(error)) < 1300


@given(st.binary(), st.sampled_from([200, 206, 302, 401, 404, 500]))
def test_arbitrary_bytes_give_an_envelope_or_one_of_our_errors(body: bytes, status: int) -> None:
    with suppress(MarketoBulkError):
        assert isinstance(read_envelope(CALL, status, body), dict)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_arbitrary_entries_give_one_of_our_errors(
    code: object, message: object, errors: object
) -> None:
    refuse({"code": code, "message": message})
    refuse(errors=errors)


class Odd:
    """A client whose answers make no sense beyond the envelope."""

    def __init__(self, result: object) -> None:
        """Answer with this."""
        self._result = result

    def get(self, path: str, **query: object) -> dict[str, object]:
        """Answer."""
        del path, query
        return {"success": True, "result": self._result}


@pytest.mark.parametrize(
    ("read", "result"),
    [
        (describe_leads, [{"rest": "x"}]),
        (describe_leads, 5),
        (describe_activity_types, [{"name": "without id"}]),
        (describe_activity_types, [{"id": 1, "attributes": [{}]}]),
        (lambda client: list(Exports(client).list("leads")), 5),
    ],
)
def test_a_result_that_makes_no_sense_is_not_marketo(read: Any, result: object) -> None:  # noqa: ANN401 - what reads it
    with pytest.raises(InvalidResponseError):
        read(Odd(result))
