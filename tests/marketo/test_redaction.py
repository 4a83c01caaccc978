"""A secret that a server or a proxy repeats is in no error, log line or text of a job."""

from __future__ import annotations

import io
import logging
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tap_marketo_bulk.errors import ApiError, CredentialsError, MarketoBulkError
from tap_marketo_bulk.marketo.download import download_verified
from tap_marketo_bulk.marketo.exports import Exports
from tests.support.http_host import http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"
# That of the client in these tests.
SECRET = "the-secret"  # noqa: S105 - a test's
OLD, NEW = "1f0e-old/token:sj", "2e1f-new/token:sj"


def token_response(token: str) -> list[bytes]:
    return http_response({"access_token": token, "expires_in": 3599})


def error_response(message: str, code: str = "610") -> list[bytes]:
    return http_response({"success": False, "errors": [{"code": code, "message": message}]})


def spellings(secret: str) -> list[str]:
    encoded = quote(secret, safe="")
    in_base64 = b64encode(secret.encode()).decode().rstrip("=")
    return sorted({secret, encoded, encoded.lower(), in_base64})


SECRETS = [text for secret in (SECRET, OLD, NEW) for text in spellings(secret)]


def assert_shows_no_secret(text: str) -> None:
    assert "***" in text
    for secret in SECRETS:
        assert secret.casefold() not in text.casefold()


@pytest.mark.parametrize("secret", SECRETS)
def test_an_api_error_shows_no_secret(
    host: Callable[..., Host],
    client_of: Callable[..., Client],
    caplog: pytest.LogCaptureFixture,
    secret: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    marketo = host(
        token_response(OLD),
        error_response("expired", "602"),
        token_response(NEW),
        error_response(f"You sent {secret}", "611"),
        error_response(f"You sent {secret}"),
    )
    with pytest.raises(ApiError) as caught:
        client_of(marketo.url).get(DESCRIBE)
    assert_shows_no_secret(str(caught.value))
    assert_shows_no_secret(caplog.text)


@pytest.mark.parametrize("secret", spellings(SECRET))
def test_an_error_about_credentials_shows_no_secret(
    host: Callable[..., Host], client_of: Callable[..., Client], secret: str
) -> None:
    body = {"error": "invalid_client", "error_description": f"No client with {secret}"}
    marketo = host(http_response(body, status="401 Unauthorized"))
    with pytest.raises(CredentialsError) as caught:
        client_of(marketo.url).get(DESCRIBE)
    assert_shows_no_secret(str(caught.value))


@pytest.mark.parametrize("member", ["errorMsg", "createdAt"])
def test_the_text_of_a_job_has_no_secret(
    host: Callable[..., Host], client_of: Callable[..., Client], member: str
) -> None:
    entry = {"exportId": "1", "status": "Failed", member: f"Header Bearer {OLD}"}
    job_response = http_response({"success": True, "result": [entry]})
    marketo = host(token_response(OLD), job_response)
    assert_shows_no_secret(repr(Exports(client_of(marketo.url)).status("leads", "1")))


@pytest.mark.parametrize("content_type", ["text/csv", "application/json"])
def test_an_error_in_place_of_a_file_shows_no_secret(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock, content_type: str
) -> None:
    error = {"success": False, "errors": [{"code": "610", "message": f"Not for {OLD}"}]}
    rejected = http_response(error, f"Content-Type: {content_type}")
    marketo = host(token_response(OLD), rejected)
    open_at = partial(Exports(client_of(marketo.url)).open_file, "leads", "1")
    with pytest.raises(MarketoBulkError) as caught:
        download_verified(open_at, io.BytesIO(), clock, size=5, sha256="")
    assert_shows_no_secret(str(caught.value))


def test_a_token_that_could_be_ordinary_text_is_not_redacted(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    described = http_response({"success": True, "result": [{"name": "email"}]})
    marketo = host(token_response("email"), described)
    assert client_of(marketo.url).get(DESCRIBE)["result"] == [{"name": "email"}]


def test_the_same_token_is_used_if_marketo_returns_it_again(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    expired = error_response("expired", "602")
    success = http_response({"success": True})
    marketo = host(token_response(OLD), expired, token_response(OLD), success)
    client_of(marketo.url).get(DESCRIBE)
    assert f"\r\nAuthorization: Bearer {OLD}\r\n".encode() in marketo.requests[-1]
