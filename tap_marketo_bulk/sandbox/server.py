"""HTTP on loopback: calls come in, are written down, answered, and replies go out."""

import socket
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from tap_marketo_bulk.sandbox.api import Api, decoded, find_route, refused
from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Call, Exchange, FilePart, Reply
from tap_marketo_bulk.sandbox.jobs import Jobs
from tap_marketo_bulk.sandbox.refusal import Code, Refusal

_CHUNK_BYTES = 1 << 16
# Marketo's limits: 1 MB of request body, 8 KB of URI.
_MAX_BODY_BYTES = 1_000_000
_MAX_URI_BYTES = 8192


class Server(ThreadingHTTPServer):
    """The listening socket, and what its handlers share."""

    daemon_threads = True
    # A pipeline may open all its connections at once.
    request_queue_size = 128

    def __init__(self, port: int, api: Api, jobs: Jobs, clock: Clock) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.api = api
        self.jobs = jobs
        self.clock = clock
        self.calls: list[Call] = []
        self._lock = Lock()

    def arrive(self, call: Call) -> int:
        """Write a call down; its place in the book."""
        with self._lock:
            self.calls.append(call)
            return len(self.calls) - 1

    def answered(self, place: int, status: int) -> None:
        """Write down what a call was answered with."""
        with self._lock:
            self.calls[place] = replace(self.calls[place], status=status)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive from call to call."""

    protocol_version = "HTTP/1.1"
    server_version = "Marketo"
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        server = cast("Server", self.server)
        exchange = self._exchange()
        place = server.arrive(exchange.call)
        if len(self.path) > _MAX_URI_BYTES:
            reply = refused(Refusal(Code.URI_TOO_LONG, "Request-URI too long", http_status=414))
        elif len(exchange.body) > _MAX_BODY_BYTES:
            reply = refused(
                Refusal(Code.BODY_TOO_LARGE, "Request entity too large", http_status=413)
            )
        else:
            reply = server.api.answer(exchange)
        server.answered(place, reply.status)
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _handle  # noqa: N815

    def _exchange(self) -> Exchange:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        name, held = find_route(self.command, url.path)
        call = Call(
            at=cast("Server", self.server).clock.now(),
            name=name,
            method=self.command,
            path=url.path,
            object=held.get("object", ""),
            export_id=held.get("export_id", ""),
            body=decoded(body),
        )
        return Exchange(call, dict(parse_qsl(url.query)), dict(self.headers), body)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(reply.length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.file:
            self._send_file(reply.file)
        else:
            self.wfile.write(reply.body)

    def _send_file(self, part: FilePart) -> None:
        sent = 0
        try:
            with part.path.open("rb") as file:
                file.seek(part.start)
                while sent < part.length:
                    chunk = file.read(min(_CHUNK_BYTES, part.length - sent))
                    self.wfile.write(chunk)
                    sent += len(chunk)
        finally:
            cast("Server", self.server).jobs.sent(part.export_id, sent)

    def handle(self) -> None:
        """Serve the connection until either side leaves; leaving is no error."""
        try:
            super().handle()
        except (ConnectionError, socket.timeout):  # noqa: UP041
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Say nothing: the calls are in the book."""
