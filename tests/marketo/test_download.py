"""An interrupted download yields the bytes of the file that Marketo made."""

from __future__ import annotations

import io
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_marketo_bulk.errors import UnreachableError
from tap_marketo_bulk.marketo.download import download_verified
from tap_marketo_bulk.marketo.exports import ExportRequest, Exports
from tap_marketo_bulk.marketo.transport import MAX_ATTEMPTS
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.http_host import TOKEN_RESPONSE, http_response
from tests.support.lead_exports import FEBRUARY, CompletedExport, count_downloads

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host


@pytest.fixture
def options() -> Options:
    """A subscription whose February fills some kilobytes."""
    return Options(leads=400, activities=1, charge_downloads=False)


def test_a_file_is_downloaded_completely(export: CompletedExport, sandbox: Sandbox) -> None:
    assert export.download() == export.content
    assert count_downloads(sandbox) == 1


CUTS = st.builds(
    Fault, st.sampled_from(["drop", "reset"]), st.just("file"), at_byte=st.integers(0, 5000)
)
# A response that ends as if it were complete is accepted three times.
CLEAN_CUTS = st.builds(Fault, st.just("truncate"), st.just("file"), at_byte=st.integers(0, 5000))
WHOLE = st.builds(Fault, st.just("ignore_range"), skip=st.integers(0, 8))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CUTS, max_size=8), st.lists(CLEAN_CUTS | WHOLE, max_size=2), st.randoms())
def test_interrupted_downloads_yield_the_same_bytes(
    export: CompletedExport,
    sandbox: Sandbox,
    cuts: list[Fault],
    clean_cuts: list[Fault],
    order: Random,
) -> None:
    sandbox.faults[:] = [*cuts, *clean_cuts]
    order.shuffle(sandbox.faults)
    assert export.download() == export.content


def test_after_a_drop_only_the_missing_bytes_are_requested(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    begun = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123"]
    rest = http_response(b"456789", "Content-Range: bytes 4-9/10", status="206 Partial Content")
    marketo = host(TOKEN_RESPONSE, begun, rest)
    target = io.BytesIO()
    open_at = partial(Exports(client_of(marketo.url)).open_file, "leads", "1")
    digest = sha256(b"0123456789").hexdigest()
    download_verified(open_at, target, clock, size=10, sha256=digest)
    assert target.getvalue() == b"0123456789"
    assert b"Range:" not in marketo.requests[1]
    assert b"\r\nRange: bytes=4-\r\n" in marketo.requests[2]


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("corrupt", call="file")],
        [Fault("extra", call="file")],
        [Fault("extra", call="file", amount=200_000)],
        [Fault("truncate", call="file", at_byte=0)],
        [Fault("drop", call="file"), Fault("ignore_range")],
        [Fault("drop", call="file"), Fault("wrong_range")],
        [Fault("drop", call="file"), Fault("corrupt", call="file")],
        [Fault("envelope", call="file", code=code) for code in ("601", "602", "606", "611")],
        [Fault("http", call="file", status=status) for status in (429, 500, 502, 404)],
        [Fault("html", call="file", status=503), Fault("hang", call="file", seconds=0.01)],
        [Fault("drop", call="file"), Fault("http", call="file", status=416)],
    ],
    ids=lambda faults: "-then-".join(f"{one.kind}-{one.amount}" for one in faults),
)
def test_a_download_survives_each_fault_once(
    export: CompletedExport, sandbox: Sandbox, faults: list[Fault]
) -> None:
    sandbox.faults += faults
    assert export.download() == export.content


@pytest.mark.parametrize("options", [Options(leads=400, activities=1, file_delay_seconds=90.0)])
def test_a_file_that_is_late_is_waited_for(
    exports: Exports, clock: TapClock, sandbox: Sandbox
) -> None:
    request = ExportRequest("leads", ("id",), FEBRUARY)
    export_id = exports.create(request).export_id
    exports.enqueue("leads", export_id)
    clock.sleep(60)
    job = exports.status("leads", export_id)
    assert job.size
    assert job.sha256
    target = io.BytesIO()
    open_at = partial(exports.open_file, "leads", export_id)
    download_verified(open_at, target, clock, size=job.size, sha256=job.sha256)
    assert len(target.getvalue()) == job.size
    statuses = [call.status for call in sandbox.calls if call.name == "file"]
    assert set(statuses[:-1]) == {404}


def test_progress_resets_the_retry_budget(
    export: CompletedExport, sandbox: Sandbox, clock: TapClock
) -> None:
    sandbox.faults.append(Fault("drop", call="file", at_byte=50, times=3 * MAX_ATTEMPTS))
    assert export.download() == export.content
    # One wait each, and all of them short.
    assert len(clock.pauses) == 3 * MAX_ATTEMPTS
    assert max(clock.pauses) <= 1


# Something to do between two chunks.

LONG = b"x" * 300_000


def test_the_caller_is_called_after_each_chunk(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    target, lengths = io.BytesIO(), list[int]()
    open_at = partial(
        Exports(client_of(host(TOKEN_RESPONSE, http_response(LONG)).url)).open_file, "leads", "1"
    )
    download_verified(
        open_at,
        target,
        clock,
        size=len(LONG),
        sha256=sha256(LONG).hexdigest(),
        between_chunks=lambda: lengths.append(len(target.getvalue())),
    )
    assert len(lengths) >= 5
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(LONG)


@pytest.mark.parametrize("error", [UnreachableError("No poll"), OSError("No"), KeyboardInterrupt()])
def test_an_error_between_chunks_ends_the_download_unchanged(
    host: Callable[..., Host],
    client_of: Callable[..., Client],
    clock: TapClock,
    error: BaseException,
) -> None:
    def fail() -> None:
        raise error

    marketo = host(TOKEN_RESPONSE, http_response(LONG))
    open_at = partial(Exports(client_of(marketo.url)).open_file, "leads", "1")
    with pytest.raises(type(error)) as caught:
        download_verified(
            open_at, io.BytesIO(), clock, size=len(LONG), sha256="", between_chunks=fail
        )
    assert caught.value is error
    assert len(marketo.requests) == 2
    assert clock.pauses == []


def test_time_between_chunks_does_not_make_a_download_too_slow(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock
) -> None:
    file = b"0123456789"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    chunks = [b"1\r\n%c\r\n" % byte for byte in file]
    marketo = host(TOKEN_RESPONSE, [chunked, *chunks, b"0\r\n\r\n"])
    target = io.BytesIO()
    download_verified(
        partial(Exports(client_of(marketo.url)).open_file, "leads", "1"),
        target,
        clock,
        size=len(file),
        sha256=sha256(file).hexdigest(),
        between_chunks=lambda: clock.sleep(100),
    )
    assert target.getvalue() == file
    assert len(marketo.requests) == 2
