"""Access to the API: API users, their tokens, the numbers of their calls, and Marketo's limits."""

import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock, central_midnight
from tap_marketo_bulk.sandbox.data.random_values import random_bits
from tap_marketo_bulk.sandbox.options import Options

_DAYS_IN_REPORT = 7
_RATE_WINDOW = timedelta(seconds=20)
_Counts = defaultdict[date, Counter[str]]


@dataclass(frozen=True)
class ApiUser:
    """The credentials of an API user."""

    client_id: str
    client_secret: str


def api_user(seed: int, number: int) -> ApiUser:
    """API user ``number`` of a subscription; its credentials follow from the seed."""
    return ApiUser(
        f"sandbox-{random_bits(seed, number, 10) & 0xFFFFFFFF:08x}",
        f"secret-{random_bits(seed, number, 11):016x}",
    )


class AccessTokens:
    """The access tokens of one subscription; threads can share it.

    A token is valid for ``token_seconds`` of the sandbox's clock. Wrong credentials and a token
    that is missing, unknown or expired raise ``SandboxApiError``.
    """

    def __init__(self, users: tuple[ApiUser, ...], clock: SandboxClock, token_seconds: int) -> None:
        self._secrets = {user.client_id: user.client_secret for user in users}
        self._clock = clock
        self._lifetime = timedelta(seconds=token_seconds)
        self._lock = Lock()
        # The client id and the expiry of each token.
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def all_tokens(self) -> list[str]:
        """All tokens, valid and expired, in order of creation."""
        return list(self._tokens)

    def expire_all(self) -> None:
        """Make all tokens expired."""
        now = self._clock.now()
        with self._lock:
            self._tokens = {token: (owner, now) for token, (owner, _) in self._tokens.items()}

    def issue(self, client_id: str, client_secret: str) -> tuple[str, int]:
        """The user's valid token, or else a new one, and the seconds until it expires."""
        if self._secrets.get(client_id) != client_secret:
            message = "Bad client credentials"
            raise SandboxApiError(ApiErrorCode.UNAUTHORIZED, message, http_status=401)
        now = self._clock.now()
        with self._lock:
            for token, (owner, expires_at) in self._tokens.items():
                if owner == client_id and expires_at > now:
                    return token, int((expires_at - now).total_seconds())
            token = f"{uuid.uuid4()}:sj"
            self._tokens[token] = (client_id, now + self._lifetime)
            return token, int(self._lifetime.total_seconds())

    def authenticate(self, authorization: str) -> str:
        """The client id of the user whose token is in this ``Authorization`` header."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            known = self._tokens.get(token) if scheme.casefold() == "bearer" else None
        if known is None:
            raise SandboxApiError(ApiErrorCode.TOKEN_INVALID, "Access token invalid")
        client_id, expires_at = known
        if expires_at <= self._clock.now():
            raise SandboxApiError(ApiErrorCode.TOKEN_EXPIRED, "Access token expired")
        return client_id


class CallCounter:
    """Counts calls and API errors, and checks Marketo's limits; threads can share it.

    Requests for a token do not count. A limit that is exceeded and a permission that is missing
    raise ``SandboxApiError``.

    Raises:
        TimeZoneDataMissingError: The machine has no time zone data.
    """

    def __init__(self, options: Options, clock: SandboxClock) -> None:
        self._options = options
        self._clock = clock
        self._lock = Lock()
        self._calls: _Counts = defaultdict(Counter)
        self._errors: _Counts = defaultdict(Counter)
        self._concurrent = 0
        self._recent: deque[datetime] = deque()
        # Find out now whether there is time zone data.
        self._today()

    @contextmanager
    def track_concurrent_call(self) -> Iterator[int]:
        """Count a call while the context is open; the value is the number of such calls."""
        with self._lock:
            self._concurrent += 1
            count = self._concurrent
        try:
            yield count
        finally:
            with self._lock:
                self._concurrent -= 1

    def check_concurrent(self, call_name: str, count: int) -> None:
        """Check the number of concurrent calls when the call ``call_name`` arrives."""
        limit = self._options.concurrent_limit
        if call_name != "token" and count > limit:
            message = f"Concurrent access limit '{limit}' exceeded"
            raise SandboxApiError(ApiErrorCode.CONCURRENT_CALL_LIMIT, message)

    def count_call(self, client_id: str) -> None:
        """Count a call of this user, and check the daily limit and the rate limit."""
        now = self._clock.now()
        with self._lock:
            today = self._calls[self._today()]
            if today.total() >= self._options.daily_calls:
                message = f"Daily API Request Limit '{self._options.daily_calls}' exceeded"
                raise SandboxApiError(ApiErrorCode.DAILY_CALL_LIMIT, message)
            today[client_id] += 1
            while self._recent and self._recent[0] <= now - _RATE_WINDOW:
                self._recent.popleft()
            if len(self._recent) >= self._options.rate_limit:
                message = f"Max rate limit '{self._options.rate_limit}' exceeded with in '20' secs"
                raise SandboxApiError(ApiErrorCode.RATE_LIMIT, message)
            self._recent.append(now)

    def check_permission(self, permission: str) -> None:
        """Check that the role of the API users has a permission; empty: none is needed."""
        if permission and permission not in self._options.permissions:
            raise SandboxApiError(ApiErrorCode.ACCESS_DENIED, "Access denied")

    def count_error(self, code: str) -> None:
        """Count a response with this error code."""
        with self._lock:
            self._errors[self._today()][code] += 1

    def usage(self, days: int = _DAYS_IN_REPORT) -> list[dict[str, object]]:
        """The calls of the last ``days`` days, today included, as Get Weekly Usage reports them."""
        return self._report(self._calls, days, "users", "userId")

    def errors(self, days: int = _DAYS_IN_REPORT) -> list[dict[str, object]]:
        """The errors of the last ``days`` days, as Get Weekly Errors reports them."""
        return self._report(self._errors, days, "errors", "errorCode")

    def _report(self, counts: _Counts, days: int, member: str, key: str) -> list[dict[str, object]]:
        dates = [self._today() - timedelta(days=age) for age in reversed(range(days))]
        with self._lock:
            copies = {day: dict(counts[day]) for day in dates}
        return [
            {
                "date": day.isoformat(),
                "total": sum(count.values()),
                member: [{key: name, "count": number} for name, number in count.items()],
            }
            for day, count in copies.items()
        ]

    def _today(self) -> date:
        return central_midnight(self._clock.now()).date()
