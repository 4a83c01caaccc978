"""An endpoint that is not Marketo's REST endpoint is an error that names the cause."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import ApiError, MarketoBulkError, UnreachableError
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.transport import FEW_ATTEMPTS
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.clock import NoWaitClock
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.transport import ConnectionSettings
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"


def failure(client: Client) -> str:
    with pytest.raises(MarketoBulkError) as caught:
        client.get(DESCRIBE)
    message = str(caught.value)
    assert "\n" not in message
    assert f"Gave up after {FEW_ATTEMPTS} attempts" in message
    return message


def assert_names_endpoint(message: str) -> None:
    assert message.endswith(
        "Check that endpoint is the REST endpoint shown in Marketo's Admin > Web Services, and "
        "that this machine can reach it."
    )
    assert "run again" not in message


def test_a_host_that_accepts_no_connections_is_an_error(client_of: Callable[..., Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    message = failure(client_of(f"http://127.0.0.1:{port}"))
    assert f"from http://127.0.0.1:{port}: the host does not accept connections" in message
    assert_names_endpoint(message)


def test_a_host_that_accepts_no_connections_any_more_is_an_error_that_may_pass(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True}))
    client = client_of(marketo.url)
    client.get(DESCRIBE)
    marketo.close()
    with pytest.raises(UnreachableError, match=r"attempts\. No data was lost; run again later"):
        client.get(DESCRIBE, attempts=2)


def test_a_host_that_does_not_answer_connections_is_an_error(
    connection: ConnectionSettings,
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        address = silent.getsockname()
        # It never accepts a connection, and these two fill its queue.
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)  # noqa: FBT003 - the only way to say it
            second.connect_ex(address)
            url = f"http://127.0.0.1:{address[1]}"
            impatient = replace(connection, base_url=url, request_timeout_seconds=0.2)
            assert "did not accept a connection in time" in failure(
                Client(impatient, NoWaitClock())
            )


def test_an_unknown_host_name_is_an_error(client_of: Callable[..., Client]) -> None:
    for name in ("marketo.invalid", "app-ab12.marketo.invalid"):
        message = failure(client_of(f"http://{name}"))
        assert "the host name is not known" in message
        assert_names_endpoint(message)


def test_a_host_without_tls_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    url = host([b"HTTP/1.1 400 Bad Request\r\n\r\n"]).url.replace("http:", "https:")
    assert "the TLS certificate or handshake was not accepted" in failure(client_of(url))


def test_a_proxy_that_is_down_is_an_error(
    client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert "the proxy did not let it through" in failure(client_of("https://marketo.invalid"))


def test_a_web_page_in_place_of_the_api_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    page = http_response(b"<!DOCTYPE html>", "Content-Type: text/html")
    message = failure(client_of(host(page).url))
    assert "is not a Marketo API response. Gave up" in message
    assert "Check that endpoint is the REST endpoint" in message


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/", "/elsewhere", "http://[", ""])
def test_no_redirect_is_followed(
    host: Callable[..., Host], client_of: Callable[..., Client], location: str
) -> None:
    moved = http_response(b"x" * 10, f"Location: {location}", status="302 Found")
    marketo = host(TOKEN_RESPONSE, moved)
    with pytest.raises(ApiError, match="302 the endpoint redirects to another address"):
        client_of(marketo.url).get(DESCRIBE)
    assert len(marketo.requests) == 2


def test_after_a_redirect_the_token_is_not_sent_to_the_other_host(
    client: Client, sandbox: Sandbox
) -> None:
    with Sandbox(sandbox.options, clock=sandbox.clock) as other:
        sandbox.faults.append(Fault("redirect", call="describe", url=other.url + DESCRIBE))
        with pytest.raises(ApiError, match="check endpoint"):
            client.get(DESCRIBE)
        assert not other.calls
