"""An HTTP response whose body is read in chunks and in bounded time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import InvalidResponseError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from tap_marketo_bulk.clock import Clock

CHUNK_BYTES = 64 * 1024
# Even the description of a thousand fields is far smaller.
MAX_ENVELOPE_BYTES = 16 * 1024 * 1024


class Response:
    """An HTTP response whose body is not read yet.

    Attributes:
        call: Method and path, without query.
        status: The HTTP status.
        headers: The response's headers; names match in any letter case.
    """

    def __init__(
        self, call: str, response: requests.Response, clock: Clock, timeout_seconds: float
    ) -> None:
        """Wrap a response of requests that was opened with ``stream=True``."""
        self.call = call
        self.status = response.status_code
        self.headers = response.headers
        self._response = response
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    def iter_chunks(self) -> Iterator[bytes]:
        """Yield the body's bytes as they arrive, at most 64 KiB at a time.

        The socket's time-out starts again with each byte, so it does not bound a slow body.

        Raises:
            UnreachableError: Less than 64 KiB arrived within ``timeout_seconds``.
        """
        deadline, received = self._clock.monotonic() + self._timeout_seconds, 0
        # Not read(), which returns only when the whole chunk is there, however long that takes.
        while chunk := self._response.raw.read1(CHUNK_BYTES):
            yield chunk
            received += len(chunk)
            if received >= CHUNK_BYTES:
                deadline, received = self._clock.monotonic() + self._timeout_seconds, 0
            elif self._clock.monotonic() > deadline:
                raise UnreachableError(
                    f"The response to {self.call} arrived too slowly: {received} bytes in "
                    f"{self._timeout_seconds:g} s"
                )

    def read_body(self) -> bytes:
        """Return the whole body of an API response.

        Raises:
            UnreachableError: The body arrives too slowly.
            InvalidResponseError: The body is longer than any API response.
        """
        body = bytearray()
        for chunk in self.iter_chunks():
            body += chunk
            if len(body) > MAX_ENVELOPE_BYTES:
                raise InvalidResponseError(
                    f"The response to {self.call} is longer than an API response can be"
                )
        return bytes(body)
