"""A sandbox to talk to, and a clock that makes its waits instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tap_marketo_bulk.marketo.client import Client, Connection
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.sandbox import Clock, Options, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Condition

# Machines are shared: how long an example takes says nothing.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class TapClock:
    """The tap's clock over the sandbox's: waiting moves both, and takes no time.

    Attributes:
        pauses: Every wait, in seconds.
    """

    def __init__(self, sandbox_clock: Clock) -> None:
        """Begin with no wait."""
        self._sandbox_clock = sandbox_clock
        self._started = sandbox_clock.now()
        self.pauses: list[float] = []

    def now(self) -> datetime:
        """Return the sandbox's present."""
        return self._sandbox_clock.now()

    def monotonic(self) -> float:
        """Return the seconds since this clock was made."""
        return (self.now() - self._started) / timedelta(seconds=1)

    def sleep(self, seconds: float) -> None:
        """Move time forward."""
        self.pauses.append(seconds)
        self._sandbox_clock.advance(seconds)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Give other threads a moment to notify; then move time forward."""
        if seconds is None:
            condition.wait()
        elif not condition.wait(0.001):
            # Datetimes have microseconds, so a smaller step would never arrive.
            self.sleep(max(seconds, 0.001))


@pytest.fixture
def sandbox_clock() -> Clock:
    """The sandbox's time, which only moves when something waits."""
    return Clock(NOW, speed=0)


@pytest.fixture
def clock(sandbox_clock: Clock) -> TapClock:
    """The tap's time, moving the sandbox's with it."""
    return TapClock(sandbox_clock)


@pytest.fixture
def options() -> Options:
    """A small subscription; parametrize ``options`` to have another."""
    return Options(leads=40, activities=60)


@pytest.fixture
def sandbox(options: Options, sandbox_clock: Clock) -> Iterator[Sandbox]:
    """A subscription that serves; append to its ``faults`` to make something go wrong."""
    with Sandbox(options, clock=sandbox_clock) as serving:
        yield serving


@pytest.fixture
def connection(sandbox: Sandbox) -> Connection:
    """The way to the sandbox, with its credentials."""
    return Connection(
        base_url=sandbox.url,
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        request_timeout_seconds=5.0,
        user_agent="tests",
    )


@pytest.fixture
def client(connection: Connection, clock: TapClock) -> Client:
    """A client of the sandbox."""
    return Client(connection, clock)


@pytest.fixture
def exports(client: Client) -> Exports:
    """The sandbox's export jobs."""
    return Exports(client)
