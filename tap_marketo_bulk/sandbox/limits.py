"""Marketo's limits on calls, shared by everybody who uses the subscription."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock

from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.quota import central_midnight
from tap_marketo_bulk.sandbox.refusal import Code, Refusal

_RATE_WINDOW = timedelta(seconds=20)


class Limits:
    """Counts calls. Asking for a token is no call in this sense."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._clock = clock
        self._options = options
        self._lock = Lock()
        self._in_flight = 0
        self._recent: deque[datetime] = deque()
        self._day = central_midnight(clock.now())
        self._today: Counter[str] = Counter()

    @contextmanager
    def in_flight(self) -> Iterator[int]:
        """Count a call from its arrival until its reply has left; how many there are with it."""
        with self._lock:
            self._in_flight += 1
            count = self._in_flight
        try:
            yield count
        finally:
            with self._lock:
                self._in_flight -= 1

    def check_concurrency(self, name: str, in_flight: int) -> None:
        """Turn away a call that is one too many at once.

        Raises:
            Refusal: It is.
        """
        limit = self._options.concurrent_limit
        if name != "token" and in_flight > limit:
            message = f"Concurrent access limit '{limit}' exceeded"
            raise Refusal(Code.CONCURRENT_LIMIT, message)

    def admit(self, user: str) -> None:
        """Count a call of ``user`` against the rate and the day.

        Raises:
            Refusal: One of them is exhausted.
        """
        now = self._clock.now()
        with self._lock:
            self._turn_day(now)
            if self._today.total() >= self._options.daily_calls:
                message = f"Daily API Request Limit '{self._options.daily_calls}' exceeded"
                raise Refusal(Code.DAILY_CALLS, message)
            self._today[user] += 1
            while self._recent and self._recent[0] <= now - _RATE_WINDOW:
                self._recent.popleft()
            if len(self._recent) >= self._options.rate_limit:
                message = f"Max rate limit '{self._options.rate_limit}' exceeded with in '20' secs"
                raise Refusal(Code.RATE_LIMIT, message)
            self._recent.append(now)

    def today(self) -> tuple[str, dict[str, int]]:
        """The date of the day in US Central time, and its calls by user."""
        with self._lock:
            self._turn_day(self._clock.now())
            return self._day.date().isoformat(), dict(self._today)

    def _turn_day(self, now: datetime) -> None:
        midnight = central_midnight(now)
        if midnight != self._day:
            self._day = midnight
            self._today.clear()
