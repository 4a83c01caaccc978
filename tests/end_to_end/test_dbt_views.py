"""`meltano run tap-marketo-bulk <loader> <dbt>`: the views have what dbt_marketo reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.expected_views import differences, expected_views
from tests.support.meltano import new_project
from tests.support.warehouses import (
    DuckDbWarehouse,
    PostgresWarehouse,
    view_columns,
    view_rows,
)

if TYPE_CHECKING:
    from tests.support.postgresql import Database
    from tests.support.warehouses import Warehouse

# The tables and columns that a version of dbt_marketo reads, with their types.
REQUIRED = json.loads(Path(__file__).with_name("dbt_marketo_1_4_1.json").read_text())["tables"]
STREAMS = (
    "activities_change_data_value",
    "activities_click_email",
    "activities_email_bounced",
    "activities_email_delivered",
    "activities_merge_leads",
    "activities_open_email",
    "activities_send_email",
    "activities_unsubscribe_email",
    "campaigns",
    "deleted_leads",
    "emails",
    "lead_describe",
    "leads",
    "programs",
)
HISTORY = timedelta(days=20)


@pytest.fixture(params=["postgres", "duckdb"])
def warehouse(request: pytest.FixtureRequest, server: Database, tmp_path: Path) -> Warehouse:
    """An empty database."""
    if request.param == "postgres":
        return PostgresWarehouse(server.create(f"dbt_{tmp_path.name}"))
    return DuckDbWarehouse(tmp_path / "warehouse.duckdb")


def test_the_views_have_the_columns_and_the_rows_that_dbt_marketo_reads(
    warehouse: Warehouse, installed: Path, tmp_path: Path
) -> None:
    data = {"leads": 800, "activities": 1500, "history_days": HISTORY.days}
    options = Options(**data, more_activity_types=True, job_seconds=0)
    creation = datetime.now(UTC).replace(microsecond=0) - HISTORY / 2
    with Sandbox(options, clock=SandboxClock(start=creation, speed=0)) as sandbox:
        # Leads are merged and assets are changed before the run, but nothing at its very second.
        sandbox.clock.advance(timedelta(days=9, minutes=17).total_seconds())
        settings = tap_settings(sandbox) | warehouse.settings
        project = new_project(tmp_path / "project", installed, settings)

        project.run("run", "tap-marketo-bulk", warehouse.loader, f"{warehouse.dbt}:build")

        views, columns = expected_views(sandbox), view_columns(warehouse)
        assert columns.keys() == REQUIRED.keys()
        for view, required in REQUIRED.items():
            assert {name: columns[view].get(name) for name in required} == required
            rows = view_rows(warehouse, view)
            assert rows
            assert not list(differences(rows, views[view], columns[view]))[:5]


def tap_settings(sandbox: Sandbox) -> dict[str, str]:
    return {
        "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
        "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
        "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
        "TAP_MARKETO_BULK_START_DATE": (sandbox.created_at - HISTORY).isoformat(),
        "TAP_MARKETO_BULK_LAG_MINUTES": "0",
        "TAP_MARKETO_BULK_POLL_SECONDS": "0.1",
        "TAP_MARKETO_BULK__SELECT": json.dumps([f"{stream}.*" for stream in STREAMS]),
    }
