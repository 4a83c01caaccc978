"""A host that sends the bytes a test wants, for responses that no sandbox would give."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Host:
    """Answers one connection after the other with the given bytes; the last ones for ever.

    Attributes:
        requests: What arrived, per connection.
    """

    def __init__(self, *answers: Iterable[bytes]) -> None:
        """Listen at once."""
        self.requests: list[bytes] = []
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        # Wakes the thread, which closing alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        self.requests.append(_request(connection))
        number = min(len(self.requests), len(self._answers)) - 1
        for piece in self._answers[number]:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        # Closing with bytes unread would be a reset.
        connection.recv(1)


def _request(connection: socket.socket) -> bytes:
    request = b""
    # Who wants TLS does not speak in lines.
    while b"\r\n\r\n" not in request and not request.startswith(b"\x16"):
        request += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(content: Any, *headers: str, status: str = "200 OK") -> list[bytes]:  # noqa: ANN401 - any JSON value
    """Return an answer of bytes, or of JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ["\r\n".join([*lines, "", ""]).encode() + body]


TOKEN = answer({"access_token": "the-token", "expires_in": 3599})
