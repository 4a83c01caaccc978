"""Hosts and clients for responses that no sandbox would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.marketo.client import Client, Connection
from tests.support.http_host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.clock import TapClock


@pytest.fixture
def host() -> Iterator[Callable[..., Host]]:
    """Start hosts that answer as told; see ``Host``."""
    hosts: list[Host] = []

    def start(*answers: Iterable[bytes]) -> Host:
        hosts.append(Host(*answers))
        return hosts[-1]

    yield start
    for one in hosts:
        one.close()


@pytest.fixture
def client_of(clock: TapClock) -> Callable[..., Client]:
    """Make a client of any address."""

    def make(url: str, timeout: float = 5.0) -> Client:
        return Client(Connection(url, "the-id", "the-secret", timeout, "tests"), clock)

    return make
