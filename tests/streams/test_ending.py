"""How a tap ends that writes to something else than stdout."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.runs import Tap


def test_a_signal_ends_a_tap_with_another_writer(tap: Tap) -> None:
    made = tap.make()
    with pytest.raises(SystemExit) as ended:
        made._handle_termination(signal.SIGTERM, None)  # noqa: SLF001 - as the SDK's handler does
    assert ended.value.code == 143
