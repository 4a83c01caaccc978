"""The memory of a run, the time of a backfill, and the calls of a run without new rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.runs import TapRunner

from .export_files import ACTIVITIES, MOSTLY_TEXT, leads_file
from .simulations import backfill, calls_without_new_rows
from .throughput import prepare, tap_cost

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.times import Clock

    from .export_files import ExportFile


@pytest.mark.parametrize(
    "contents", [leads_file(40, MOSTLY_TEXT), ACTIVITIES], ids=lambda it: it.object
)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, contents: ExportFile) -> None:
    small, large = (
        tap_cost(
            prepare(tmp_path / "file", contents, rows), lambda stream: stream == contents.object
        )
        for rows in (500, 40_000)
    )
    # The larger file has 16 MB, or 10 MB.
    assert large.peak_megabytes < small.peak_megabytes + 5


def test_a_backfill_keeps_both_slots_busy_and_makes_few_calls() -> None:
    found = backfill(months=24)
    assert found.ratio < 1.02
    assert found.most_in_queue <= 4
    assert sum(found.calls.values()) < 700


def test_a_slow_target_costs_little_time_if_marketo_needs_more() -> None:
    found = backfill(months=12, rows=4000, has_slow_target=True)
    assert found.blocked_seconds > 0
    assert found.ratio < 1.05


@pytest.mark.parametrize(
    "options",
    [Options(leads=0, activities=0, new_leads_per_hour=0, new_activities_per_hour=0)],
)
def test_a_run_without_new_rows_makes_at_most_three_calls_for_each_stream(
    sandbox: Sandbox, clock: Clock
) -> None:
    calls = calls_without_new_rows(TapRunner(sandbox, clock))
    # leads, activities and deleted_leads; each of the two reference streams makes one call.
    assert sum(count for name, count in calls.items() if name != "status") <= 3 * 3 + 2
    assert (calls["create"], calls["file"]) == (2, 0)
