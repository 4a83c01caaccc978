"""The HTTP session: what each request carries, and what is bounded in time.

requests and urllib3 bound each wait for bytes, but not the wait for all of a response's headers.
The connection classes here add that.


The client's side of Marketo's rate limit, so that calls do not fail with 606.

How often and after which waits a failed call is repeated.

python-backoff provides exponential growth and jitter; the waits go through the clock parameter.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import backoff
import requests
import urllib3.connection
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from tap_marketo_bulk.errors import InternalServerError
from tap_marketo_bulk.marketo.limits import CALL_PERIOD_SECONDS, CALLS_PER_PERIOD

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

    from tap_marketo_bulk.errors import TransientError
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.marketo")


# Why there is no complete response; the first entry that matches is reported.
_CAUSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (requests.exceptions.ProxyError, "the proxy did not let it through"),
    (requests.exceptions.SSLError, "the TLS certificate or handshake was not accepted"),
    (urllib3.exceptions.NameResolutionError, "the host name is not known"),
    (urllib3.exceptions.NewConnectionError, "the host does not accept connections"),
    (requests.ConnectTimeout, "the host did not accept a connection in time"),
    ((requests.Timeout, urllib3.exceptions.TimeoutError), "the response did not arrive in time"),
)


@dataclass(frozen=True)
class ConnectionSettings:
    """The address of a subscription, the credentials, and how requests are made.

    ``base_url`` ends neither in ``/rest`` nor in ``/identity``: bulk paths have neither.
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    request_timeout_seconds: float
    user_agent: str


class Session(requests.Session):
    """A session that no call changes, so that threads can share it."""

    def __init__(self, connection: ConnectionSettings) -> None:
        """Open no connection yet."""
        super().__init__()
        self.headers["User-Agent"] = connection.user_agent
        # With a compressed response, sizes and byte ranges would mean something else.
        self.headers["Accept-Encoding"] = "identity"
        # A response can only change a session through cookies, and Marketo needs none.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Plain http is for loopback, which no proxy of the environment should see.
        self.trust_env = connection.base_url.startswith("https:")
        for prefix in ("https://", "http://"):
            self.mount(prefix, _Adapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: the token would be sent to the host that the response names."""
        del resp


class BearerAuth(requests.auth.AuthBase):
    """Sends the token as a header; an auth object also keeps a ``.netrc`` from replacing it."""

    def __init__(self, token: str) -> None:
        """Take the access token."""
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is; see ``BearerAuth`` about ``.netrc``."""
    return request


def cause_of(error: Exception) -> str:
    """Return in a few words why there is no complete response.

    The error's own text can contain a URL with its query, so it must not be shown.
    """
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    for types, text in _CAUSES:
        if isinstance(error, types) or isinstance(reason, types):
            return text
    return "the connection broke"


class DeadlineReader(io.RawIOBase):
    """A socket's bytes; while there is a deadline, all waits together end at it."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._deadline = time.monotonic() + self._timeout if self._timeout else None

    def end_deadline(self) -> None:
        """Let each wait take up to the socket's time-out from here on."""
        if self._deadline is not None:
            self._deadline = None
            self._sock.settimeout(self._timeout)

    def readable(self) -> bool:
        """Return True: without this a buffer refuses to read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Read some bytes; raises ``TimeoutError`` at the deadline."""
        if self._deadline is not None:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            self._sock.settimeout(seconds)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the socket's file too."""
        with suppress(OSError):
            # A tunnel of a proxy goes on with this socket; it may be closed already.
            self.end_deadline()
        self._raw.close()
        super().close()


class _TimedHeadersResponse(HTTPResponse):
    """A response whose status line and headers arrive within the socket's time-out in total."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - http.client's own
        super().__init__(sock, *args, **kwargs)
        # The buffer that http.client made has not read anything yet.
        self._reader = DeadlineReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read the status line and the headers."""
        super().begin()
        self._reader.end_deadline()


class _HttpConnection(urllib3.connection.HTTPConnection):
    response_class = _TimedHeadersResponse


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    response_class = _TimedHeadersResponse


class _Adapter(HTTPAdapter):
    """Makes the connections of every pool, with and without proxy, of the classes above."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own
        """Return the pool of connections that a request uses."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _HttpsConnection if pool.scheme == "https" else _HttpConnection
        return pool


def _hides_urls(record: logging.LogRecord) -> bool:
    """Drop what urllib3 logs of each call: a URL with its query, which can contain a token."""
    return record.levelno >= logging.WARNING


# A filter, not a level: it also holds where DEBUG is turned on for all loggers.
logging.getLogger("urllib3.connectionpool").addFilter(_hides_urls)


# Calls do not arrive at Marketo at exactly the intervals at which they are sent.
PERIOD_SECONDS = CALL_PERIOD_SECONDS + 0.5


# Shorter waits are not logged, and longer ones not more often than this.
_LOGGED_WAIT_SECONDS = 1.0


_LOG_INTERVAL_SECONDS = 60.0


class RateLimiter:
    """Allows at most 100 calls in any 20 seconds; safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        """Begin without any call counted."""
        self._clock = clock
        self._lock = threading.Lock()
        self._call_times: deque[float] = deque(maxlen=CALLS_PER_PERIOD)
        self._next_message = clock.monotonic()

    def acquire(self) -> None:
        """Wait until another call is allowed, and count it."""
        with self._lock:
            if len(self._call_times) == CALLS_PER_PERIOD:
                wait_seconds = self._call_times[0] + PERIOD_SECONDS - self._clock.monotonic()
                if wait_seconds > 0:
                    self._log_wait(wait_seconds)
                    self._clock.sleep(wait_seconds)
            self._call_times.append(self._clock.monotonic())

    def _log_wait(self, seconds: float) -> None:
        now = self._clock.monotonic()
        if seconds > _LOGGED_WAIT_SECONDS and now >= self._next_message:
            self._next_message = now + _LOG_INTERVAL_SECONDS
            logger.info(
                "Waiting %.0f s before the next call: Marketo accepts %d calls in %d s",
                seconds,
                CALLS_PER_PERIOD,
                CALL_PERIOD_SECONDS,
            )


MAX_WAIT_SECONDS = 60.0


# With waits of up to a minute this is some minutes in all.
MAX_ATTEMPTS = 11


# Marketo also answers a badly formed URL with HTTP 500, which no wait corrects.
MAX_ATTEMPTS_AFTER_HTTP_500 = 5


class RetryBudget:
    """Counts the failed attempts of one operation and waits between them."""

    def __init__(self, clock: Clock) -> None:
        """Begin with all attempts available."""
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Make all attempts available again, because the operation progressed."""
        self._failures = 0
        self._waits = backoff_bounds()

    def wait_before_retry(self, error: TransientError, max_attempts: int = MAX_ATTEMPTS) -> None:
        """Wait as long as the error demands, plus a growing wait with jitter.

        Raises:
            TransientError: ``error``, where this was the last of ``max_attempts``.
        """
        self._failures += 1
        if isinstance(error, InternalServerError):
            max_attempts = min(max_attempts, MAX_ATTEMPTS_AFTER_HTTP_500)
        if self._failures >= max_attempts:
            error.attempts = self._failures
            raise error
        seconds = error.min_wait_seconds + backoff.full_jitter(next(self._waits))
        logger.warning("%s; retrying in %.1f s.", error.problem, seconds)
        self._clock.sleep(seconds)


def backoff_bounds() -> Iterator[float]:
    """Yield the upper bounds of the waits between attempts: 1, 2, 4, ... 60 seconds."""
    bounds = backoff.expo(max_value=MAX_WAIT_SECONDS)
    next(bounds)  # the first value starts the generator and is not a wait
    return bounds
