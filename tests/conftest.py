"""A sandbox, a client of it, and a clock whose waits take no real time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.transport import ConnectionSettings
from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.edge_cases import ALL_EDGE_CASES
from tests.support.clock import NOW, TapClock

if TYPE_CHECKING:
    from collections.abc import Iterator

# On a shared machine the duration of an example does not depend on the code alone.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def seeded_random() -> None:
    """Draw the same pauses in each run, since a pause decides what a later job contains."""
    random.seed(0)


@pytest.fixture
def sandbox_clock() -> SandboxClock:
    """The time of the sandbox, which only moves when the tap's clock waits."""
    return SandboxClock(NOW, speed=0)


@pytest.fixture
def clock(sandbox_clock: SandboxClock) -> TapClock:
    """The clock of the tap, whose waits move the time of the sandbox."""
    return TapClock(sandbox_clock)


@pytest.fixture
def options() -> Options:
    """The options of a small subscription; parametrize ``options`` for others."""
    return Options(leads=40, activities=60, edge_cases=ALL_EDGE_CASES, strict=True)


@pytest.fixture
def sandbox(options: Options, sandbox_clock: SandboxClock) -> Iterator[Sandbox]:
    """A sandbox that serves; append to its ``faults`` to inject faults."""
    with Sandbox(options, clock=sandbox_clock) as started:
        yield started


@pytest.fixture
def connection(sandbox: Sandbox) -> ConnectionSettings:
    """The address and the credentials of the sandbox."""
    return ConnectionSettings(
        base_url=sandbox.url,
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        request_timeout_seconds=5.0,
        user_agent="tests",
    )


@pytest.fixture
def client(connection: ConnectionSettings, clock: TapClock) -> Client:
    """A client of the sandbox."""
    return Client(connection, clock)


@pytest.fixture
def exports(client: Client) -> Exports:
    """The sandbox's export jobs."""
    return Exports(client)
