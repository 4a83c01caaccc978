"""A completed job's file on local disk, proven byte for byte.

Deciding and sending are kept apart: ``_Spool`` knows offsets and the running hash,
``download`` knows connections.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import (
    CorruptFileError,
    FileNotReadyError,
    InvalidResponseError,
    SpoolError,
    TransientError,
)
from tap_marketo_bulk.marketo.envelope import not_marketo, parse_object, read_envelope
from tap_marketo_bulk.marketo.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.marketo.answer import Answer

    OpenAt = Callable[[int], AbstractContextManager[Answer]]

logger = logging.getLogger("tap-marketo-bulk.marketo")

# Whole files in a row that were not what the job promised. Whether each is charged
# against the quota nobody knows, so the number is small.
WHOLE_TRIES = 3
# No error envelope is longer.
_ENVELOPE_BYTES = 64 * 1024
_CONTENT_RANGE = re.compile(r"bytes\s+(\d+)-")


def download(open_at: OpenAt, target: BinaryIO, clock: Clock, *, size: int, sha256: str) -> None:
    """Write the exported file to ``target``, byte for byte as Marketo made it.

    Survives dropped connections by asking only for the bytes still missing.

    Args:
        open_at: Opens the remote file at a byte offset.
        target: An empty, readable, writable and seekable file.
        clock: For the pauses between tries.
        size: The bytes the job promised.
        sha256: The hex digest the job promised.

    Raises:
        CorruptFileError: The finished file has another size or checksum than promised.
        ApiError: Marketo answered with an error instead of the file.
        TransientError: Nothing more arrived, after several tries.
        SpoolError: The local disk is full or broken.
    """
    for _ in range(WHOLE_TRIES):
        spool = _Spool(target)
        _fill(spool, open_at, clock, size)
        if spool.length == size and spool.sha256 == sha256:
            return
        finding = f"{spool.length} bytes with SHA-256 {spool.sha256}"
        logger.warning("A file has %s, not %d bytes with %s.", finding, size, sha256)
    message = (
        f"Marketo's file has {finding}, but its job promised {size} bytes with SHA-256 {sha256}. "
        "No row of it was used; run again, and report it to Marketo Support if it stays so."
    )
    raise CorruptFileError(message)


class _Spool:
    """The bytes received so far, their number and their running hash."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.restart()

    def restart(self) -> None:
        """Forget what was received."""
        self.length = 0
        self._hash = hashlib.sha256()
        self._target.seek(0)
        self._target.truncate()

    def add(self, piece: bytes) -> None:
        """Append bytes; raises ``SpoolError`` where the disk does not take them."""
        try:
            self._target.write(piece)
            self._target.flush()
        except OSError as error:
            self._give_up()
            message = (
                f"The temporary file for an export cannot be written ({error.strerror}). Free "
                "some space, or set TMPDIR to a roomier disk; nothing was lost, run again."
            )
            raise SpoolError(message) from error
        self._hash.update(piece)
        self.length += len(piece)

    def content(self) -> bytes:
        """Read back what was received."""
        self._target.seek(0)
        return self._target.read(self.length)

    @property
    def sha256(self) -> str:
        """The hex digest of all bytes received."""
        return self._hash.hexdigest()

    def _give_up(self) -> None:
        """Make room for the bytes still buffered, or closing the file would fail again."""
        with suppress(OSError):
            os.ftruncate(self._target.fileno(), 0)
            self._target.seek(0)


def _fill(spool: _Spool, open_at: OpenAt, clock: Clock, size: int) -> None:
    """Receive until ``size`` bytes are there, or the file turns out to be shorter or longer."""
    patience = Patience(clock)
    while True:
        before = spool.length
        try:
            with open_at(spool.length) as answer:
                _receive(answer, spool, size)
        except TransientError as error:
            if spool.length > before:
                patience.renew()
            logger.warning("A download stopped at byte %d of %d.", spool.length, size)
            patience.spend(error)
        else:
            # A clean end that brought nothing: what the job promised is not there.
            if spool.length >= size or spool.length == before:
                return


def _receive(answer: Answer, spool: _Spool, size: int) -> None:
    """Append one answer's bytes to the spool, at most one piece more than promised."""
    pieces = _file_pieces(answer)
    if answer.status == HTTPStatus.OK and spool.length:
        # Marketo may answer a Range request with the whole file. Appending it would
        # double the bytes already here, so begin again.
        spool.restart()
    elif answer.status == HTTPStatus.PARTIAL_CONTENT and _range_start(answer) != spool.length:
        wanted = spool.length
        spool.restart()
        message = f"Marketo sent another part of a file than byte {wanted} onwards"
        raise InvalidResponseError(message)
    is_beginning = not spool.length
    for piece in pieces:
        spool.add(piece)
        if spool.length > size:
            break
    if is_beginning and spool.length != size:
        _refuse_envelope(answer, spool)


def _file_pieces(answer: Answer) -> Iterator[bytes]:
    """Return the file's bytes as they arrive.

    Raises:
        FileNotReadyError: 404; Marketo may need a moment after "Completed".
        ApiError, TransientError: The answer is an error, be it with HTTP 200.
    """
    if answer.status == HTTPStatus.NOT_FOUND:
        message = "Marketo says an export is completed, but does not find its file (HTTP 404)"
        raise FileNotReadyError(message)
    if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return iter(())
    if answer.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT) or _is_json(answer):
        read_envelope(answer.call, answer.status, answer.body())
        raise not_marketo(answer.call, answer.status)
    return answer.pieces()


def _is_json(answer: Answer) -> bool:
    """Tell an envelope in place of the file, which comes with HTTP 200, by its content type."""
    return "json" in answer.headers.get("Content-Type", "").casefold()


def _refuse_envelope(answer: Answer, spool: _Spool) -> None:
    """Tell an envelope that claims to be the file; only one that is not as promised can be.

    Raises:
        ApiError, TransientError: What the envelope says.
    """
    if spool.length > _ENVELOPE_BYTES:
        return
    content = spool.content()
    if parse_object(content) is not None:
        spool.restart()
        read_envelope(answer.call, answer.status, content)


def _range_start(answer: Answer) -> int | None:
    found = _CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else None
