"""A completed job's file on local disk, proven byte for byte.

Deciding and sending are kept apart: ``_Spool`` knows offsets and the running hash,
``download`` knows connections.
"""

from __future__ import annotations

import hashlib
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import (
    CorruptFileError,
    FileNotReadyError,
    NotMarketoError,
    SpoolError,
    TransientError,
)
from tap_marketo_bulk.marketo.envelope import not_marketo, read_envelope
from tap_marketo_bulk.marketo.patience import growing_pauses, pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.marketo.client import Answer

    OpenAt = Callable[[int], AbstractContextManager[Answer]]

logger = logging.getLogger("tap-marketo-bulk.marketo")

# Connections in a row that brought nothing new.
FRUITLESS_TRIES = 8
# Whole files in a row that were not what the job promised. Whether each is charged
# against the quota nobody knows, so the number is small.
WHOLE_TRIES = 3
_CONTENT_RANGE = re.compile(r"bytes\s+(\d+)-")


def download(open_at: OpenAt, target: BinaryIO, clock: Clock, *, size: int, sha256: str) -> None:
    """Write the exported file to ``target``, byte for byte as Marketo made it.

    Survives dropped connections by asking only for the bytes still missing.

    Args:
        open_at: Opens the remote file at a byte offset.
        target: An empty, writable, seekable file.
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
            message = (
                f"The temporary file for an export cannot be written ({error.strerror}). Free "
                "some space, or set TMPDIR to a roomier disk; nothing was lost, run again."
            )
            raise SpoolError(message) from error
        self._hash.update(piece)
        self.length += len(piece)

    @property
    def sha256(self) -> str:
        """The hex digest of all bytes received."""
        return self._hash.hexdigest()


def _fill(spool: _Spool, open_at: OpenAt, clock: Clock, size: int) -> None:
    """Receive until ``size`` bytes are there, or the file turns out to be shorter or longer."""
    pauses, fruitless = growing_pauses(), 0
    while True:
        before = spool.length
        try:
            with open_at(spool.length) as answer:
                _receive(answer, spool, size)
        except TransientError as error:
            if spool.length > before:
                pauses, fruitless = growing_pauses(), 0
            fruitless += 1
            if fruitless >= FRUITLESS_TRIES:
                raise
            logger.warning("A download stopped at byte %d of %d.", spool.length, size)
            pause(clock, error, pauses)
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
        raise NotMarketoError(message)
    for piece in pieces:
        spool.add(piece)
        if spool.length > size:
            return


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


def _range_start(answer: Answer) -> int | None:
    found = _CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else None
