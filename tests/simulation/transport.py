"""A transport that hands the tap's requests to the sandbox: no socket, no thread, no real time.

It is an adapter of requests, so everything above it is the code of a real run. What happens to a
response on its way is the ``transmission`` that the sandbox returns with it: a dropped connection
becomes the error that urllib3 raises for it, at the same byte; a delay moves the simulated clock,
and becomes a time-out if it is longer than the request allows.
"""

from __future__ import annotations

import io
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING, Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError

from tap_marketo_bulk.sandbox.http.messages import BEFORE_HEADERS

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.sandbox.http.messages import HttpResponse
    from tap_marketo_bulk.times import Clock


class SimulatedKillError(BaseException):
    """The process of the tap does not exist any more: nothing that it does has an effect."""


class SandboxAdapter(HTTPAdapter):
    """Sends the requests of one run of the tap to a sandbox.

    Attributes:
        calls_before_kill: After this many calls the process is killed, when the last of them has
            been executed and before its response arrives; None: never.
        is_killed: Whether the process was killed: no later call arrives at the sandbox.
    """

    def __init__(
        self, sandbox: Sandbox, clock: Clock, calls_before_kill: int | None = None
    ) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._clock = clock
        self.calls_before_kill = calls_before_kill
        self.is_killed = False

    def kill(self) -> None:
        """Kill the process."""
        self.is_killed = True

    def send(
        self,
        request: requests.PreparedRequest,
        *_args: object,
        **options: Any,  # noqa: ANN401 - requests' own
    ) -> requests.Response:
        """Return the sandbox's response to a request.

        Raises:
            requests.ConnectionError: The connection ended before the headers.
            requests.ReadTimeout: The headers took longer than the request allows.
            SimulatedKillError: The process is killed.
        """
        if self.is_killed:
            raise SimulatedKillError
        response = self._executed(request)
        if self.calls_before_kill is not None:
            self.calls_before_kill -= 1
            if self.calls_before_kill <= 0:
                self.kill()
                raise SimulatedKillError
        _, seconds = options["timeout"]
        self._wait_for_headers(response, seconds)
        body = io.BufferedReader(cast("io.RawIOBase", _Body(response, self._clock, seconds)))
        raw = urllib3.HTTPResponse(
            body=body,
            headers=response.all_headers(),
            status=response.status,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)

    def _executed(self, request: requests.PreparedRequest) -> HttpResponse:
        body = request.body or b""
        return self._sandbox.handle(
            request.method or "",
            request.path_url,
            dict(request.headers),
            body.encode() if isinstance(body, str) else body,
        )

    def _wait_for_headers(self, response: HttpResponse, timeout_seconds: float) -> None:
        transmission = response.transmission
        if transmission.delay_seconds > timeout_seconds:
            self._clock.sleep(timeout_seconds)
            message = "Read timed out."
            raise requests.ReadTimeout(message)
        if transmission.delay_seconds:
            self._clock.sleep(transmission.delay_seconds)
        if transmission.drop_at == BEFORE_HEADERS:
            cause = (
                ConnectionResetError("Connection reset by peer")
                if transmission.reset
                else RemoteDisconnected("Remote end closed connection without response")
            )
            message = "Connection aborted."
            raise requests.ConnectionError(ProtocolError(message, cause))


class _Body(io.RawIOBase):
    """The bytes of a body as they arrive; they end early where the connection is dropped."""

    def __init__(self, response: HttpResponse, clock: Clock, timeout_seconds: float) -> None:
        self._chunks = response.body_chunks()
        self._pause_seconds = response.transmission.pause_seconds
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._unread = b""

    def readable(self) -> bool:
        """Return True: without this a buffer refuses to read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read some bytes; raises ``TimeoutError`` if none arrive in time."""
        if not self._unread:
            self._unread = next(self._chunks, b"")
            self._wait()
        view = memoryview(buffer).cast("B")
        part, self._unread = self._unread[: len(view)], self._unread[len(view) :]
        view[: len(part)] = part
        return len(part)

    def _wait(self) -> None:
        if self._pause_seconds > self._timeout_seconds:
            self._clock.sleep(self._timeout_seconds)
            raise TimeoutError
        if self._pause_seconds:
            self._clock.sleep(self._pause_seconds)

    def close(self) -> None:
        """Stop reading: later bytes are not sent."""
        self._chunks.close()
        super().close()
