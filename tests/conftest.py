"""A sandbox to talk to, and a clock that makes its waits instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.transport import Connection
from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock

if TYPE_CHECKING:
    from collections.abc import Iterator

# Machines are shared: how long an example takes says nothing.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture
def sandbox_clock() -> SandboxClock:
    """The sandbox's time, which only moves when something waits."""
    return SandboxClock(NOW, speed=0)


@pytest.fixture
def clock(sandbox_clock: SandboxClock) -> TapClock:
    """The tap's time, moving the sandbox's with it."""
    return TapClock(sandbox_clock)


@pytest.fixture
def options() -> Options:
    """A small subscription; parametrize ``options`` to have another."""
    return Options(leads=40, activities=60)


@pytest.fixture
def sandbox(options: Options, sandbox_clock: SandboxClock) -> Iterator[Sandbox]:
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
