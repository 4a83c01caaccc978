"""Calls against everything a network and a server can do to them."""

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
    InvalidResponseError,
    MarketoBulkError,
    TransientError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.answer import ENVELOPE_LIMIT_BYTES
from tap_marketo_bulk.marketo.client import SHORT_TRIES, Client, Connection
from tap_marketo_bulk.marketo.patience import TRIES, growing_pauses
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.http_host import TOKEN, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_marketo_bulk.sandbox import SandboxClock
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"
NOT_AGAIN = Fault("envelope", call="describe", times=None)


class HastyClock(SystemClock):
    """Real time, but no waiting between tries."""

    def sleep(self, seconds: float) -> None:
        """Go on at once."""


# Trying again.


def test_pauses_grow_to_a_minute() -> None:
    assert list(itertools.islice(growing_pauses(), 8)) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_call_that_keeps_failing_is_tried_a_bounded_number_of_times(
    client: Client, sandbox: Sandbox, clock: TapClock
) -> None:
    sandbox.faults.append(NOT_AGAIN)
    with pytest.raises(TransientError, match=f"611 System error.*Tried {TRIES} times"):
        client.get(DESCRIBE)
    bounds = list(itertools.islice(growing_pauses(), TRIES - 1))
    assert len(clock.pauses) == len(bounds)
    assert all(0 <= pause <= bound for pause, bound in zip(clock.pauses, bounds, strict=True))
    # Jitter: who fails together should not come back together.
    assert clock.pauses != bounds


@pytest.mark.parametrize(
    "fault",
    [
        *(Fault("envelope", code=code) for code in ("604", "606", "608", 611, "615", "713")),
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
def test_what_fails_in_passing_is_repeated(client: Client, sandbox: Sandbox, fault: Fault) -> None:
    sandbox.faults.append(replace(fault, call="describe"))
    assert client.get(DESCRIBE)["result"]
    assert [call.name for call in sandbox.calls] == ["token", "describe", "describe"]


@pytest.mark.parametrize("code", ["603", "607", "610", "1003"])
def test_what_is_refused_for_good_is_asked_once(
    client: Client, sandbox: Sandbox, code: str
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code=code))
    with pytest.raises(ApiError, match=code):
        client.get(DESCRIBE)
    assert [call.name for call in sandbox.calls] == ["token", "describe"]


def test_a_rate_limit_is_waited_out(client: Client, sandbox: Sandbox, clock: TapClock) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code="606"))
    client.get(DESCRIBE)
    (pause,) = clock.pauses
    assert 20 <= pause <= 21


def test_a_hundred_calls_in_twenty_seconds_are_not_exceeded(
    client: Client, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(250):
        client.get(DESCRIBE)
    assert not caplog.records
    assert 40 <= clock.monotonic() <= 45


# Slow answers.


@pytest.fixture
def hurried(connection: Connection) -> Client:
    """A client that gives an answer half a second."""
    return Client(replace(connection, request_timeout_seconds=0.5), HastyClock())


@pytest.mark.parametrize("call", ["token", "describe"])
@pytest.mark.parametrize(
    "fault", [Fault("hang", seconds=8), Fault("trickle", seconds=0.2)], ids=["hang", "trickle"]
)
def test_an_answer_that_takes_too_long_is_given_up(
    hurried: Client, sandbox: Sandbox, fault: Fault, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(replace(fault, call=call))
    started = time.monotonic()
    assert hurried.get(DESCRIBE)["result"]
    # Left alone, a trickle takes four seconds.
    assert time.monotonic() - started < 3.5
    assert {"hang": "came in time", "trickle": "trickled in"}[fault.kind] in caplog.text


def trickle(sandbox_clock: SandboxClock) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        sandbox_clock.advance(100)
        yield b"x"


def test_an_endless_trickle_ends(
    host: Callable[..., Host], client_of: Callable[..., Client], sandbox_clock: SandboxClock
) -> None:
    class Trickle:
        def __iter__(self) -> Iterator[bytes]:
            return trickle(sandbox_clock)

    with pytest.raises(UnreachableError, match="only trickled in"):
        client_of(host(Trickle()).url, timeout=300.0).get(DESCRIBE)


def test_an_endless_answer_ends(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    mebibytes = ENVELOPE_LIMIT_BYTES // 2**20 + 1
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 2**20] * mebibytes]
    with pytest.raises(InvalidResponseError, match="too long"):
        client_of(host(endless).url).get(DESCRIBE)


# Answers that end badly, or are no HTTP.

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
SHORT = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"success": true}'


@pytest.mark.parametrize(
    "pieces",
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
def test_an_answer_that_is_cut_short_is_no_answer(
    host: Callable[..., Host], client_of: Callable[..., Client], pieces: list[bytes]
) -> None:
    marketo = host(TOKEN, pieces, answer({"success": True}))
    assert client_of(marketo.url).get(DESCRIBE) == {"success": True}
    assert len(marketo.requests) == 3


@pytest.mark.parametrize(
    "pieces",
    [
        [CHUNKED, b'11\r\n{"success": true}\r\n', b"0\r\n\r\n"],
        [CHUNKED, *(b"1\r\n%c\r\n" % byte for byte in b'{"success": true}'), b"0\r\n\r\n"],
        [b"HTTP/1.0 200 OK\r\n\r\n", b'{"success"', b": true}"],
    ],
)
def test_an_answer_of_unknown_length_is_read_to_its_end(
    host: Callable[..., Host], client_of: Callable[..., Client], pieces: Iterable[bytes]
) -> None:
    marketo = host(TOKEN, pieces)
    assert client_of(marketo.url).get(DESCRIBE) == {"success": True}
    assert len(marketo.requests) == 2


# Wrong endpoints.


def failure(client: Client) -> str:
    with pytest.raises(MarketoBulkError) as caught:
        client.get(DESCRIBE)
    message = str(caught.value)
    assert "\n" not in message
    assert f"Tried {SHORT_TRIES} times" in message
    return message


def test_a_host_that_takes_no_calls_is_said_so(client_of: Callable[..., Client]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    message = failure(client_of(f"http://127.0.0.1:{port}"))
    assert f"from http://127.0.0.1:{port}: the host does not accept connections" in message


def test_a_host_that_does_not_answer_the_door_is_given_up(
    connection: Connection,
) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        # It never accepts, and these fill its queue.
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)  # noqa: FBT003 - the only way to say it
            second.connect_ex(address)
            url = f"http://127.0.0.1:{address[1]}"
            hurried = replace(connection, base_url=url, request_timeout_seconds=0.2)
            assert "took no connection in time" in failure(Client(hurried, HastyClock()))


def test_a_host_nobody_knows_is_said_so(client_of: Callable[..., Client]) -> None:
    assert "the host name is not known" in failure(client_of("http://marketo.invalid"))


def test_a_host_without_tls_is_said_so(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    url = host([b"HTTP/1.1 400 Bad Request\r\n\r\n"]).url.replace("http:", "https:")
    assert "the TLS certificate or handshake was not accepted" in failure(client_of(url))


def test_a_proxy_that_is_not_there_is_said_so(
    client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert "the proxy did not let it through" in failure(client_of("https://marketo.invalid"))


def test_a_page_in_place_of_an_api_is_said_so(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    page = answer(b"<!DOCTYPE html>", "Content-Type: text/html")
    message = failure(client_of(host(page).url))
    assert "is not Marketo's. Check that endpoint is the REST endpoint" in message


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/", "/elsewhere", "http://[", ""])
def test_no_redirect_is_followed(
    host: Callable[..., Host], client_of: Callable[..., Client], location: str
) -> None:
    moved = answer(b"x" * 10, f"Location: {location}", status="302 Found")
    marketo = host(TOKEN, moved)
    with pytest.raises(ApiError, match="302 the endpoint redirects elsewhere"):
        client_of(marketo.url).get(DESCRIBE)
    assert len(marketo.requests) == 2


def test_a_redirect_hands_the_token_to_nobody(client: Client, sandbox: Sandbox) -> None:
    with Sandbox(sandbox.options, clock=sandbox.clock) as other:
        sandbox.faults.append(Fault("redirect", call="describe", url=other.url + DESCRIBE))
        with pytest.raises(ApiError, match="check endpoint"):
            client.get(DESCRIBE)
        assert not other.calls


# What surrounds the calls.


def test_what_goes_to_loopback_passes_no_proxy(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert client.get(DESCRIBE)["result"]


def test_cookies_are_not_kept(host: Callable[..., Host], client_of: Callable[..., Client]) -> None:
    marketo = host(TOKEN, answer({"success": True}, "Set-Cookie: BIGip=7; Path=/"))
    client = client_of(marketo.url)
    client.get(DESCRIBE)
    client.get(DESCRIBE)
    assert b"cookie" not in marketo.requests[-1].lower()


def test_answers_are_asked_for_without_compression_and_by_name(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN, answer({"success": True}))
    client_of(marketo.url).get(DESCRIBE)
    assert b"\r\nAccept-Encoding: identity\r\n" in marketo.requests[1]
    assert b"\r\nUser-Agent: tests\r\n" in marketo.requests[1]


def test_threads_share_a_client(client: Client, sandbox: Sandbox) -> None:
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
def test_neither_secrets_nor_queries_are_logged_or_told(
    client: Client,
    sandbox: Sandbox,
    fault: Fault,
    times: int | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    sandbox.faults.append(replace(fault, times=times))
    told = ""
    try:
        client.get("/rest/v1/lists.json", nextPageToken="a-page-token")
    except MarketoBulkError as error:
        told = f"{error} {error!r}"
    written = caplog.text + told
    assert "HTTP" in written or "No complete answer" in written
    for secret in (sandbox.client_secret, *sandbox.tokens, "a-page-token", "stolen", "grant_type"):
        assert secret not in written


def test_a_connection_does_not_show_its_secret(connection: Connection) -> None:
    assert connection.client_secret not in repr(connection)
