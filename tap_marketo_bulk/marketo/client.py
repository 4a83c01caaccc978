"""Calls to Marketo: authenticated, paced, repeated where that helps.

Nothing here knows what a call means; see ``exports.py`` and ``describe.py`` for that.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
import urllib3.exceptions

from tap_marketo_bulk.errors import (
    ApiError,
    NotMarketoError,
    TokenRejectedError,
    TransientError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.auth import TOKEN_PATH, Authenticator, read_token
from tap_marketo_bulk.marketo.envelope import Envelope, read_envelope
from tap_marketo_bulk.marketo.pace import Pace
from tap_marketo_bulk.marketo.patience import growing_pauses, pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.clock import Clock

logger = logging.getLogger("tap-marketo-bulk.marketo")
# urllib3 logs every URL with its query at DEBUG, and a query can hold a paging token.
logging.getLogger("urllib3").setLevel(logging.WARNING)

# With pauses up to a minute this is a few minutes of patience.
TRIES = 9
# An endpoint that never answered is more likely mistyped than down, and neither a
# page in place of an envelope nor a refused token gets better by waiting long.
SHORT_TRIES = 3
# Even the description of a thousand fields stays far below.
ENVELOPE_LIMIT_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_REDIRECTED = "the endpoint redirects elsewhere, which is not followed; check endpoint"


@dataclass(frozen=True)
class Connection:
    """Where Marketo is and who asks.

    ``base_url`` ends neither in ``/rest`` nor in ``/identity``: bulk paths have neither.
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    request_timeout_seconds: float
    user_agent: str


class Client:
    """Marketo's HTTP API; safe to use from several threads."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        """Open no connection yet."""
        self._connection = connection
        self._clock = clock
        self._session = requests.Session()
        self._session.headers["User-Agent"] = connection.user_agent
        # A compressed answer would make sizes and ranges mean something else.
        self._session.headers["Accept-Encoding"] = "identity"
        self._pace = Pace(clock)
        self._authenticator = Authenticator(self._mint, clock)
        self._answered = False

    def get(self, path: str, **query: str | int) -> Envelope:
        """Read something; returns the envelope. Raises as ``read_envelope``."""
        return self._persist(lambda: self._call("GET", path, params=query))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Envelope:
        """Change something; returns the envelope. Raises as ``read_envelope``."""
        return self._persist(lambda: self._call("POST", path, json=body))

    @contextmanager
    def open(self, path: str, headers: dict[str, str]) -> Iterator[Answer]:
        """Start reading a file: one try only, since its reader knows how to go on.

        Raises:
            TransientError: The connection broke, or the token was refused (it is renewed).
        """
        token = self._authenticator.token()
        with self._send("GET", path, auth=_Bearer(token), headers=headers) as answer:
            try:
                yield answer
            except TokenRejectedError:
                self._authenticator.renew(token)
                raise

    def _persist(self, once: Callable[[], Envelope]) -> Envelope:
        """Repeat what fails in passing, a bounded number of times."""
        pauses = growing_pauses()
        failures = 0
        while True:
            try:
                return once()
            except TransientError as error:
                failures += 1
                if failures >= self._tries(error):
                    raise
                pause(self._clock, error, pauses)

    def _tries(self, error: TransientError) -> int:
        hopeless = isinstance(error, NotMarketoError | TokenRejectedError)
        return TRIES if self._answered and not hopeless else SHORT_TRIES

    def _call(self, method: str, path: str, **content: Any) -> Envelope:  # noqa: ANN401 - requests' own keywords
        token = self._authenticator.token()
        try:
            with self._send(method, path, auth=_Bearer(token), **content) as answer:
                return read_envelope(answer.call, answer.status, answer.body())
        except TokenRejectedError:
            self._authenticator.renew(token)
            raise

    def _mint(self) -> tuple[str, float]:
        # A form, because query strings end up in the logs of proxies.
        form = {
            "grant_type": "client_credentials",
            "client_id": self._connection.client_id,
            "client_secret": self._connection.client_secret,
        }
        with self._send("POST", TOKEN_PATH, auth=_no_auth, data=form) as answer:
            token = read_token(answer.status, answer.body())
        self._answered = True
        return token

    @contextmanager
    def _send(self, method: str, path: str, **content: Any) -> Iterator[Answer]:  # noqa: ANN401 - requests' own keywords
        """Make one call, its answer's body still unread.

        Raises:
            UnreachableError: No connection, no answer in time, or it broke while being read.
        """
        self._pace.keep()
        url = self._connection.base_url + path
        timeout = self._connection.request_timeout_seconds
        try:
            with self._session.request(
                method, url, timeout=timeout, stream=True, allow_redirects=False, **content
            ) as response:
                answer = Answer(f"{method} {path}", response, self._clock, timeout)
                logger.debug("%s: HTTP %d", answer.call, answer.status)
                if response.is_redirect:
                    # Following it would hand the token to whoever it names.
                    raise ApiError(answer.call, str(answer.status), _REDIRECTED)
                yield answer
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            message = f"No complete answer to {method} {path} from {self._connection.base_url}"
            # The error's own text can hold a URL with its query, so it is not quoted.
            raise UnreachableError(f"{message}: {_cause(error, timeout)}.") from None


class Answer:
    """An HTTP answer whose body is read piece by piece.

    Attributes:
        call: What was asked: method and path, without query.
        status: The HTTP status.
        headers: The answer's headers, names in any case.
    """

    def __init__(
        self, call: str, response: requests.Response, clock: Clock, timeout: float
    ) -> None:
        """Read nothing yet."""
        self.call = call
        self.status = response.status_code
        self.headers = response.headers
        self._response = response
        self._clock = clock
        self._timeout = timeout

    def pieces(self) -> Iterator[bytes]:
        """Yield bytes as they arrive, at most 64 KiB at a time.

        Raises:
            UnreachableError: They come slower than 64 KiB in each ``request_timeout_seconds``.
        """
        allowed, received = self._clock.monotonic() + self._timeout, 0
        while piece := self._response.raw.read1(_PIECE_BYTES):
            yield piece
            received += len(piece)
            if received >= _PIECE_BYTES:
                allowed, received = self._clock.monotonic() + self._timeout, 0
            elif self._clock.monotonic() > allowed:
                message = f"The answer to {self.call} only trickled in ({received} bytes)"
                raise UnreachableError(message)

    def body(self) -> bytes:
        """Return the whole body of an envelope."""
        body = bytearray()
        for piece in self.pieces():
            body += piece
            if len(body) > ENVELOPE_LIMIT_BYTES:
                message = f"The answer to {self.call} is too long for an envelope"
                raise NotMarketoError(message)
        return bytes(body)


class _Bearer(requests.auth.AuthBase):
    """Sends the token as a header; an auth object also keeps a ``.netrc`` from replacing it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _cause(error: Exception, timeout: float) -> str:
    """Say in a few words why there was no answer."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return f"nothing came within {timeout:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS certificate or handshake was not accepted"
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "the host name is not known"
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "the host does not accept connections"
    return "the connection broke"
