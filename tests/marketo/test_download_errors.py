"""Wrong files, missing files, permanent faults and full disks end a download with an error."""

from __future__ import annotations

import errno
import io
import resource
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    CallQuotaError,
    CorruptFileError,
    FileNotReadyError,
    InternalServerError,
    InvalidResponseError,
    SpoolError,
    TokenRejectedError,
    TransientError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.download import MAX_WHOLE_DOWNLOADS, download_verified
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.transport import MAX_ATTEMPTS, MAX_ATTEMPTS_AFTER_HTTP_500
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.http_host import TOKEN_RESPONSE
from tests.support.lead_exports import CompletedExport, count_downloads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host


@pytest.fixture
def options() -> Options:
    """A subscription whose February fills some kilobytes."""
    return Options(leads=400, activities=1, charge_downloads=False)


@pytest.mark.parametrize("kind", ["corrupt", "extra"])
def test_a_file_that_always_differs_is_an_error(
    export: CompletedExport, sandbox: Sandbox, kind: str
) -> None:
    sandbox.faults.append(Fault(kind, call="file", times=None))
    with pytest.raises(CorruptFileError, match=f"reported {len(export.content)} bytes") as caught:
        export.download()
    assert f"(GET {sandbox.calls[-1].path})" in str(caught.value)
    assert count_downloads(sandbox) == MAX_WHOLE_DOWNLOADS


def test_a_file_that_is_always_too_short_is_an_error(
    export: CompletedExport, sandbox: Sandbox
) -> None:
    export.content += b"more"
    with pytest.raises(CorruptFileError, match="No row of it was used"):
        export.download()
    # Each time the missing end is requested once more: Marketo answers 416.
    assert [call.status for call in sandbox.calls if call.name == "file"][1:] == [200, 416] * 3


def test_a_file_that_never_becomes_available_is_an_error(
    export: CompletedExport, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("http", call="file", status=404, times=None))
    with pytest.raises(
        FileNotReadyError, match=rf"file.json: HTTP 404\). Gave up after {MAX_ATTEMPTS} attempts"
    ):
        export.download()
    assert count_downloads(sandbox) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (Fault("drop", at_byte=0), UnreachableError),
        (Fault("envelope", code="611"), TransientError),
        (Fault("html", status=200), CorruptFileError),
        (Fault("html", status=403), InvalidResponseError),
        (Fault("envelope", code="602"), TokenRejectedError),
        (Fault("envelope", code="603"), AccessDeniedError),
        (Fault("envelope", code="607"), CallQuotaError),
    ],
    ids=lambda value: (
        f"{value.kind}-{value.code}-{value.status}" if isinstance(value, Fault) else ""
    ),
)
def test_a_permanent_fault_ends_after_a_bounded_number_of_attempts(
    export: CompletedExport, sandbox: Sandbox, fault: Fault, error_type: type[Exception]
) -> None:
    sandbox.faults.append(replace(fault, call="file", times=None))
    with pytest.raises(error_type):
        export.download()
    assert count_downloads(sandbox) <= MAX_ATTEMPTS


def test_after_http_500_a_download_is_repeated_a_few_times(
    export: CompletedExport, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("http", call="file", status=500, times=None))
    with pytest.raises(InternalServerError, match="check endpoint"):
        export.download()
    assert count_downloads(sandbox) == MAX_ATTEMPTS_AFTER_HTTP_500


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Make writing beyond ``size`` bytes of a file fail, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("chunks", [1, 1000])
def test_a_full_disk_is_an_error(
    host: Callable[..., Host], client_of: Callable[..., Client], clock: TapClock, chunks: int
) -> None:
    body = b"x" * 1_000_000
    length = len(body) // chunks
    parts = (body[start : start + length] for start in range(0, len(body), length))
    marketo = host(TOKEN_RESPONSE, [b"HTTP/1.1 200 OK\r\n\r\n", *parts])
    open_at = partial(Exports(client_of(marketo.url)).open_file, "leads", "1")
    with (
        largest_file(100_000),
        # Closing the file must not fail in turn.
        pytest.raises(SpoolError, match=r"File too large.*TMPDIR"),
        tempfile.TemporaryFile() as target,
    ):
        download_verified(open_at, target, clock, size=len(body), sha256=sha256(body).hexdigest())


def test_a_broken_disk_is_an_error(export: CompletedExport) -> None:
    class Broken(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(SpoolError, match="Input/output error"):
        export.download(Broken())
