"""Calls to Marketo's API: with a token, within the rate limit, repeated where that can help.

The client does not know what a call means; see ``exports.py`` and ``describe.py`` for that.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import urllib3.exceptions

from tap_marketo_bulk.errors import (
    ApiError,
    InvalidResponseError,
    TokenRejectedError,
    TransientError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.auth import TOKEN_PATH, AccessTokenCache, parse_token
from tap_marketo_bulk.marketo.responses import Envelope, Response, parse_envelope
from tap_marketo_bulk.marketo.transport import (
    MAX_ATTEMPTS,
    BearerAuth,
    ConnectionSettings,
    RateLimiter,
    RetryBudget,
    Session,
    cause_of,
    no_auth,
)
from tap_marketo_bulk.times import ClockReading, parse_date_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.marketo")


_T = TypeVar("_T")


# A host that never responded is more likely mistyped than down, and waiting does not help where
# the response is not Marketo's or where a new token is rejected too.
FEW_ATTEMPTS = 3


# A host that is up accepts a connection within seconds, however long its response takes.
CONNECT_SECONDS = 30.0


_REDIRECTED = "the endpoint redirects to another address, which is not followed; check endpoint"


class Client:
    """Marketo's HTTP API; safe to use from several threads."""

    def __init__(self, connection: ConnectionSettings, clock: Clock) -> None:
        """Open no connection yet."""
        self._connection = connection
        self._clock = clock
        self._session = Session(connection)
        self._rate_limiter = RateLimiter(clock)
        self._access_tokens = AccessTokenCache(self._request_token, clock)
        self._has_responded = False
        self._clock_reading: ClockReading | None = None

    def latest_clock_reading(self) -> ClockReading | None:
        """Return what the latest response says about Marketo's clock, None if it says nothing.

        Requests a token where there was no response yet. Raises as ``get``.
        """
        if not self._has_responded:
            self._with_retries(self._access_tokens.token)
        return self._clock_reading

    def latest_response_time(self) -> datetime:
        """Return when the latest response was made, by Marketo's clock; else the local time."""
        return self._clock_reading.date if self._clock_reading else self._clock.now()

    def get(self, path: str, **query: str | int) -> Envelope:
        """Send a GET request; returns the envelope. Raises as ``parse_envelope``."""
        return self._with_retries(lambda: self._call("GET", path, params=query))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Envelope:
        """Send a POST request; returns the envelope. Raises as ``parse_envelope``."""
        return self._with_retries(lambda: self._call("POST", path, json=body))

    @contextmanager
    def stream(self, path: str, headers: dict[str, str]) -> Iterator[Response]:
        """Send a GET request for a file, without retries: the caller resumes where it ended.

        Raises:
            TransientError: The connection broke, or the token was rejected; the next call
                uses another one.
        """
        token = self._access_tokens.token()
        try:
            with self._send("GET", path, auth=BearerAuth(token), headers=headers) as response:
                yield response
        except TokenRejectedError:
            self._access_tokens.invalidate(token)
            raise

    def _with_retries(self, call_once: Callable[[], _T]) -> _T:
        """Repeat a call after temporary failures, a bounded number of times."""
        budget = RetryBudget(self._clock)
        while True:
            try:
                return call_once()
            except TransientError as error:
                budget.wait_before_retry(error, self._max_attempts(error))

    def _max_attempts(self, error: TransientError) -> int:
        is_mistyped = isinstance(error, UnreachableError) and not self._has_responded
        is_permanent = isinstance(error, InvalidResponseError | TokenRejectedError)
        return FEW_ATTEMPTS if is_mistyped or is_permanent else MAX_ATTEMPTS

    def _call(self, method: str, path: str, **content: Any) -> Envelope:  # noqa: ANN401 - requests' own keywords
        token = self._access_tokens.token()
        try:
            with self._send(method, path, auth=BearerAuth(token), **content) as response:
                return parse_envelope(response.call, response.status, response.read_body())
        except TokenRejectedError:
            self._access_tokens.invalidate(token)
            raise

    def _request_token(self) -> tuple[str, float]:
        # A form, because query strings appear in the logs of proxies.
        form = {
            "grant_type": "client_credentials",
            "client_id": self._connection.client_id,
            "client_secret": self._connection.client_secret,
        }
        with self._send("POST", TOKEN_PATH, auth=no_auth, data=form) as response:
            return parse_token(response.status, response.read_body())

    @contextmanager
    def _send(self, method: str, path: str, **content: Any) -> Iterator[Response]:  # noqa: ANN401 - requests' own keywords
        """Make one call; the response's body is not read yet.

        Raises:
            UnreachableError: No connection, no response in time, or the connection broke while
                the body was read.
        """
        self._rate_limiter.acquire()
        call, base_url = f"{method} {path}", self._connection.base_url
        seconds = self._connection.request_timeout_seconds
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        sent = self._clock.now()
        try:
            with self._session.request(
                method, base_url + path, timeout=timeout, stream=True, **content
            ) as received:
                self._has_responded = True
                if date := parse_date_header(received.headers.get("Date")):
                    self._clock_reading = ClockReading(sent, date, self._clock.now())
                logger.debug("%s: HTTP %d", call, received.status_code)
                if received.is_redirect:
                    status = received.status_code
                    raise ApiError(call, str(status), _REDIRECTED, http_status=status)
                yield Response(call, received, self._clock, seconds)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            problem = f"No complete response to {call} from {base_url}: {cause_of(error)}"
            # Without the cause, whose text can contain a URL with its query.
            raise UnreachableError(problem) from None
