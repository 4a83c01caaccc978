"""An HTTP answer, read piece by piece and in bounded time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import InvalidResponseError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from tap_marketo_bulk.clock import Clock

PIECE_BYTES = 64 * 1024
# Even the description of a thousand fields stays far below.
ENVELOPE_LIMIT_BYTES = 16 * 1024 * 1024


class Answer:
    """An HTTP answer whose body is still to be read.

    Attributes:
        call: What was asked: method and path, without query.
        status: The HTTP status.
        headers: The answer's headers, names in any case.
    """

    def __init__(
        self, call: str, response: requests.Response, clock: Clock, timeout: float
    ) -> None:
        """Read nothing yet."""
        self.call = call
        self.status = response.status_code
        self.headers = response.headers
        self._response = response
        self._clock = clock
        self._timeout = timeout

    def pieces(self) -> Iterator[bytes]:
        """Yield bytes as they arrive, at most 64 KiB at a time.

        The connection's own time-out is for a single byte, so it does not end a trickle.

        Raises:
            UnreachableError: They come slower than 64 KiB in each ``request_timeout_seconds``.
        """
        allowed, received = self._clock.monotonic() + self._timeout, 0
        # Not read(), which waits until a whole piece is there, however long that takes.
        while piece := self._response.raw.read1(PIECE_BYTES):
            yield piece
            received += len(piece)
            if received >= PIECE_BYTES:
                allowed, received = self._clock.monotonic() + self._timeout, 0
            elif self._clock.monotonic() > allowed:
                message = f"The answer to {self.call} only trickled in ({received} bytes)"
                raise UnreachableError(message)

    def body(self) -> bytes:
        """Return the whole body of an envelope.

        Raises:
            UnreachableError: It trickles in.
            InvalidResponseError: It is longer than any envelope.
        """
        body = bytearray()
        for piece in self.pieces():
            body += piece
            if len(body) > ENVELOPE_LIMIT_BYTES:
                message = f"The answer to {self.call} is too long for an envelope"
                raise InvalidResponseError(message)
        return bytes(body)
