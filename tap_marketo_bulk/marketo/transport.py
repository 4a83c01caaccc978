"""What each HTTP request carries, how often calls are made, and how often they are repeated."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from itertools import islice
from typing import TYPE_CHECKING

import backoff
import requests
import urllib3.exceptions

from tap_marketo_bulk.errors import (
    CHECK_ENDPOINT,
    InternalServerError,
    InvalidResponseError,
    TokenRejectedError,
    UnreachableError,
)
from tap_marketo_bulk.marketo.limits import CALL_PERIOD_SECONDS, CALLS_PER_PERIOD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.errors import TransientError
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.marketo")

# Why there is no complete response; the first entry that matches is reported. The flag says whether
# the address may be the reason.
_CAUSES: tuple[tuple[type[Exception], str, bool], ...] = (
    (requests.exceptions.ProxyError, "the proxy did not let it through", True),
    (requests.exceptions.SSLError, "the TLS certificate or handshake was not accepted", True),
    (urllib3.exceptions.NameResolutionError, "the host name is not known", True),
    (urllib3.exceptions.NewConnectionError, "the host does not accept connections", True),
    (requests.ConnectTimeout, "the host did not accept a connection in time", True),
    (requests.Timeout, "the response did not arrive in time", False),
    (urllib3.exceptions.TimeoutError, "the response did not arrive in time", False),
    (urllib3.exceptions.DecodeError, "it cannot be decompressed", False),
    (Exception, "the connection broke", False),
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
    """A session that no response changes and that follows no redirect."""

    def __init__(self, connection: ConnectionSettings) -> None:
        super().__init__()
        self.headers["User-Agent"] = connection.user_agent
        # With a compressed response, sizes and byte ranges would mean something else.
        self.headers["Accept-Encoding"] = "identity"
        # A response can only change a session through cookies, and Marketo needs none.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Plain http is for loopback, which no proxy of the environment should see.
        self.trust_env = connection.base_url.startswith("https:")

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: the token would be sent to the host that the response names."""
        del resp


class BearerAuth(requests.auth.AuthBase):
    """Sends the token as a header; an auth object also keeps a ``.netrc`` from replacing it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is; see ``BearerAuth`` about ``.netrc``."""
    return request


def unreachable_error(
    error: Exception, call: str, base_url: str, *, has_responded: bool
) -> UnreachableError:
    """Return the error for a call without complete response.

    The text of ``error`` can contain a URL with its query, so it is not used.

    Args:
        error: The error of requests or urllib3.
        call: Method and path, without query.
        base_url: The address of the host.
        has_responded: Whether the host ever responded. If not, its address may be wrong.
    """
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    cause, is_about_address = next(
        (text, is_about_address)
        for error_type, text, is_about_address in _CAUSES
        if isinstance(error, error_type) or isinstance(reason, error_type)
    )
    advice = CHECK_ENDPOINT if is_about_address and not has_responded else None
    return UnreachableError(f"No complete response to {call} from {base_url}: {cause}", advice)


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
    """Allows at most 100 calls in any 20 seconds.

    Marketo also counts calls of other processes, those of discovery a moment before for example.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._call_times: deque[float] = deque(maxlen=CALLS_PER_PERIOD)
        self._spread_until = clock.monotonic()
        self._next_message = clock.monotonic()

    def spread_calls(self) -> None:
        """Spread the calls of the next period evenly, since Marketo refused one."""
        self._spread_until = self._clock.monotonic() + PERIOD_SECONDS

    def acquire(self) -> None:
        """Wait until another call is allowed, and count it."""
        if self._call_times and self._clock.monotonic() < self._spread_until:
            interval = PERIOD_SECONDS / CALLS_PER_PERIOD
            wait_seconds = self._call_times[-1] + interval - self._clock.monotonic()
            if wait_seconds > 0:
                self._clock.sleep(wait_seconds)
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
# A host that never responded is more likely mistyped than down, and waiting does not help if the
# response is not Marketo's or if a new token is rejected too.
FEW_ATTEMPTS = 3


def max_attempts(error: TransientError) -> int:
    """Return how often a call that ends with an error is made, all attempts together."""
    if isinstance(error, InternalServerError):
        return MAX_ATTEMPTS_AFTER_HTTP_500
    is_permanent = isinstance(error, InvalidResponseError | TokenRejectedError)
    return FEW_ATTEMPTS if is_permanent else MAX_ATTEMPTS


class RetryBudget:
    """Counts the failed attempts of one operation and waits between them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Make all attempts available again, because the operation progressed."""
        self._failures = 0

    def wait_before_retry(self, error: TransientError, limit: int = MAX_ATTEMPTS) -> None:
        """Wait ``retry_wait_seconds``.

        Raises:
            TransientError: ``error``, if this was the last of ``max_attempts``, or of ``limit``.
        """
        self._failures += 1
        if self._failures >= min(limit, max_attempts(error)):
            error.attempts = self._failures
            raise error
        seconds = retry_wait_seconds(self._failures, error)
        logger.warning("%s; retrying in %.1f s.", error.problem, seconds)
        self._clock.sleep(seconds)


def retry_wait_seconds(failures: int, error: TransientError) -> float:
    """Return how long to wait after ``failures`` failed attempts, at least one.

    This is the wait that the error demands, plus a random part of an upper bound that doubles with
    each failure, so that clients that fail together do not retry together.
    """
    bound = next(islice(backoff_bounds(), failures - 1, None))
    return error.min_wait_seconds + backoff.full_jitter(bound)


def backoff_bounds() -> Iterator[float]:
    """Yield the upper bounds of the random waits between attempts: 1, 2, 4, ... 60 seconds."""
    bounds = backoff.expo(max_value=MAX_WAIT_SECONDS)
    next(bounds)  # the first value starts the generator and is not a wait
    return bounds
