"""Calls are repeated after temporary errors, rate limits and incomplete responses."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import ApiError, InternalServerError, TransientError
from tap_marketo_bulk.marketo.transport import (
    FEW_ATTEMPTS,
    MAX_ATTEMPTS,
    MAX_ATTEMPTS_AFTER_HTTP_500,
    PERIOD_SECONDS,
    backoff_bounds,
)
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"
ALWAYS_611 = Fault("envelope", call="describe", times=None)


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


def test_after_a_rate_limit_the_call_is_repeated_soon_and_the_next_calls_are_spread(
    client: Client, sandbox: Sandbox, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code="606", message="Too many"))
    client.get(DESCRIBE)
    (pause,) = clock.pauses
    assert 5 <= pause <= 6
    for _ in range(20):
        client.get(DESCRIBE)
    assert all(0 < each < 0.21 for each in clock.pauses[1:])
    assert clock.monotonic() > pause + 4
    clock.sleep(PERIOD_SECONDS)
    pauses = len(clock.pauses)
    client.get(DESCRIBE)
    assert len(clock.pauses) == pauses
    assert f"Rate limit reached (606 Too many); retrying in {pause:.1f} s." in caplog.messages


def test_a_hundred_calls_in_twenty_seconds_are_not_exceeded(
    client: Client, clock: TapClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(250):
        client.get(DESCRIBE)
    assert not caplog.records
    assert 40 <= clock.monotonic() <= 45


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
