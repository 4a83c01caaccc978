"""HTTP on loopback: calls come in, are written down, answered, and replies go out."""

import json
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from tap_marketo_bulk.sandbox.call_book import CallBook
from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.delivery import pieces
from tap_marketo_bulk.sandbox.exchange import BEFORE_HEADERS, Call, Exchange, Json, Reply, refused
from tap_marketo_bulk.sandbox.jobs import Jobs
from tap_marketo_bulk.sandbox.limits import Limits
from tap_marketo_bulk.sandbox.refusal import Code, Refusal
from tap_marketo_bulk.sandbox.routes import find_route

Answer = Callable[[Exchange], Reply]

# Marketo's limits: 1 MB of request body, 8 KB of URI.
_MAX_BODY_BYTES = 1_000_000
_MAX_URI_BYTES = 8192


@dataclass(frozen=True)
class Shared:
    """What the connections touch beside the answers."""

    jobs: Jobs
    limits: Limits
    book: CallBook
    clock: Clock


class Server(ThreadingHTTPServer):
    """The listening socket, and what its connections share."""

    daemon_threads = True
    # A connection that a client keeps alive must not keep the server alive.
    block_on_close = False
    # A pipeline may open all its connections at once.
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer, shared: Shared) -> None:
        self.answer = answer
        self.shared = shared
        self.stopping = Event()
        # Copied where it is walked, since connections come and go meanwhile.
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Connection)

    def server_close(self) -> None:
        """End everything: also the connections that clients keep alive."""
        super().server_close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_args: object) -> None:
        """A client that leaves in the middle is no error."""


class Connection(BaseHTTPRequestHandler):
    """One connection, kept alive from call to call."""

    protocol_version = "HTTP/1.1"
    server_version = "Marketo"
    disable_nagle_algorithm = True
    # One packet for the headers, not one for each.
    wbufsize = -1

    def setup(self) -> None:
        """Begin, known to the server."""
        super().setup()
        self._own.connections.add(self.connection)

    def finish(self) -> None:
        """End."""
        self._own.connections.discard(self.connection)
        super().finish()

    @property
    def _own(self) -> Server:
        return cast("Server", self.server)

    def _handle(self) -> None:
        shared = self._own.shared
        exchange = self._exchange()
        with shared.limits.in_flight() as count:
            place = shared.book.arrive(exchange.call)
            try:
                self._check(exchange, count)
                reply = self._own.answer(exchange)
            except Refusal as refusal:
                reply = refused(refusal)
            sends_nothing = reply.delivery.drop_at == BEFORE_HEADERS
            shared.book.answered(place, 0 if sends_nothing else reply.status)
            self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815 - http.server's names

    def _check(self, exchange: Exchange, in_flight: int) -> None:
        if len(self.path) > _MAX_URI_BYTES:
            raise Refusal(Code.URI_TOO_LONG, "Request-URI too long", http_status=414)
        if len(exchange.body) > _MAX_BODY_BYTES:
            raise Refusal(Code.BODY_TOO_LARGE, "Request entity too large", http_status=413)
        self._own.shared.limits.check_concurrency(exchange.call.name, in_flight)

    def _exchange(self) -> Exchange:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        name, held = find_route(self.command, url.path)
        call = Call(
            at=self._own.shared.clock.now(),
            name=name,
            method=self.command,
            path=url.path,
            object=held.get("object", ""),
            export_id=held.get("export_id", ""),
            body=_decoded(body),
        )
        headers = {key.lower(): value for key, value in self.headers.items()}
        return Exchange(call, dict(parse_qsl(url.query)), headers, body)

    def _send(self, reply: Reply) -> None:
        delivery = reply.delivery
        self._own.stopping.wait(delivery.delay_seconds)
        if delivery.drop_at != BEFORE_HEADERS:
            self._send_head(reply)
            self._send_body(reply)
        if delivery.drop_at is not None:
            self.close_connection = True
        if delivery.reset:
            # No time to linger: the peer is told of a reset.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(reply.length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, reply: Reply) -> None:
        dropped_at = reply.delivery.drop_at
        total = reply.length if dropped_at is None else dropped_at
        sent = 0
        try:
            for piece in pieces(reply):
                if sent + len(piece) == total:
                    # Before it leaves: who has the last byte finds it noted.
                    self._note(reply, total)
                self.wfile.write(piece)
                self.wfile.flush()
                sent += len(piece)
                self._own.stopping.wait(reply.delivery.pause_seconds)
        except OSError:
            self._note(reply, sent)
            raise

    def _note(self, reply: Reply, sent: int) -> None:
        if reply.file:
            self._own.shared.jobs.sent(reply.file.export_id, sent)

    def log_message(self, *_args: object) -> None:
        """Say nothing: the calls are in the book."""


def _decoded(body: bytes) -> Json:
    try:
        return cast("Json", json.loads(body)) if body else None
    except ValueError:
        return None
