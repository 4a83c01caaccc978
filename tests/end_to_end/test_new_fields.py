"""A field that is selected later is filled by a full read of it alone; the loader merges it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.sandbox import Options, Sandbox
from tests.support.meltano import new_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.warehouses import Warehouse

FULL_TABLE = json.dumps({"leads": {"replication-method": "FULL_TABLE"}})


def test_a_full_read_of_a_new_field_keeps_the_other_columns_in_the_database(
    warehouse: Warehouse, installed: Path, tmp_path: Path
) -> None:
    options = Options(leads=200, activities=0, history_days=20, job_seconds=0)
    with Sandbox(options) as sandbox:
        settings = {
            "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
            "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
            "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
            "TAP_MARKETO_BULK_LAG_MINUTES": "0",
            "TAP_MARKETO_BULK_POLL_SECONDS": "0.1",
            "TAP_MARKETO_BULK_START_DATE": f"{sandbox.created_at - timedelta(days=30):%Y-%m-%d}",
        }
        project = new_project(tmp_path / "project", installed, settings | warehouse.settings)

        def load(*columns: str, **more: str) -> None:
            select = json.dumps([f"leads.{name}" for name in columns])
            project.run(
                "run",
                "tap-marketo-bulk",
                warehouse.loader,
                TAP_MARKETO_BULK__SELECT=select,
                **more,
            )

        load("id", "updatedAt", "email")
        load("id", "updatedAt", "email", "city")
        load("id", "updatedAt", "city", TAP_MARKETO_BULK__METADATA=FULL_TABLE)
        found = warehouse.execute("select id, email, city from tap_marketo_bulk.leads")
        expected = {
            (key, row["email"], row["city"]) for key, row in sandbox.expected.leads().items()
        }
    assert set(found) == expected
    assert any(city for _, _, city in found)
