"""A response that takes too long, or that does not end, is abandoned."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import InvalidResponseError, UnreachableError
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.responses import MAX_ENVELOPE_BYTES
from tap_marketo_bulk.marketo.transport import DeadlineReader
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.clock import NoWaitClock
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.marketo.transport import ConnectionSettings
    from tap_marketo_bulk.sandbox import SandboxClock
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"


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
