"""Proxies, cookies and headers of the client; secrets are in no log and no error."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.transport import ConnectionSettings
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"


def test_calls_to_loopback_use_no_proxy(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert client.get(DESCRIBE)["result"]


def test_cookies_are_not_stored(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True}, "Set-Cookie: BIGip=7; Path=/"))
    client = client_of(marketo.url)
    client.get(DESCRIBE)
    client.get(DESCRIBE)
    assert b"cookie" not in marketo.requests[-1].lower()


def test_requests_ask_for_no_compression_and_name_the_user_agent(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True}))
    client_of(marketo.url).get(DESCRIBE)
    assert b"\r\nAccept-Encoding: identity\r\n" in marketo.requests[1]
    assert b"\r\nUser-Agent: tests\r\n" in marketo.requests[1]


FAULTS = [
    *(Fault("envelope", code=code, message="No") for code in ("601", "602", "606", "611", "615")),
    *(Fault(kind) for kind in ("html", "not_json", "reset", "lost_reply", "drop", "truncate")),
    Fault("expired_token"),
    Fault("http"),
    Fault("redirect", call="lists", url="http://127.0.0.1:9/?access_token=stolen"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.code}")
@pytest.mark.parametrize("times", [1, None])
def test_neither_logs_nor_errors_contain_secrets_or_queries(
    client: Client,
    sandbox: Sandbox,
    fault: Fault,
    times: int | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    sandbox.faults.append(replace(fault, times=times))
    text = ""
    try:
        client.get("/rest/v1/lists.json", nextPageToken="a-page-token")
    except MarketoBulkError as error:
        text = f"{error} {error!r}"
    written = caplog.text + text
    assert "HTTP" in written or "No complete response" in written
    for secret in (sandbox.client_secret, *sandbox.tokens, "a-page-token", "stolen", "grant_type"):
        assert secret not in written


def test_the_repr_of_a_connection_does_not_contain_its_secret(
    connection: ConnectionSettings,
) -> None:
    assert connection.client_secret not in repr(connection)
