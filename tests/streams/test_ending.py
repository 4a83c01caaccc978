"""The end of a tap by a signal, if its messages do not go to stdout."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.runs import TapRunner


def test_a_signal_ends_a_tap_with_another_message_writer(tap: TapRunner) -> None:
    signalled = tap.make_tap()
    with pytest.raises(SystemExit) as caught:
        signalled._handle_termination(signal.SIGTERM, None)  # noqa: SLF001 - as the SDK's handler does
    assert caught.value.code == 143
