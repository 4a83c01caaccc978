"""One bad program, list or cell keeps nothing else from the warehouse, and the run says so."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.sandbox import Fault, Options, Sandbox
from tests.support.meltano import new_project
from tests.support.warehouses import PostgresWarehouse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgresql import Database

DELETED_LIST, REFUSED_PROGRAM = 999_999, 1002


def test_all_else_is_loaded_and_three_sentences_name_what_is_not(
    server: Database, installed: Path, tmp_path: Path
) -> None:
    warehouse = PostgresWarehouse(server.create(tmp_path.name))
    options = Options(
        leads=60,
        activities=0,
        history_days=20,
        job_seconds=0,
        new_leads_per_hour=0,
        object_changes=False,
    )
    with Sandbox(options) as sandbox:
        sandbox.faults += [
            Fault("envelope", call="create", code="1003", filter_value=REFUSED_PROGRAM, times=None),
            Fault("undecodable", object="leads", field="company"),
        ]
        settings = {
            "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
            "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
            "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
            "TAP_MARKETO_BULK_LAG_MINUTES": "0",
            "TAP_MARKETO_BULK_POLL_SECONDS": "0.1",
            "TAP_MARKETO_BULK_LIST_IDS": json.dumps([2001, DELETED_LIST]),
            "TAP_MARKETO_BULK_START_DATE": f"{sandbox.created_at - timedelta(days=30):%Y-%m-%d}",
            "TAP_MARKETO_BULK__SELECT": '["leads.*", "program_members.*", "list_members.*"]',
        }
        project = new_project(tmp_path / "project", installed, settings | warehouse.settings)
        run = project.try_to_run("run", "tap-marketo-bulk", warehouse.loader)
        expected = sandbox.expected
    assert run.returncode == 1
    for sentence in (
        f"staticListId {DELETED_LIST} of list_members is left out; the others are read.",
        f"programIds {REFUSED_PROGRAM} of program_members is left out; the others are read.",
        "leads: 1 values of company have bytes that are not UTF-8",
    ):
        assert sentence in run.stderr
    leads = dict(warehouse.execute("select id, company from tap_marketo_bulk.leads"))
    companies = {key: row["company"] for key, row in expected.leads().items()}
    assert leads.keys() == companies.keys()
    assert len([key for key in leads if leads[key] != companies[key]]) == 1
    members = warehouse.execute(
        'select "leadId", "programId" from tap_marketo_bulk.program_members'
    )
    wanted = expected.program_members()
    assert set(members) == {key for key in wanted if key[1] != REFUSED_PROGRAM} != set(wanted)
    assert warehouse.execute('select distinct "listId" from tap_marketo_bulk.list_members') == [
        (2001,)
    ]
