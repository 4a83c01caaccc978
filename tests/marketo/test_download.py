"""A downloaded file equals the file that Marketo made, or there is an error."""

from __future__ import annotations

import errno
import io
import resource
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from tap_marketo_bulk.marketo.exports import ExportRequest, Exports
from tap_marketo_bulk.marketo.retry import MAX_ATTEMPTS, MAX_ATTEMPTS_AFTER_HTTP_500
from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.http_host import TOKEN_RESPONSE, http_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock
    from tests.support.http_host import Host

YEAR = {"createdAt": {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}}
FIELDS = ("id", "email", "createdAt", "updatedAt", "firstName", "lastName", "company")


class CompletedExport:
    """A completed job of the sandbox.

    Attributes:
        content: The bytes of its file.
    """

    def __init__(self, exports: Exports, clock: TapClock) -> None:
        """Create the job and wait until it is completed."""
        self._exports, self._clock = exports, clock
        self._id = exports.create(ExportRequest("leads", FIELDS, YEAR)).export_id
        exports.enqueue("leads", self._id)
        clock.sleep(60)
        with exports.open_file("leads", self._id, 0) as response:
            self.content = response.read_body()

    def download(self, target: BinaryIO | None = None) -> bytes:
        """Return the bytes that arrive."""
        with target or io.BytesIO() as file:
            download_verified(
                partial(self._exports.open_file, "leads", self._id),
                file,
                self._clock,
                size=len(self.content),
                sha256=sha256(self.content).hexdigest(),
            )
            file.seek(0)
            return file.read()


@pytest.fixture
def options() -> Options:
    """A subscription whose February fills some kilobytes."""
    return Options(leads=400, activities=1, charge_downloads=False)


@pytest.fixture
def export(exports: Exports, clock: TapClock, sandbox: Sandbox) -> CompletedExport:
    """A file of some kilobytes; ``sandbox.calls`` has had one call for it."""
    del sandbox
    made = CompletedExport(exports, clock)
    assert len(made.content) > 2000
    clock.pauses.clear()
    return made


def downloads(sandbox: Sandbox) -> int:
    return sum(call.name == "file" for call in sandbox.calls) - 1


def test_a_file_is_downloaded_completely(export: CompletedExport, sandbox: Sandbox) -> None:
    assert export.download() == export.content
    assert downloads(sandbox) == 1


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


@pytest.mark.parametrize("kind", ["corrupt", "extra"])
def test_a_file_that_always_differs_is_an_error(
    export: CompletedExport, sandbox: Sandbox, kind: str
) -> None:
    sandbox.faults.append(Fault(kind, call="file", times=None))
    with pytest.raises(CorruptFileError, match=f"reported {len(export.content)} bytes"):
        export.download()
    assert downloads(sandbox) == MAX_WHOLE_DOWNLOADS


def test_a_file_that_is_always_too_short_is_an_error(
    export: CompletedExport, sandbox: Sandbox
) -> None:
    export.content += b"more"
    with pytest.raises(CorruptFileError, match="No row of it was used"):
        export.download()
    # Each time the missing end is requested once more: Marketo answers 416.
    assert [call.status for call in sandbox.calls if call.name == "file"][1:] == [200, 416] * 3


@pytest.mark.parametrize("options", [Options(leads=400, activities=1, file_delay_seconds=90.0)])
def test_a_file_that_is_late_is_waited_for(
    exports: Exports, clock: TapClock, sandbox: Sandbox
) -> None:
    request = ExportRequest("leads", ("id",), YEAR)
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


def test_a_file_that_never_becomes_available_is_an_error(
    export: CompletedExport, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("http", call="file", status=404, times=None))
    with pytest.raises(
        FileNotReadyError, match=rf"\(HTTP 404\). Gave up after {MAX_ATTEMPTS} attempts"
    ):
        export.download()
    assert downloads(sandbox) == MAX_ATTEMPTS


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
    assert downloads(sandbox) <= MAX_ATTEMPTS


def test_after_http_500_a_download_is_repeated_a_few_times(
    export: CompletedExport, sandbox: Sandbox
) -> None:
    sandbox.faults.append(Fault("http", call="file", status=500, times=None))
    with pytest.raises(InternalServerError, match="check endpoint"):
        export.download()
    assert downloads(sandbox) == MAX_ATTEMPTS_AFTER_HTTP_500


def test_progress_resets_the_retry_budget(
    export: CompletedExport, sandbox: Sandbox, clock: TapClock
) -> None:
    sandbox.faults.append(Fault("drop", call="file", at_byte=50, times=3 * MAX_ATTEMPTS))
    assert export.download() == export.content
    # One wait each, and all of them short.
    assert len(clock.pauses) == 3 * MAX_ATTEMPTS
    assert max(clock.pauses) <= 1


# An envelope in place of the file.

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


# A full disk.


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
