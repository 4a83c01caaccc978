"""The access token: requested once, replaced before it expires, and never shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import (
    CredentialsError,
    InternalServerError,
    InvalidResponseError,
    MarketoBulkError,
    MarketoSystemError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
)
from tap_marketo_bulk.marketo.auth import AccessTokenCache, Token, parse_token
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tap_marketo_bulk.times import SystemClock
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"


def calls(sandbox: Sandbox, name: str) -> int:
    return sum(call.name == name for call in sandbox.calls)


def test_credentials_travel_in_a_form_and_the_token_in_a_header(
    host: Callable[..., Host], client_of: Callable[[str], Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True}))
    client_of(marketo.url).get("/rest/v1/leads/describe.json", nextPageToken="page")
    token, call = marketo.requests
    assert token.startswith(b"POST /identity/oauth/token HTTP/1.1\r\n")
    assert token.endswith(
        b"\r\n\r\ngrant_type=client_credentials&client_id=the-id&client_secret=the-secret"
    )
    assert call.startswith(b"GET /rest/v1/leads/describe.json?nextPageToken=page HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer the-token\r\n" in call
    assert b"the-secret" not in call


def test_all_calls_share_one_token(client: Client, sandbox: Sandbox) -> None:
    for _ in range(5):
        client.get(DESCRIBE)
    assert calls(sandbox, "token") == 1


def test_a_token_is_replaced_before_it_expires(
    client: Client, sandbox: Sandbox, clock: TapClock
) -> None:
    for _ in range(30):
        client.get(DESCRIBE)
        clock.sleep(599)
    assert calls(sandbox, "describe") == 30
    assert len(sandbox.tokens) == 5


def test_a_token_returned_again_shortly_before_it_expires_is_waited_for(
    client: Client, sandbox: Sandbox, clock: TapClock
) -> None:
    client.get(DESCRIBE)
    clock.sleep(3594)
    clock.pauses.clear()
    client.get(DESCRIBE)
    assert clock.pauses == [6]
    assert len(sandbox.tokens) == 2
    assert calls(sandbox, "describe") == 2


@pytest.mark.parametrize("code", ["601", 602])
def test_a_rejected_token_is_replaced_and_the_call_repeated(
    client: Client, sandbox: Sandbox, code: str | int
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code=code, message="Token"))
    assert client.get(DESCRIBE)["result"]
    assert (calls(sandbox, "token"), calls(sandbox, "describe")) == (2, 2)


def test_a_token_that_expired_early_is_replaced(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("expired_token"))
    assert client.get(DESCRIBE)["result"]
    assert len(sandbox.tokens) == 2


def test_tokens_that_are_always_rejected_are_an_error(client: Client, sandbox: Sandbox) -> None:
    fault = Fault("envelope", call="describe", code="601", message="Token invalid", times=None)
    sandbox.faults.append(fault)
    with pytest.raises(TokenRejectedError, match=r"Token invalid.*Gave up after 3 attempts"):
        client.get(DESCRIBE)
    # Once at once with another token, beside the three attempts.
    assert (calls(sandbox, "token"), calls(sandbox, "describe")) == (4, 4)


@pytest.mark.parametrize("options", [Options(leads=1, activities=1, token_seconds=5)])
def test_a_token_with_a_short_life_is_used_until_it_expires(
    client: Client, sandbox: Sandbox, clock: TapClock
) -> None:
    for _ in range(20):
        client.get(DESCRIBE)
        clock.sleep(1)
    assert calls(sandbox, "describe") == 20
    assert 3 <= len(sandbox.tokens) <= 5


def test_wrong_credentials_are_an_error_at_once_and_not_shown(
    sandbox: Sandbox, client_of: Callable[[str], Client], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(CredentialsError, match="Check client_id and client_secret") as caught:
        client_of(sandbox.url).get(DESCRIBE)
    assert len(sandbox.calls) == 1
    assert "the-secret" not in str(caught.value) + caplog.text


def test_a_token_without_expires_in_is_used_for_an_hour(
    client: Client, sandbox: Sandbox, clock: TapClock
) -> None:
    sandbox.faults.append(Fault("no_expires_in"))
    client.get(DESCRIBE)
    clock.sleep(3500)
    client.get(DESCRIBE)
    assert calls(sandbox, "token") == 1


def test_a_failed_token_request_is_repeated(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults += [Fault("http", call="token"), Fault("lost_reply", call="token")]
    assert client.get(DESCRIBE)["result"]


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (3599, 3599.0),
        ("120", 120.0),
        (0, 0.0),
        (None, 3600.0),
        ("soon", 3600.0),
        (-5, 3600.0),
        ("inf", 3600.0),
        ("nan", 3600.0),
        ([], 3600.0),
    ],
)
def test_an_invalid_expires_in_is_an_hour(expires_in: object, seconds: float) -> None:
    body = json.dumps({"access_token": "t", "expires_in": expires_in}).encode()
    assert parse_token(200, body) == ("t", seconds)


@pytest.mark.parametrize(
    ("status", "body", "error_type"),
    [
        (401, b'{"error": "unauthorized", "error_description": "No"}', CredentialsError),
        (400, b'{"error": "unsupported_grant_type"}', CredentialsError),
        (200, b'{"error": "unauthorized"}', CredentialsError),
        (429, b"Slow down", RateLimitError),
        (500, b'{"error": "server_error"}', InternalServerError),
        (502, b"<html></html>", TransientError),
        (200, b"<html></html>", InvalidResponseError),
        (404, b"Not here", InvalidResponseError),
        (200, b"{}", InvalidResponseError),
        (200, b'{"success": true, "errors": []}', InvalidResponseError),
        (200, b'{"access_token": ""}', InvalidResponseError),
        (200, b'{"access_token": 7}', InvalidResponseError),
        (200, b'{"access_token": "two\\r\\nlines"}', InvalidResponseError),
        (200, b'{"success": false, "errors": [{"code": "611"}]}', MarketoSystemError),
        (200, b'{"success": false, "errors": [{"code": "606"}]}', RateLimitError),
    ],
)
def test_a_response_without_token_is_an_error(
    status: int, body: bytes, error_type: type[MarketoBulkError]
) -> None:
    with pytest.raises(MarketoBulkError) as caught:
        parse_token(status, body)
    assert type(caught.value) is error_type


def test_a_late_rejection_of_an_old_token_does_not_replace_the_new_one() -> None:
    tokens = iter(["old", "new", "newest"])
    authenticator = AccessTokenCache(lambda: (next(tokens), 3600.0), SystemClock())
    authenticator.invalidate("unknown")
    assert authenticator.token() == "old"
    authenticator.invalidate("old")
    assert authenticator.token() == "new"
    authenticator.invalidate("old")
    assert authenticator.token() == "new"


def test_the_repr_of_a_token_does_not_contain_it() -> None:
    assert "abc" not in repr(Token("abc", 1.0, 1.0))
