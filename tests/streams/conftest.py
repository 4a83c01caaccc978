"""The whole tap, and what is compared with the sandbox's truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.marketo.conftest import host
from tests.tap.runs import Tap

if TYPE_CHECKING:
    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.sandbox import Sandbox

__all__ = ["host", "tap"]


@pytest.fixture
def tap(sandbox: Sandbox, clock: Clock) -> Tap:
    """The tap of the sandbox's subscription."""
    return Tap(sandbox, clock)
