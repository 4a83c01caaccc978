"""Calls to Marketo: authenticated, paced, repeated where that helps.

Nothing here knows what a call means; see ``exports.py`` and ``describe.py`` for that.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import urllib3.exceptions

from tap_marketo_bulk.errors import (
    ApiError,
    InvalidResponseError,
    TokenRejectedError,
    TransientError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.answer import Answer
from tap_marketo_bulk.marketo.auth import TOKEN_PATH, Authenticator, read_token
from tap_marketo_bulk.marketo.envelope import Envelope, read_envelope
from tap_marketo_bulk.marketo.pace import Pace
from tap_marketo_bulk.marketo.patience import TRIES, Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.clock import Clock

logger = logging.getLogger("tap-marketo-bulk.marketo")

# A host that never answered is more likely mistyped than down, and neither a page
# in place of an envelope nor a refused token gets better by waiting long.
SHORT_TRIES = 3
# A host that is there takes a connection within seconds, however long it then thinks.
CONNECT_SECONDS = 30.0
_REDIRECTED = "the endpoint redirects elsewhere, which is not followed; check endpoint"
# Why there was no answer; the first that fits is told.
_CAUSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (requests.exceptions.ProxyError, "the proxy did not let it through"),
    (requests.exceptions.SSLError, "the TLS certificate or handshake was not accepted"),
    (urllib3.exceptions.NameResolutionError, "the host name is not known"),
    (urllib3.exceptions.NewConnectionError, "the host does not accept connections"),
    (requests.ConnectTimeout, "the host took no connection in time"),
    ((requests.Timeout, urllib3.exceptions.TimeoutError), "nothing came in time"),
)


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
        self._session = _Session(connection)
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
            TransientError: The connection broke, or the token was refused; the next try gets
                another one.
        """
        token = self._authenticator.token()
        try:
            with self._send("GET", path, auth=_Bearer(token), headers=headers) as answer:
                yield answer
        except TokenRejectedError:
            self._authenticator.reject(token)
            raise

    def _persist(self, once: Callable[[], Envelope]) -> Envelope:
        """Repeat what fails in passing, a bounded number of times."""
        patience = Patience(self._clock)
        while True:
            try:
                return once()
            except TransientError as error:
                patience.spend(error, self._tries(error))

    def _tries(self, error: TransientError) -> int:
        mistyped = isinstance(error, UnreachableError) and not self._answered
        hopeless = isinstance(error, InvalidResponseError | TokenRejectedError)
        return SHORT_TRIES if mistyped or hopeless else TRIES

    def _call(self, method: str, path: str, **content: Any) -> Envelope:  # noqa: ANN401 - requests' own keywords
        token = self._authenticator.token()
        try:
            with self._send(method, path, auth=_Bearer(token), **content) as answer:
                return read_envelope(answer.call, answer.status, answer.body())
        except TokenRejectedError:
            self._authenticator.reject(token)
            raise

    def _mint(self) -> tuple[str, float]:
        # A form, because query strings end up in the logs of proxies.
        form = {
            "grant_type": "client_credentials",
            "client_id": self._connection.client_id,
            "client_secret": self._connection.client_secret,
        }
        with self._send("POST", TOKEN_PATH, auth=_no_auth, data=form) as answer:
            return read_token(answer.status, answer.body())

    @contextmanager
    def _send(self, method: str, path: str, **content: Any) -> Iterator[Answer]:  # noqa: ANN401 - requests' own keywords
        """Make one call, its answer's body still unread.

        Raises:
            UnreachableError: No connection, no answer in time, or it broke while being read.
        """
        self._pace.keep()
        url = self._connection.base_url + path
        timeout = self._connection.request_timeout_seconds
        patience = (min(CONNECT_SECONDS, timeout), timeout)
        try:
            with self._session.request(
                method, url, timeout=patience, stream=True, **content
            ) as response:
                self._answered = True
                answer = Answer(f"{method} {path}", response, self._clock, timeout)
                logger.debug("%s: HTTP %d", answer.call, answer.status)
                if response.is_redirect:
                    raise ApiError(answer.call, str(answer.status), _REDIRECTED)
                yield answer
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            message = f"No complete answer to {method} {path} from {self._connection.base_url}"
            # The error's own text can hold a URL with its query, so it is not quoted.
            raise UnreachableError(f"{message}: {_cause(error)}") from None


class _Session(requests.Session):
    """A session that no call changes, so that threads can share it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.headers["User-Agent"] = connection.user_agent
        # A compressed answer would make sizes and ranges mean something else.
        self.headers["Accept-Encoding"] = "identity"
        # Cookies are all that an answer could change here, and Marketo needs none.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Plain http is for loopback, where a proxy of the environment has no business.
        self.trust_env = connection.base_url.startswith("https:")

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: it would hand the token to whoever it names."""
        del resp


class _Bearer(requests.auth.AuthBase):
    """Sends the token as a header; an auth object also keeps a ``.netrc`` from replacing it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _cause(error: Exception) -> str:
    """Say in a few words why there was no answer."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    for kinds, words in _CAUSES:
        if isinstance(error, kinds) or isinstance(reason, kinds):
            return words
    return "the connection broke"


def _hides_urls(record: logging.LogRecord) -> bool:
    """Keep out what urllib3 logs of each call: a URL with its query, which can hold a token."""
    return record.levelno >= logging.WARNING


# A filter, not a level: whoever turns on DEBUG everywhere must not see them either.
logging.getLogger("urllib3.connectionpool").addFilter(_hides_urls)
