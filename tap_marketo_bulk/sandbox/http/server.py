"""The HTTP server on loopback: it receives calls, logs them, and sends responses."""

import json
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import cast
from urllib.parse import urlsplit

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.http.access import CallLimits
from tap_marketo_bulk.sandbox.http.messages import (
    BEFORE_HEADERS,
    Call,
    HttpRequest,
    HttpResponse,
)
from tap_marketo_bulk.sandbox.http.request_url import method_and_query, resolve_dot_segments
from tap_marketo_bulk.sandbox.http.responses import api_error_response

# Marketo's limits: 1 MB of request body, 8 KB of URI.
_MAX_BODY_BYTES = 1_000_000
_MAX_URI_BYTES = 8192


class ReceivedCalls:
    """All calls in order of arrival; threads can share it."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = Lock()

    def all_calls(self) -> list[Call]:
        """The calls up to now."""
        with self._lock:
            return list(self._calls)

    def add(self, call: Call) -> int:
        """Add a call; return its index."""
        with self._lock:
            self._calls.append(call)
            return len(self._calls) - 1

    def set_status(self, index: int, status: int) -> None:
        """Set the HTTP status of the response to a call."""
        with self._lock:
            self._calls[index] = replace(self._calls[index], status=status)


@dataclass(frozen=True)
class ServerContext:
    """What the server uses to respond to a call."""

    call_name_and_path_groups: Callable[[str, str], tuple[str, Mapping[str, str]]]
    """Returns the name of a call and the groups in its path, for a method and a path."""
    respond: Callable[[HttpRequest], HttpResponse]
    count_sent_bytes: Callable[[str, int], None]
    """Called with a job's id and the number of bytes of its file that a response has sent."""
    limits: CallLimits
    request_log: ReceivedCalls
    clock: SandboxClock


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

    def __init__(self, port: int, context: ServerContext) -> None:
        self.context = context
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
    server_version = "Marketo"
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

    @property
    def _context(self) -> ServerContext:
        return self._http_server.context

    def _handle_call(self) -> None:
        context = self._context
        request = self._read_request()
        with context.limits.track_concurrent_call() as concurrent:
            index = context.request_log.add(request.call)
            try:
                self._check_request(request, concurrent)
                response = context.respond(request)
            except SandboxApiError as error:
                response = api_error_response(error)
            sends_nothing = response.transmission.drop_at == BEFORE_HEADERS
            context.request_log.set_status(index, 0 if sends_nothing else response.status)
            self._send(response)

    # The names that http.server calls.
    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle_call  # noqa: N815 - see above

    def _check_request(self, request: HttpRequest, concurrent: int) -> None:
        if len(self.path) > _MAX_URI_BYTES:
            message = "Request-URI too long"
            raise SandboxApiError(ApiErrorCode.URI_TOO_LONG, message, http_status=414)
        if len(request.body) > _MAX_BODY_BYTES:
            message = "Request entity too large"
            raise SandboxApiError(ApiErrorCode.BODY_TOO_LARGE, message, http_status=413)
        self._context.limits.check_concurrent(request.call.name, concurrent)

    def _read_request(self) -> HttpRequest:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        path = resolve_dot_segments(url.path)
        method, query = method_and_query(self.command, url.query, body)
        name, path_groups = self._context.call_name_and_path_groups(method, path)
        call = Call(
            at=self._context.clock.now(),
            name=name,
            method=self.command,
            path=path,
            object=path_groups.get("object", ""),
            export_id=path_groups.get("export_id", ""),
            body=_decode_json(body),
        )
        headers = {key.lower(): value for key, value in self.headers.items()}
        return HttpRequest(call, query, headers, body)

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

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The ``Date`` header, by the sandbox's clock."""
        del timestamp  # only for other headers
        return super().date_time_string(self._context.clock.now().timestamp())

    def _send_headers(self, response: HttpResponse) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(response.length))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, response: HttpResponse) -> None:
        drop_at = response.transmission.drop_at
        total = response.length if drop_at is None else drop_at
        sent = 0
        try:
            for chunk in response.body_chunks():
                if sent + len(chunk) == total:
                    # Before the last chunk: a client that has received it can read the count.
                    self._count_sent_bytes(response, total)
                self.wfile.write(chunk)
                self.wfile.flush()
                sent += len(chunk)
                self._http_server.stopping.wait(response.transmission.pause_seconds)
        except OSError:
            self._count_sent_bytes(response, sent)
            raise

    def _count_sent_bytes(self, response: HttpResponse, byte_count: int) -> None:
        if response.file:
            self._context.count_sent_bytes(response.file.export_id, byte_count)

    def log_message(self, *_args: object) -> None:
        """Print nothing: the request log has every call."""


def _decode_json(body: bytes) -> object:
    """The decoded JSON, None for other bodies."""
    try:
        return cast("object", json.loads(body)) if body else None
    except ValueError:
        return None
