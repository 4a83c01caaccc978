"""A clock that only moves when a test advances it, and small data sets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.edge_cases import ALL_EDGE_CASES
from tests.support.api_client import SandboxClient

_DEFAULTS: dict[str, Any] = {
    "leads": 300,
    "activities": 600,
    "edge_cases": ALL_EDGE_CASES,
    "strict": True,
}
StartSandbox = Callable[..., tuple[Sandbox, SandboxClient]]


@pytest.fixture
def clock() -> SandboxClock:
    return SandboxClock(datetime(2026, 3, 1, 12, tzinfo=UTC), speed=0)


@pytest.fixture
def start(clock: SandboxClock) -> Iterator[StartSandbox]:
    """A function that starts a sandbox with faults and options; returns it and a client."""
    with ExitStack() as stack:

        def start_one(*faults: Fault, **options: Any) -> tuple[Sandbox, SandboxClient]:  # noqa: ANN401
            chosen = Options(**{**_DEFAULTS, **options})
            sandbox = stack.enter_context(Sandbox(chosen, clock=clock, faults=faults))
            return sandbox, stack.enter_context(SandboxClient(sandbox))

        yield start_one
