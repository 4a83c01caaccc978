"""Responses to a request for a file: envelopes in place of the file, other sizes, other ranges."""

from __future__ import annotations

import io
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import CorruptFileError, InvalidResponseError
from tap_marketo_bulk.marketo.download import download_verified
from tap_marketo_bulk.marketo.exports import Exports
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

ERROR = {"requestId": "1", "success": False, "errors": [{"code": "611", "message": "Down"}]}


def downloaded(
    marketo: Host, client_of: Callable[..., Client], clock: TapClock, file: bytes
) -> bytes:
    target = io.BytesIO()
    open_at = partial(Exports(client_of(marketo.url)).open_file, "leads", "1")
    download_verified(open_at, target, clock, size=len(file), sha256=sha256(file).hexdigest())
    return target.getvalue()


CSV = "Content-Type: text/csv;charset=UTF-8"


@pytest.mark.parametrize("size", [10, 1000])
def test_an_envelope_with_the_content_type_of_a_file_is_an_error(
    host: Callable[..., Host],
    client_of: Callable[..., Client],
    clock: TapClock,
    caplog: pytest.LogCaptureFixture,
    size: int,
) -> None:
    file = b"x" * size
    marketo = host(TOKEN_RESPONSE, http_response(ERROR, CSV), http_response(file, CSV))
    assert downloaded(marketo, client_of, clock, file) == file
    assert "611 Down" in caplog.text
    assert len(marketo.requests) == 3


def test_an_envelope_in_place_of_the_missing_bytes_is_not_appended(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    cut = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nxxx"]
    marketo = host(TOKEN_RESPONSE, cut, http_response(ERROR, CSV), http_response(b"x" * 1000, CSV))
    assert downloaded(marketo, client_of, clock, b"x" * 1000) == b"x" * 1000


def test_a_file_that_looks_like_an_envelope_is_downloaded(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    (file,) = http_response(ERROR)
    file = file.partition(b"\r\n\r\n")[2]
    assert (
        downloaded(host(TOKEN_RESPONSE, http_response(file, CSV)), client_of, clock, file) == file
    )


@pytest.mark.parametrize("content_type", [CSV, "Content-Type: application/json"])
def test_an_envelope_without_error_is_not_a_file(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock, content_type: str
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response({"success": True}, content_type))
    with pytest.raises((CorruptFileError, InvalidResponseError)):
        downloaded(marketo, client_of, clock, b"x" * 1000)


def test_a_long_file_of_another_size_is_downloaded_again(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    marketo = host(
        TOKEN_RESPONSE, http_response(b"x" * 100_001, CSV), http_response(b"x" * 100_000, CSV)
    )
    assert downloaded(marketo, client_of, clock, b"x" * 100_000) == b"x" * 100_000


def test_a_partial_response_without_content_range_is_not_used(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    part = http_response(b"whole", status="206 Partial Content")
    marketo = host(TOKEN_RESPONSE, part, http_response(b"whole"))
    assert downloaded(marketo, client_of, clock, b"whole") == b"whole"


def test_an_empty_file_is_downloaded(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    marketo = host(TOKEN_RESPONSE, http_response(b"", CSV))
    assert downloaded(marketo, client_of, clock, b"") == b""
    assert len(marketo.requests) == 2
