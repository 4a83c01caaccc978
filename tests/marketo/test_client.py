"""Calls that meet failures of the network and of the server."""

from __future__ import annotations

import itertools
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.clock import SystemClock
from tap_marketo_bulk.errors import (
    ApiError,
    InternalServerError,
    InvalidResponseError,
    MarketoBulkError,
    TransientError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.client import FEW_ATTEMPTS, Client
from tap_marketo_bulk.marketo.response import MAX_ENVELOPE_BYTES
from tap_marketo_bulk.marketo.retry import (
    MAX_ATTEMPTS,
    MAX_ATTEMPTS_AFTER_HTTP_500,
    backoff_bounds,
)
from tap_marketo_bulk.marketo.transport import DeadlineReader
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_marketo_bulk.marketo.transport import ConnectionSettings
    from tap_marketo_bulk.sandbox import SandboxClock
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"
ALWAYS_611 = Fault("envelope", call="describe", times=None)


class NoWaitClock(SystemClock):
    """Real time, but without waits between attempts."""

    def sleep(self, seconds: float) -> None:
        """Return at once."""


# Retries.


def test_waits_grow_to_a_minute() -> None:
    assert list(itertools.islice(backoff_bounds(), 8)) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_call_that_always_fails_is_repeated_a_bounded_number_of_times(
    client: Client, sandbox: Sandbox, clock: TapClock
) -> None:
    sandbox.faults.append(ALWAYS_611)
    with pytest.raises(
        TransientError, match=f"611 System error.*Gave up after {MAX_ATTEMPTS} attempts"
    ):
        client.get(DESCRIBE)
    bounds = list(itertools.islice(backoff_bounds(), MAX_ATTEMPTS - 1))
    assert len(clock.pauses) == len(bounds)
    assert all(0 <= pause <= bound for pause, bound in zip(clock.pauses, bounds, strict=True))
    # Jitter: clients that fail together should not retry together.
    assert clock.pauses != bounds


@pytest.mark.parametrize(
    "fault",
    [
        *(Fault("envelope", code=code) for code in ("604", "606", "608", 611, "614", "615", "713")),
        *(Fault("http", status=status) for status in (429, 500, 503, 504)),
        Fault("http", status=502, body="<html>Bad gateway</html>"),
        Fault("html", status=200),
        Fault("not_json"),
        Fault("reset"),
        Fault("lost_reply"),
        Fault("drop", at_byte=0),
        Fault("drop", at_byte=100),
        Fault("truncate", at_byte=100),
        Fault("extra", amount=3),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.code}-{fault.status}-{fault.at_byte}",
)
def test_a_call_is_repeated_after_a_temporary_failure(
    client: Client, sandbox: Sandbox, fault: Fault
) -> None:
    sandbox.faults.append(replace(fault, call="describe"))
    assert client.get(DESCRIBE)["result"]
    assert [call.name for call in sandbox.calls] == ["token", "describe", "describe"]


@pytest.mark.parametrize("code", ["603", "607", "609", "610", "1003"])
def test_a_call_that_marketo_rejects_is_not_repeated(
    client: Client, sandbox: Sandbox, code: str
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code=code))
    with pytest.raises(ApiError, match=code):
        client.get(DESCRIBE)
    assert [call.name for call in sandbox.calls] == ["token", "describe"]


def test_after_http_500_a_call_is_repeated_a_few_times_and_the_error_names_the_endpoint(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("http", call="describe", status=500, times=None))
    with pytest.raises(InternalServerError, match="badly formed URL with HTTP 500: check endpoint"):
        client.get(DESCRIBE)
    calls = [call.name for call in sandbox.calls]
    assert calls == ["token", *["describe"] * MAX_ATTEMPTS_AFTER_HTTP_500]
    assert FEW_ATTEMPTS < MAX_ATTEMPTS_AFTER_HTTP_500 < MAX_ATTEMPTS


def test_after_a_rate_limit_the_call_waits_for_the_period(
    client: Client, sandbox: Sandbox, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code="606", message="Too many"))
    client.get(DESCRIBE)
    (pause,) = clock.pauses
    assert 20 <= pause <= 21
    assert f"Rate limit reached (606 Too many); retrying in {pause:.1f} s." in caplog.messages


def test_a_hundred_calls_in_twenty_seconds_are_not_exceeded(
    client: Client, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(250):
        client.get(DESCRIBE)
    assert not caplog.records
    assert 40 <= clock.monotonic() <= 45


# Slow responses.


@pytest.fixture
def impatient(connection: ConnectionSettings) -> Client:
    """A client that waits half a second for a response."""
    return Client(replace(connection, request_timeout_seconds=0.5), NoWaitClock())


@pytest.mark.parametrize("call", ["token", "describe"])
@pytest.mark.parametrize(
    "fault", [Fault("hang", seconds=8), Fault("trickle", seconds=0.2)], ids=["hang", "trickle"]
)
def test_a_response_that_takes_too_long_is_abandoned(
    impatient: Client, sandbox: Sandbox, fault: Fault, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(replace(fault, call=call))
    started = time.monotonic()
    assert impatient.get(DESCRIBE)["result"]
    # Without a limit, the slow response takes four seconds.
    assert time.monotonic() - started < 3.5
    assert {"hang": "did not arrive in time", "trickle": "arrived too slowly"}[
        fault.kind
    ] in caplog.text


def slow_body(sandbox_clock: SandboxClock) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        sandbox_clock.advance(100)
        yield b"x"


def test_an_endless_slow_body_is_abandoned(
    host: Callable[..., Host], client_of: Callable[..., Client], sandbox_clock: SandboxClock
) -> None:
    class SlowBody:
        def __iter__(self) -> Iterator[bytes]:
            return slow_body(sandbox_clock)

    with pytest.raises(UnreachableError, match=r"arrived too slowly: \d+ bytes in 300 s"):
        client_of(host(SlowBody()).url, timeout=300.0).get(DESCRIBE)


def test_an_endless_fast_body_is_abandoned(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    mebibytes = MAX_ENVELOPE_BYTES // 2**20 + 1
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 2**20] * mebibytes]
    with pytest.raises(InvalidResponseError, match="longer than an API response can be"):
        client_of(host(endless).url).get(DESCRIBE)


class SlowHeaders:
    """A response whose headers come one byte at a time, for two seconds.

    Attributes:
        sent: How many bytes were sent, in all responses.
    """

    LONGEST = 100

    def __init__(self) -> None:
        """Begin with no byte sent."""
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield bytes, each well within the time-out of a single read."""
        yield b"HTTP/1.1 200 OK\r\nX-Padding: "
        for _ in range(self.LONGEST):
            time.sleep(0.02)
            self.sent += 1
            yield b"x"


@pytest.mark.parametrize("path", ["rest", "proxy"])
def test_slow_headers_are_abandoned(
    host: Callable[..., Host],
    connection: ConnectionSettings,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    slow = SlowHeaders()
    url = host(slow).url
    if path == "proxy":
        monkeypatch.setenv("https_proxy", url)
        url = "https://marketo.invalid"
    impatient = replace(connection, base_url=url, request_timeout_seconds=0.1)
    with pytest.raises(UnreachableError, match="Gave up"):
        Client(impatient, NoWaitClock()).get(DESCRIBE)
    # A time-out that begins again with each byte would not end before the last one.
    assert 0 < slow.sent < SlowHeaders.LONGEST


def test_no_byte_is_read_after_the_deadline_for_headers() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK")
        ours.settimeout(1e-9)
        reader = DeadlineReader(ours.makefile("rb", buffering=0), ours)
        with pytest.raises(TimeoutError):
            reader.readinto(bytearray(16))
        reader.close()


def test_the_limit_for_headers_does_not_hold_for_the_body(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    class BodyWithWaits:
        def __iter__(self) -> Iterator[bytes]:
            (whole,) = http_response({"success": True})
            for chunk in (whole[:-8], whole[-8:-4], whole[-4:]):
                yield chunk
                time.sleep(0.15)

    # Each wait is shorter than the time-out, and all of them together are longer. The client's
    # clock, which bounds the body as a whole, does not move.
    client = client_of(host(TOKEN_RESPONSE, BodyWithWaits()).url, timeout=0.25)
    assert client.get(DESCRIBE) == {"success": True}


# Incomplete responses, and responses that are not HTTP.

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
SHORT = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"success": true}'


@pytest.mark.parametrize(
    "chunks",
    [
        [b""],
        [b"SSH-2.0-OpenSSH\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Le"],
        [SHORT],
        [SHORT.replace(b"20", b"5, 6")],
        [CHUNKED],
        [CHUNKED + b'11\r\n{"success": true}\r\n'],
        [CHUNKED + b'12\r\n{"success": true}'],
        [CHUNKED + b'zz\r\n{"success": true}'],
    ],
)
def test_an_incomplete_response_is_repeated(
    host: Callable[..., Host], client_of: Callable[..., Client], chunks: list[bytes]
) -> None:
    marketo = host(TOKEN_RESPONSE, chunks, http_response({"success": True}))
    assert client_of(marketo.url).get(DESCRIBE) == {"success": True}
    assert len(marketo.requests) == 3


@pytest.mark.parametrize(
    "chunks",
    [
        [CHUNKED, b'11\r\n{"success": true}\r\n', b"0\r\n\r\n"],
        [CHUNKED, *(b"1\r\n%c\r\n" % byte for byte in b'{"success": true}'), b"0\r\n\r\n"],
        [b"HTTP/1.0 200 OK\r\n\r\n", b'{"success"', b": true}"],
    ],
)
def test_a_response_of_unknown_length_is_read_to_its_end(
    host: Callable[..., Host], client_of: Callable[..., Client], chunks: Iterable[bytes]
) -> None:
    marketo = host(TOKEN_RESPONSE, chunks)
    assert client_of(marketo.url).get(DESCRIBE) == {"success": True}
    assert len(marketo.requests) == 2


# Wrong endpoints.


def failure(client: Client) -> str:
    with pytest.raises(MarketoBulkError) as caught:
        client.get(DESCRIBE)
    message = str(caught.value)
    assert "\n" not in message
    assert f"Gave up after {FEW_ATTEMPTS} attempts" in message
    return message


def test_a_host_that_accepts_no_connections_is_an_error(client_of: Callable[..., Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    message = failure(client_of(f"http://127.0.0.1:{port}"))
    assert f"from http://127.0.0.1:{port}: the host does not accept connections" in message


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
    assert "the host name is not known" in failure(client_of("http://marketo.invalid"))


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
    assert "is not a Marketo API response. Check that endpoint is the REST endpoint" in message


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


# Proxies, cookies, headers, threads, logs.


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


def test_threads_can_share_a_client(client: Client, sandbox: Sandbox) -> None:
    def describe(_: int) -> int:
        return len(client.get(DESCRIBE)["result"])

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(describe, range(60)))) == 1
    assert sum(call.name == "token" for call in sandbox.calls) == 1


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
