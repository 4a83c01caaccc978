"""Responses with other envelopes than documented, or without one; texts from Marketo in errors."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import (
    ApiError,
    InternalServerError,
    InvalidResponseError,
    MarketoBulkError,
    RateLimitError,
    TransientError,
    UnknownFieldsError,
)
from tap_marketo_bulk.marketo.describe import describe_activity_types, describe_lead_fields
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.responses import parse_envelope
from tests.support.envelope_errors import CALL, error_of


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
    assert isinstance(error_of({"code": code, "message": message}), MarketoBulkError)
    assert isinstance(error_of(errors=errors), MarketoBulkError)


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
