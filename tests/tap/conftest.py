"""A tap whose waits move the sandbox's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .runs import Tap

if TYPE_CHECKING:
    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.sandbox import Sandbox


@pytest.fixture
def tap(sandbox: Sandbox, clock: Clock) -> Tap:
    """The tap of the sandbox's subscription."""
    return Tap(sandbox, clock)
