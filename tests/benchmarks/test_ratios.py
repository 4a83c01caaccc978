"""A small version of the benchmarks: no ratio may fall below half its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.runs import Tap

from .files import activities_catalog, leads_catalog, typed_catalog
from .measures import backfill, peak_memory_megabytes, quiet_night, throughput

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.sandbox import Sandbox

    from .files import Catalog


@pytest.mark.parametrize(
    ("catalog", "rows", "target"),
    [
        pytest.param(leads_catalog(40), 5000, 0.8, id="leads of 40 columns"),
        pytest.param(leads_catalog(300), 1000, 0.75, id="leads of 300 columns"),
        pytest.param(activities_catalog(), 5000, 0.75, id="activities"),
        pytest.param(typed_catalog(), 5000, 0.6, id="typed activities"),
    ],
)
def test_records_flow_near_the_floor(
    tmp_path: Path, catalog: Catalog, rows: int, target: float
) -> None:
    assert throughput(tmp_path, catalog, rows).ratio > target / 2


def test_memory_does_not_grow_with_the_file() -> None:
    small, peak_of_small = peak_memory_megabytes(padding_bytes=2_000)
    large, peak_of_large = peak_memory_megabytes(padding_bytes=50_000)
    assert large > 10 * small
    assert peak_of_large < 150
    assert peak_of_large < 1.5 * peak_of_small


def test_a_backfill_keeps_both_slots_busy() -> None:
    found = backfill(months=6, speed=500)
    assert found.ratio < 1.3
    assert found.most_in_queue <= 4


@pytest.mark.parametrize(
    "options",
    [Options(leads=0, activities=0, new_leads_per_hour=0, new_activities_per_hour=0)],
)
def test_a_quiet_night_costs_three_calls_a_stream(sandbox: Sandbox, clock: Clock) -> None:
    calls = quiet_night(Tap(sandbox, clock))
    # leads, activities and deleted_leads
    assert sum(count for name, count in calls.items() if name != "status") <= 3 * 3
    assert (calls["create"], calls["file"]) == (2, 0)
