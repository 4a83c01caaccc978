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
from tests.support.warehouses import view_columns, view_rows

if TYPE_CHECKING:
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
LOADED = datetime(2026, 3, 1, 12, 30)  # noqa: DTZ001 - the databases have no time zones here
# Names as with `column_names: snake_case`, or as loaders change them; JSON and numbers as text.
TABLES_WITH_OTHER_NAMES = """
    create schema tap_marketo_bulk;
    create table tap_marketo_bulk.leads (
        id integer, created_at timestamp, "INFERREDCOMPANY" varchar, lead_score double precision,
        "customField" varchar, custom_field varchar, "order" varchar, unsubscribed varchar,
        _invalid_values varchar, _sdc_extracted_at timestamp, _sdc_deleted_at timestamp
    );
    insert into tap_marketo_bulk.leads values (
        1, '2026-03-01 12:30:00', 'Acme', 1.5, 'a', 'b', 'c', 'true', null, '2026-03-01 12:30:00',
        null
    );
    create table tap_marketo_bulk.activities_email_bounced (
        marketo_guid varchar, lead_id bigint, primary_attribute_value_id bigint, campaign_id bigint,
        campaign_id_2 bigint, category varchar, subcategory varchar, test_variant varchar
    );
    insert into tap_marketo_bulk.activities_email_bounced values (
        '7', 1, 40, 5, 6, '2', 'blocked', '1e5'
    );
    create table tap_marketo_bulk.emails (id bigint, subject varchar, folder varchar);
    insert into tap_marketo_bulk.emails values (
        40, '{"type": "Text", "value": "It''s \u00fc"}', '{"type": "Program", "value": 1001}'
    );
    create table tap_marketo_bulk.programs (
        id bigint, "CREATEDAT" varchar, "startDate" varchar, _sdc_deleted_at timestamp
    );
    insert into tap_marketo_bulk.programs values (
        1001, '2026-03-01T12:30:00Z', 'soon', '2026-03-01 12:30:00'
    )
"""
EXPECTED_OF_OTHER_NAMES = {
    "lead": {
        "id": 1,
        "created_at": LOADED,
        "inferred_company": "Acme",
        "email": None,
        "unsubscribed": True,
        "lead_score": 1.5,
        "custom_field": "a",
        "custom_field_2": "b",
        "order": "c",
        "_fivetran_synced": LOADED,
    },
    "activity_email_bounced": {
        "id": "7",
        "lead_id": 1,
        "campaign_id": 5,
        "email_template_id": 40,
        "category": 2,
        "subcategory": None,
        "test_variant": None,
        "_fivetran_synced": None,
    },
    "email_template_history": {
        "id": 40,
        "subject": "It's ü",
        "folder_type": "Program",
        "folder_value": 1001,
        "program_id": 1001,
    },
    "program": {
        "id": 1001,
        "created_at": LOADED,
        "start_date": None,
        "_fivetran_deleted": True,
    },
}


@pytest.mark.parametrize("column_names", ["marketo", "snake_case"])
def test_the_views_have_the_columns_and_the_rows_that_dbt_marketo_reads(
    warehouse: Warehouse, installed: Path, tmp_path: Path, column_names: str
) -> None:
    options = Options(
        leads=800,
        activities=1500,
        history_days=HISTORY.days,
        more_activity_types=True,
        job_seconds=0,
    )
    creation = datetime.now(UTC).replace(microsecond=0) - HISTORY / 2
    with Sandbox(options, clock=SandboxClock(start=creation, speed=0)) as sandbox:
        # Leads are merged and assets are changed before the run, but nothing at its very second.
        sandbox.clock.advance(timedelta(days=9, minutes=17).total_seconds())
        naming = {"TAP_MARKETO_BULK_COLUMN_NAMES": column_names}
        settings = tap_settings(sandbox) | naming | warehouse.settings
        project = new_project(tmp_path / "project", installed, settings)

        project.run("run", "tap-marketo-bulk", warehouse.loader, f"{warehouse.dbt}:build")

        views, columns = expected_views(sandbox), view_columns(warehouse)
        assert columns.keys() == REQUIRED.keys()
        for view, required in REQUIRED.items():
            assert required.items() <= columns[view].items()
            rows = view_rows(warehouse, view)
            assert rows
            assert not list(differences(rows, views[view], columns[view]))[:5]


def test_the_views_are_made_of_tables_with_other_names_and_of_missing_tables(
    warehouse: Warehouse, installed: Path, tmp_path: Path
) -> None:
    for statement in TABLES_WITH_OTHER_NAMES.split(";"):
        warehouse.execute(statement)
    project = new_project(tmp_path / "project", installed, warehouse.settings)

    project.run("invoke", f"{warehouse.dbt}:run")

    columns = view_columns(warehouse)
    rows = {view: view_rows(warehouse, view) for view in columns}
    for view, required in REQUIRED.items():
        assert required.items() <= columns[view].items()
    assert {view for view in columns if rows[view]} == EXPECTED_OF_OTHER_NAMES.keys()
    for view, expected in EXPECTED_OF_OTHER_NAMES.items():
        assert expected.items() <= rows[view][expected["id"]].items()
    # The loader's columns and the tap's are not lead fields.
    assert columns["lead"].keys() - REQUIRED["lead"].keys() == {
        "lead_score",
        "custom_field",
        "custom_field_2",
        "order",
    }


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
