"""Responses that a proxy compressed, though no compression was asked for."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import InvalidResponseError, UnreachableError
from tap_marketo_bulk.marketo.download import download_verified
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.transport import FEW_ATTEMPTS, MAX_ATTEMPTS
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

DESCRIBE = "/rest/v1/leads/describe.json"
BODY = b'{"success": true, "result": [{"id": 1}]}'
GZIP = "Content-Encoding: gzip"
# Compressed, these are several chunks.
FILE = b"id,email\n" + random.Random(1).randbytes(400_000)  # noqa: S311 - no secret
COMPRESSED = gzip.compress(FILE)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(gzip.compress(BODY), "gzip"), (zlib.compress(BODY), "deflate"), (BODY, "identity")],
    ids=["gzip", "deflate", "identity"],
)
def test_an_api_response_is_decompressed(
    host: Callable[..., Host], client_of: Callable[..., Client], body: bytes, encoding: str
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response(body, f"Content-Encoding: {encoding}"))
    assert client_of(marketo.url).get(DESCRIBE)["result"] == [{"id": 1}]


def test_the_token_response_is_decompressed(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    token = gzip.compress(b'{"access_token": "the-token", "expires_in": 3599}')
    marketo = host(http_response(token, GZIP), http_response(BODY))
    assert client_of(marketo.url).get(DESCRIBE)["success"]


def test_a_response_that_cannot_be_decompressed_is_an_error_that_says_so(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response(BODY, GZIP))
    with pytest.raises(UnreachableError, match=r"cannot be decompressed\. Gave up"):
        client_of(marketo.url).get(DESCRIBE)


def test_a_small_response_that_decompresses_to_gigabytes_is_abandoned(
    host: Callable[..., Host], client_of: Callable[..., Client]
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response(gzip.compress(b"x" * 40_000_000), GZIP))
    with pytest.raises(InvalidResponseError, match="longer than an API response can be"):
        client_of(marketo.url).get(DESCRIBE)
    assert len(marketo.requests) == 1 + FEW_ATTEMPTS


def downloaded(marketo: Host, client_of: Callable[..., Client], clock: TapClock) -> bytes:
    target = io.BytesIO()
    open_at = partial(Exports(client_of(marketo.url)).open_file, "leads", "1")
    digest = sha256(FILE).hexdigest()
    download_verified(open_at, target, clock, size=len(FILE), sha256=digest)
    return target.getvalue()


def cut(content: bytes, at: int, *headers: str) -> list[bytes]:
    """Return a response whose connection breaks after some bytes of the body."""
    (whole,) = http_response(content, *headers)
    return [whole[: whole.index(b"\r\n\r\n") + 4 + at]]


def test_a_file_is_decompressed_and_verified(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response(COMPRESSED, GZIP))
    assert downloaded(marketo, client_of, clock) == FILE
    assert len(marketo.requests) == 2


def test_a_compressed_part_of_a_file_is_not_appended(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    class Rest:
        """The part that was asked for, compressed."""

        def __iter__(self) -> Iterator[bytes]:
            start = int(marketo.requests[-1].partition(b"bytes=")[2].partition(b"-")[0])
            part = f"Content-Range: bytes {start}-{len(FILE) - 1}/{len(FILE)}"
            yield from http_response(
                gzip.compress(FILE[start:]), GZIP, part, status="206 Partial Content"
            )

    begun = cut(COMPRESSED, 200_000, GZIP)
    marketo = host(TOKEN_RESPONSE, begun, Rest(), http_response(COMPRESSED, GZIP))
    assert downloaded(marketo, client_of, clock) == FILE
    assert b"\r\nRange:" not in marketo.requests[-1]


def test_a_file_that_begins_again_and_again_is_abandoned(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    other = http_response(b"x", "Content-Range: bytes 9-9/10", status="206 Partial Content")
    marketo = host(TOKEN_RESPONSE, *[cut(FILE, 1000), other] * MAX_ATTEMPTS)
    with pytest.raises((UnreachableError, InvalidResponseError), match="Gave up"):
        downloaded(marketo, client_of, clock)
    assert len(marketo.requests) <= 2 + MAX_ATTEMPTS
