"""A server that sends prepared bytes, for responses that the sandbox does not send."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Host:
    """Sends one response to each connection, in order, and then the last response to all others.

    Attributes:
        requests: The bytes received, per connection.
    """

    def __init__(self, *responses: Iterable[bytes]) -> None:
        """Start listening. Each response is an iterable of the chunks to send."""
        self.requests: list[bytes] = []
        self._responses = responses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; the second call does nothing."""
        if not self._thread.is_alive():
            return
        # This ends the call of accept in the thread; close() does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    self._respond(connection)

    def _respond(self, connection: socket.socket) -> None:
        self.requests.append(_request(connection))
        number = min(len(self.requests), len(self._responses)) - 1
        for chunk in self._responses[number]:
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
        # Closing while bytes are unread would reset the connection.
        connection.recv(1)


def _request(connection: socket.socket) -> bytes:
    request = b""
    # A TLS handshake has no line ends.
    while b"\r\n\r\n" not in request and not request.startswith(b"\x16"):
        request += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http_response(content: Any, *headers: str, status: str = "200 OK") -> list[bytes]:  # noqa: ANN401 - any JSON value
    """Return the chunks of a response whose body is these bytes, or this value as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ["\r\n".join([*lines, "", ""]).encode() + body]


TOKEN_RESPONSE = http_response({"access_token": "the-token", "expires_in": 3599})
