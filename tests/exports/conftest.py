"""Fake export jobs, and the steps of one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.exports.steps import JobSteps
from tests.support.fake_exports import POLICY, FakeExports

if TYPE_CHECKING:
    from tests.support.clock import TapClock


@pytest.fixture
def fake_exports(clock: TapClock) -> FakeExports:
    """Export jobs without a server."""
    return FakeExports(clock)


@pytest.fixture
def steps(fake_exports: FakeExports, clock: TapClock) -> JobSteps:
    """The steps of those jobs, with the policy of these tests."""
    return JobSteps(fake_exports.real, POLICY, clock)
