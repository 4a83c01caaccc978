"""The numbers of calls and of API errors on each day in US Central time."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from threading import Lock

from tap_marketo_bulk.sandbox.clock import SandboxClock, central_midnight

_DAYS_IN_REPORT = 7


class CallStatistics:
    """Counts calls by API user and API errors by code; threads can share it.

    Raises:
        TimeZoneDataMissingError: The machine has no time zone data.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._calls: defaultdict[date, Counter[str]] = defaultdict(Counter)
        self._errors: defaultdict[date, Counter[str]] = defaultdict(Counter)
        # Find out now whether there is time zone data.
        self._today()

    def count_call(self, client_id: str) -> None:
        """Count a call of this user."""
        with self._lock:
            self._calls[self._today()][client_id] += 1

    def count_error(self, code: str) -> None:
        """Count a response with this error code."""
        with self._lock:
            self._errors[self._today()][code] += 1

    def calls_today(self) -> int:
        """The number of calls of all users today."""
        with self._lock:
            return self._calls[self._today()].total()

    def usage(self, days: int = _DAYS_IN_REPORT) -> list[dict[str, object]]:
        """The calls of the last ``days`` days, today included, as Get Weekly Usage reports them."""
        return self._report(self._calls, days, "users", "userId")

    def errors(self, days: int = _DAYS_IN_REPORT) -> list[dict[str, object]]:
        """The errors of the last ``days`` days, as Get Weekly Errors reports them."""
        return self._report(self._errors, days, "errors", "errorCode")

    def _report(
        self, counters: defaultdict[date, Counter[str]], days: int, member: str, key: str
    ) -> list[dict[str, object]]:
        today = self._today()
        dates = [today - timedelta(days=age) for age in reversed(range(days))]
        with self._lock:
            counts = [(day, dict(counters[day])) for day in dates]
        return [
            {
                "date": day.isoformat(),
                "total": sum(count.values()),
                member: [{key: name, "count": number} for name, number in count.items()],
            }
            for day, count in counts
        ]

    def _today(self) -> date:
        return central_midnight(self._clock.now()).date()
