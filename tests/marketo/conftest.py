"""Hosts and clients for responses that the sandbox does not give, and a completed export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.marketo.client import Client
from tap_marketo_bulk.marketo.transport import ConnectionSettings
from tests.support.http_host import Host
from tests.support.lead_exports import CompletedExport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock


@pytest.fixture
def host() -> Iterator[Callable[..., Host]]:
    """Start hosts that send the given responses; see ``Host``."""
    hosts: list[Host] = []

    def start(*responses: Iterable[bytes]) -> Host:
        hosts.append(Host(*responses))
        return hosts[-1]

    yield start
    for one in hosts:
        one.close()


@pytest.fixture
def client_of(clock: TapClock) -> Callable[..., Client]:
    """Make clients of any address."""

    def make(url: str, timeout: float = 5.0) -> Client:
        return Client(ConnectionSettings(url, "the-id", "the-secret", timeout, "tests"), clock)

    return make


@pytest.fixture
def export(exports: Exports, clock: TapClock, sandbox: Sandbox) -> CompletedExport:
    """A file of some kilobytes; ``sandbox.calls`` has had one call for it."""
    del sandbox
    made = CompletedExport(exports, clock)
    assert len(made.content) > 2000
    clock.pauses.clear()
    return made
