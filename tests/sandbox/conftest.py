"""A clock that stands still, and small subscriptions that are quick to make."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Clock, Fault, Options, Sandbox
from tests.support.api_client import Client

Open = Callable[..., tuple[Sandbox, Client]]


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 1, 12, tzinfo=UTC), speed=0)


@pytest.fixture
def start(clock: Clock) -> Iterator[Open]:
    """Start a sandbox with these options and faults, and a client of it."""
    with ExitStack() as stack:

        def start_one(*faults: Fault, **options: Any) -> tuple[Sandbox, Client]:  # noqa: ANN401
            chosen = Options(**{"leads": 300, "activities": 600, **options})
            sandbox = stack.enter_context(Sandbox(chosen, clock=clock, faults=faults))
            return sandbox, stack.enter_context(Client(sandbox))

        yield start_one
