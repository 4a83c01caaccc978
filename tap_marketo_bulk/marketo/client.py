"""Calls to Marketo's API: with a token, within the rate limit, repeated if that can help.

The client does not know what a call means; see ``exports.py`` and ``describe.py`` for that.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import urllib3.exceptions

from tap_marketo_bulk.errors import (
    ApiError,
    InvalidResponseError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.auth import TOKEN_PATH, AccessTokenCache, parse_token
from tap_marketo_bulk.marketo.responses import Envelope, Response, parse_envelope
from tap_marketo_bulk.marketo.transport import (
    FEW_ATTEMPTS,
    MAX_ATTEMPTS,
    BearerAuth,
    ConnectionSettings,
    RateLimiter,
    RetryBudget,
    Session,
    no_auth,
    unreachable_error,
)
from tap_marketo_bulk.times import ClockReading, parse_date_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.marketo")
_T = TypeVar("_T")
# A host that is up accepts a connection within seconds, however long its response takes.
CONNECT_SECONDS = 30.0
_REDIRECTED = "the endpoint redirects to another address, which is not followed; check endpoint"


class Client:
    """Marketo's HTTP API."""

    def __init__(self, connection: ConnectionSettings, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._session = Session(connection)
        self._rate_limiter = RateLimiter(clock)
        self._access_tokens = AccessTokenCache(self._request_token, clock)
        self._has_responded = False
        self._clock_reading: ClockReading | None = None

    def latest_clock_reading(self) -> ClockReading | None:
        """Return what the latest response says about Marketo's clock, None if it says nothing.

        Requests a token if there was no response yet. Raises as ``get``.
        """
        if not self._has_responded:
            self._with_retries(self._access_tokens.token, MAX_ATTEMPTS)
        return self._clock_reading

    def latest_response_time(self) -> datetime:
        """Return when the latest response was made, by Marketo's clock; else the local time."""
        return self._clock_reading.date if self._clock_reading else self._clock.now()

    def get(
        self,
        path: str,
        *,
        attempts: int = MAX_ATTEMPTS,
        is_complete: Callable[[Envelope], object] = lambda _: True,
        **query: str | int,
    ) -> Envelope:
        """Send a GET request; returns the envelope.

        Args:
            path: The path.
            attempts: How often the call is made at most. A rejected token is replaced, and the
                call is repeated once at once, beside these attempts.
            is_complete: Returns whether a success has the result that belongs in it; if not, it is
                an ``InvalidResponseError``. See ``has_result``.
            query: The query parameters.

        Raises:
            ApiError: Marketo rejected the call.
            TransientError: The last attempt failed. With one attempt, ``attempts`` of the error
                is 0, so that the caller can count and repeat the call.
        """
        call = partial(self._call, "GET", path, is_complete=is_complete, params=query)
        return self._with_retries(call, attempts)

    def post(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        attempts: int = MAX_ATTEMPTS,
        is_complete: Callable[[Envelope], object] = lambda _: True,
    ) -> Envelope:
        """Send a POST request with a JSON body; returns the envelope. Raises as ``get``."""
        call = partial(self._call, "POST", path, is_complete=is_complete, json=body)
        return self._with_retries(call, attempts)

    @contextmanager
    def stream(self, path: str, headers: dict[str, str]) -> Iterator[Response]:
        """Send a GET request for a file, without retries: the caller resumes where it ended.

        Raises:
            TransientError: The connection broke, or the token was rejected; the next call
                uses another one.
        """
        with self._valid_token() as token, self._send("GET", path, token, headers=headers) as file:
            yield file

    def _with_retries(self, call_once: Callable[[], _T], attempts: int) -> _T:
        """Repeat a call after temporary failures."""
        budget = RetryBudget(self._clock)
        is_token_replaced = False
        while True:
            try:
                return call_once()
            except TransientError as error:
                if isinstance(error, TokenRejectedError) and not is_token_replaced:
                    is_token_replaced = True
                elif attempts == 1:
                    raise
                else:
                    is_mistyped = isinstance(error, UnreachableError) and not self._has_responded
                    limit = min(attempts, FEW_ATTEMPTS) if is_mistyped else attempts
                    budget.wait_before_retry(error, limit)

    def _call(
        self,
        method: str,
        path: str,
        *,
        is_complete: Callable[[Envelope], object],
        **content: Any,  # noqa: ANN401 - requests' own keywords
    ) -> Envelope:
        with self._valid_token() as token, self._send(method, path, token, **content) as response:
            envelope = parse_envelope(response.call, response.status, response.read_body())
        if not is_complete(envelope):
            raise InvalidResponseError(
                f"The response to {response.call} is a success without result"
            )
        return envelope

    @contextmanager
    def _valid_token(self) -> Iterator[str]:
        """Provide a token for one call; if the call shows that it is invalid, replace it."""
        token = self._access_tokens.token()
        try:
            yield token
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
        with self._send("POST", TOKEN_PATH, None, data=form) as response:
            return parse_token(response.status, response.read_body())

    @contextmanager
    def _send(
        self,
        method: str,
        path: str,
        token: str | None,
        **content: Any,  # noqa: ANN401 - requests' own keywords
    ) -> Iterator[Response]:
        """Make one call; the response's body is not read yet.

        Raises:
            UnreachableError: No connection, no response in time, or the connection broke while
                the body was read.
        """
        self._rate_limiter.acquire()
        call, base_url = f"{method} {path}", self._connection.base_url
        seconds = self._connection.request_timeout_seconds
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        auth = BearerAuth(token) if token else no_auth
        # The response to a request for a token contains a token, which may be an earlier one.
        secrets = {self._connection.client_secret, *(self._access_tokens.sent if token else ())}
        sent = self._clock.now()
        try:
            with self._session.request(
                method, base_url + path, auth=auth, timeout=timeout, stream=True, **content
            ) as received:
                self._has_responded = True
                if date := parse_date_header(received.headers.get("Date")):
                    self._clock_reading = ClockReading(sent, date, self._clock.now())
                logger.debug("%s: HTTP %d", call, received.status_code)
                if received.is_redirect:
                    status = received.status_code
                    raise ApiError(call, str(status), _REDIRECTED, http_status=status)
                yield Response(call, received, self._clock, seconds, secrets)
        except RateLimitError:
            self._rate_limiter.spread_calls()
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # Without the cause, whose text can contain a URL with its query.
            raise unreachable_error(
                error, call, base_url, has_responded=self._has_responded
            ) from None
