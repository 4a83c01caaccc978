"""Drawn histories; ``python -m tests.simulation`` plays more of them."""

from __future__ import annotations

import logging

import pytest

from .drawing import drawn_history
from .play import play

COUNT, CHUNK = 300, 10


@pytest.mark.parametrize("first", range(1, COUNT + 1, CHUNK))
def test_after_a_history_all_rows_are_loaded_and_none_was_paid_twice(
    first: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "tap-marketo-bulk")
    failures = [
        f"python -m tests.simulation --seed {seed}: {problem}"
        for seed in range(first, first + CHUNK)
        for problem in play(drawn_history(seed))
    ]
    assert not failures, "\n".join(failures)
