"""The HTTP server on loopback: it receives calls, and sends their responses."""

import socket
import struct
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import cast

from tap_marketo_bulk.sandbox.http.dispatcher import Dispatcher
from tap_marketo_bulk.sandbox.http.messages import BEFORE_HEADERS, HttpResponse


class HttpServer(ThreadingHTTPServer):
    """The listening socket and its open connections.

    Raises:
        OSError: The port cannot be used.
    """

    daemon_threads = True
    # Do not wait for connections that clients keep open.
    block_on_close = False
    # A pipeline may open all its connections at once.
    request_queue_size = 128

    def __init__(self, port: int, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher
        self.stopping = Event()
        # Copied before iteration, because connections are added and removed at any time.
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), ConnectionHandler)

    def server_close(self) -> None:
        """Close the listening socket and all connections, also those that clients keep open."""
        super().server_close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_args: object) -> None:
        """Print nothing: that a client closes the connection during a response is no error."""


class ConnectionHandler(BaseHTTPRequestHandler):
    """Handles the calls of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Send all headers in one packet.
    wbufsize = -1

    def setup(self) -> None:
        """Add the connection to those of the server."""
        super().setup()
        self._http_server.connections.add(self.connection)

    def finish(self) -> None:
        """Remove the connection from those of the server."""
        self._http_server.connections.discard(self.connection)
        super().finish()

    @property
    def _http_server(self) -> HttpServer:
        return cast("HttpServer", self.server)

    def _handle_call(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        handle = self._http_server.dispatcher.handle
        with handle(self.command, self.path, dict(self.headers), body) as response:
            self._send(response)

    # The names that http.server calls.
    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle_call  # noqa: N815 - see above

    def _send(self, response: HttpResponse) -> None:
        transmission = response.transmission
        self._http_server.stopping.wait(transmission.delay_seconds)
        if transmission.drop_at != BEFORE_HEADERS:
            self._send_headers(response)
            self._send_body(response)
        if transmission.drop_at is not None:
            self.close_connection = True
        if transmission.reset:
            # With a linger time of 0 the socket sends a reset when it is closed.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _send_headers(self, response: HttpResponse) -> None:
        self.send_response_only(response.status)
        for name, value in response.all_headers().items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, response: HttpResponse) -> None:
        with closing(response.body_chunks()) as chunks:
            for chunk in chunks:
                self.wfile.write(chunk)
                self.wfile.flush()
                self._http_server.stopping.wait(response.transmission.pause_seconds)

    def log_message(self, *_args: object) -> None:
        """Print nothing: the request log has every call."""
