"""A completed job's file on local disk, verified byte for byte."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from contextlib import closing, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import (
    CorruptFileError,
    FileNotReadyError,
    InvalidResponseError,
    SpoolError,
    TransientError,
)
from tap_marketo_bulk.marketo.responses import invalid_response, json_object_or_none, parse_envelope
from tap_marketo_bulk.marketo.transport import RetryBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager

    from tap_marketo_bulk.marketo.responses import Response
    from tap_marketo_bulk.times import Clock

    OpenAt = Callable[[int], AbstractContextManager[Response]]

logger = logging.getLogger("tap-marketo-bulk.marketo")
# How often a whole file that differs from the job's report is downloaded again. It is not known
# whether Marketo charges each download to the quota, so the number is small.
MAX_WHOLE_DOWNLOADS = 3
# No error envelope is longer.
_ENVELOPE_BYTES = 64 * 1024
_CONTENT_RANGE = re.compile(r"bytes\s+(\d+)-")


def download_verified(  # noqa: PLR0913 - the file in two parameters, and what happens meanwhile
    open_at: OpenAt,
    target: BinaryIO,
    clock: Clock,
    *,
    size: int,
    sha256: str,
    between_chunks: Callable[[], None] = lambda: None,
) -> None:
    """Write the exported file to ``target`` and verify its size and checksum.

    After a dropped connection, only the missing bytes are requested.

    Args:
        open_at: Opens the remote file at a byte offset.
        target: An empty, readable, writable and seekable file.
        clock: For the waits between attempts.
        size: The bytes the job reported.
        sha256: The hex digest the job reported.
        between_chunks: Called after each chunk. An error that it raises ends the download.

    Raises:
        CorruptFileError: The finished file has another size or checksum than the job reported.
        ApiError: Marketo answered with an error instead of the file.
        TransientError: No more bytes arrived, after several attempts.
        SpoolError: The local disk is full or broken.
    """
    for _ in range(MAX_WHOLE_DOWNLOADS):
        spool = _Spool(target)
        # The errors of between_chunks are raised here, outside of the retries.
        with closing(_fill(spool, open_at, clock, size)) as chunks:
            for _ in chunks:
                between_chunks()
        if spool.length == size and spool.sha256 == sha256:
            return
        actual = f"{spool.length} bytes with SHA-256 {spool.sha256}"
        logger.warning(
            "The file from %s has %s, but its job reported %d bytes with SHA-256 %s.",
            spool.call,
            actual,
            size,
            sha256,
        )
    raise CorruptFileError(
        f"Marketo's file has {actual}, but its job reported {size} bytes with SHA-256 {sha256} "
        f"({spool.call}). No row of it was used; run again, and contact Marketo Support if this "
        "happens again."
    )


def download_beginning(
    open_file: Callable[[], AbstractContextManager[Response]], clock: Clock, size: int
) -> bytes:
    """Return the first bytes of an exported file, at most ``size``; nothing is verified.

    Raises:
        ApiError: Marketo returned an error instead of the file.
        TransientError: Nothing arrived, after several attempts.
    """
    budget = RetryBudget(clock)
    while True:
        beginning = bytearray()
        try:
            with open_file() as response:
                for chunk in _file_chunks(response):
                    beginning += chunk
                    if len(beginning) >= size:
                        break
        except TransientError as error:
            budget.wait_before_retry(error)
        else:
            return bytes(beginning[:size])


class _Spool:
    """The bytes received so far, their number and their running hash.

    Attributes:
        call: Method and path of the latest response, which contain the id of the export.
    """

    def __init__(self, target: BinaryIO) -> None:
        self.call = "a request for a file"
        self._target = target
        self.restart()

    def restart(self) -> None:
        """Discard what was received."""
        self.length = 0
        self._hash = hashlib.sha256()
        self._target.seek(0)
        self._target.truncate()

    def add(self, chunk: bytes) -> None:
        """Append bytes; raises ``SpoolError`` if the disk does not store them."""
        try:
            self._target.write(chunk)
            self._target.flush()
        except OSError as error:
            self._discard_buffer()
            raise SpoolError(
                f"The temporary file for an export cannot be written ({error.strerror}). Free "
                "disk space, or set TMPDIR to a larger disk. No data was lost; run again."
            ) from error
        self._hash.update(chunk)
        self.length += len(chunk)

    def content(self) -> bytes:
        """Read back what was received."""
        self._target.seek(0)
        return self._target.read(self.length)

    @property
    def sha256(self) -> str:
        """The hex digest of all bytes received."""
        return self._hash.hexdigest()

    def _discard_buffer(self) -> None:
        """Make room for the bytes still buffered; otherwise closing the file would fail too."""
        with suppress(OSError):
            os.ftruncate(self._target.fileno(), 0)
            os.lseek(self._target.fileno(), 0, os.SEEK_SET)
            self._target.seek(0)


def _fill(spool: _Spool, open_at: OpenAt, clock: Clock, size: int) -> Generator[None]:
    """Receive until ``size`` bytes are there, or the file turns out to be shorter or longer.

    Yields after each chunk.
    """
    budget, longest = RetryBudget(clock), 0
    while True:
        before = spool.length
        try:
            with open_at(spool.length) as response:
                spool.call = response.call
                yield from _receive(response, spool, size)
        except TransientError as error:
            # A file that begins again and again does not progress.
            if spool.length > longest:
                longest = spool.length
                budget.reset()
            logger.warning(
                "The file from %s stopped at byte %d of %d.", spool.call, spool.length, size
            )
            budget.wait_before_retry(error)
        else:
            # A complete response without bytes: the file is shorter than its job reported.
            if spool.length >= size or spool.length == before:
                return


def _receive(response: Response, spool: _Spool, size: int) -> Iterator[None]:
    """Append one response's bytes to the spool; at most one chunk more than ``size``."""
    chunks = _file_chunks(response)
    if response.status == HTTPStatus.OK and spool.length:
        # Marketo may answer a Range request with the whole file, which must not be appended.
        spool.restart()
    elif response.status == HTTPStatus.PARTIAL_CONTENT and not _continues(response, spool):
        spool.restart()
        raise InvalidResponseError(
            f"The response to {response.call} is another part of the file than the requested one"
        )
    is_beginning = not spool.length
    for chunk in chunks:
        spool.add(chunk)
        yield
        if spool.length > size:
            break
    if is_beginning and spool.length != size:
        _raise_for_envelope(response, spool)


def _continues(response: Response, spool: _Spool) -> bool:
    """Return whether a part of a file begins at the first missing byte.

    The byte range of a compressed part counts compressed bytes.
    """
    found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    return found is not None and int(found[1]) == spool.length and not response.is_encoded


def _file_chunks(response: Response) -> Iterator[bytes]:
    """Return the file's bytes as they arrive.

    Raises:
        FileNotReadyError: 404; Marketo may need a moment after "Completed".
        ApiError, TransientError: The response is an error, which can come with HTTP 200.
    """
    if response.status == HTTPStatus.NOT_FOUND:
        raise FileNotReadyError(
            "Marketo reports an export as completed but does not find its file "
            f"({response.call}: HTTP 404)"
        )
    if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return iter(())
    is_file = response.status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
    if not is_file or _is_json(response):
        parse_envelope(response.call, response.status, response.read_body())
        raise invalid_response(response.call, response.status)
    return response.iter_chunks()


def _is_json(response: Response) -> bool:
    """Return whether the content type is that of an envelope, which can come with HTTP 200."""
    return "json" in response.headers.get("Content-Type", "").casefold()


def _raise_for_envelope(response: Response, spool: _Spool) -> None:
    """Look for an envelope with a file's content type, if the size is not the file's.

    Raises:
        ApiError, TransientError: The error in the envelope.
    """
    if spool.length > _ENVELOPE_BYTES:
        return
    content = response.redacted(spool.content())
    if json_object_or_none(content) is not None:
        spool.restart()
        parse_envelope(response.call, response.status, content)
