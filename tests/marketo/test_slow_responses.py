"""A response that takes too long, or that does not end, is abandoned."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import InvalidResponseError, UnreachableError
from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.responses import MAX_ENVELOPE_BYTES
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.clock import NoWaitClock

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
