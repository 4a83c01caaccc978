"""`meltano run tap-marketo-bulk target-postgres`, twice: the database has the expected rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Job, Options, Sandbox, SandboxClock
from tests.support.meltano import new_project, pipeline_settings
from tests.support.typed_activities import columns_of, expected_records, types_by_stream
from tests.support.warehouse_tables import (
    ACTIVITY_TYPES,
    DELETION_TYPES,
    column_types,
    differences,
    lead_types,
    rows_of,
    typed_activity_types,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.meltano import Project
    from tests.support.postgresql import Database

HISTORY = timedelta(days=30)
LOADED_IN_RUN = "_sdc_sync_started_at"
# Types with numbers, dates, booleans, two attributes of one name, a name that two types have, and
# without attributes.
TYPED = (
    "activities_attended_webinar_100002",
    "activities_change_status_in_progression",
    "activities_fill_out_form",
    "activities_interesting_moment",
    "activities_product_demo",
    "activities_visit_preference_center",
)
STREAMS = ("leads", "activities", "deleted_leads", *TYPED)
STATE_ID = "dev:tap-marketo-bulk-to-target-postgres"


def test_after_two_runs_the_database_has_the_expected_rows(
    server: Database, installed: Path, tmp_path: Path
) -> None:
    database = server.create("two_runs")
    # This clock does not move during a run, so the expected rows do not depend on its duration.
    creation = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - HISTORY / 3
    options = Options(leads=1500, activities=4000, history_days=HISTORY.days, job_seconds=0)
    with Sandbox(options, clock=SandboxClock(start=creation, speed=0)) as sandbox:
        project = new_project(tmp_path / "project", installed, settings(sandbox, database))
        first_end = creation - timedelta(days=3)
        past = {"startAt": text(creation - HISTORY), "endAt": text(first_end)}

        run(project, END_DATE=text(first_end))

        leads = sandbox.expected.leads({"updatedAt": past})
        activities = sandbox.expected.activities({"createdAt": past})
        assert_tables_have_rows(database, sandbox, leads, activities)
        assert_deletions_are_loaded(database, sandbox, until=text(first_end))
        assert bookmarks(project) == dict.fromkeys(STREAMS, text(first_end))

        jobs_of_first_run = len(sandbox.jobs)
        sandbox.clock.advance(timedelta(days=4).total_seconds())
        run(project)

        # The row of a lead that is deleted between the runs does not change.
        leads |= sandbox.expected.leads()
        activities = sandbox.expected.activities()
        assert_tables_have_rows(database, sandbox, leads, activities)
        assert_deletions_are_loaded(database, sandbox, until=text(sandbox.clock.now()))
        # The second run exported and loaded only what had changed.
        later = sandbox.jobs[jobs_of_first_run:]
        lookback_end = first_end - timedelta(minutes=60)
        assert earliest(later, "leads", "updatedAt") == text(first_end)
        assert earliest(later, "activities", "createdAt") == text(lookback_end)
        # Marketo may include the end of a range or not; no row is in the second after it.
        now = sandbox.clock.now() + timedelta(seconds=1)
        changed = {"startAt": text(first_end), "endAt": text(now)}
        happened = {"startAt": text(lookback_end), "endAt": text(now)}
        new_leads = sandbox.expected.leads({"updatedAt": changed})
        new_activities = sandbox.expected.activities({"createdAt": happened})
        assert 0 < len(new_leads) < len(leads)
        assert 0 < len(new_activities) < len(activities)
        assert loaded_by_latest_run(database, "leads", "id") == new_leads.keys()
        assert loaded_by_latest_run(database, "activities", "marketoGUID") == new_activities.keys()
        assert_commands_show_jobs(project, sandbox)


def assert_commands_show_jobs(project: Project, sandbox: Sandbox) -> None:
    listed = project.run("invoke", "tap-marketo-bulk:list")
    assert {job.export_id for job in sandbox.jobs} <= set(listed.split())
    # The plan depends on the selection: without activities, one job has the types of the others.
    typed = json.dumps([f"{stream}.*" for stream in TYPED])
    planned = project.run("invoke", "tap-marketo-bulk:plan", TAP_MARKETO_BULK__SELECT=typed)
    assert "types 2, 46, 104, 160, 100002, 100003" in planned
    assert "leads" not in planned


def settings(sandbox: Sandbox, database: Database) -> dict[str, str]:
    return pipeline_settings(sandbox, database) | {
        "TAP_MARKETO_BULK_START_DATE": text(sandbox.created_at - HISTORY),
        "TAP_MARKETO_BULK_WINDOW_DAYS": "10",
        "TAP_MARKETO_BULK__SELECT": json.dumps([f"{stream}.*" for stream in STREAMS]),
    }


def run(project: Project, **tap_settings: str) -> None:
    prefixed = {f"TAP_MARKETO_BULK_{name}": value for name, value in tap_settings.items()}
    project.run("run", "tap-marketo-bulk", "target-postgres", **prefixed)


def assert_tables_have_rows(
    database: Database,
    sandbox: Sandbox,
    leads: dict[int, dict[str, object]],
    activities: dict[str, dict[str, object]],
) -> None:
    types = lead_types(sandbox.expected.lead_columns())
    with database.connect() as connection:
        assert column_types(connection, "leads") == types
        assert column_types(connection, "activities") == ACTIVITY_TYPES
        assert not list(differences(rows_of(connection, "leads"), leads, types))[:5]
        found = rows_of(connection, "activities")
        assert not list(differences(found, activities, ACTIVITY_TYPES))[:5]
        for stream in TYPED:
            activity_type = types_by_stream(sandbox)[stream]
            expected = expected_records(activity_type, activities)
            types = typed_activity_types(activity_type.primary, columns_of(activity_type))
            assert column_types(connection, stream) == types
            assert expected
            assert not list(differences(rows_of(connection, stream), expected, types))[:5]


def assert_deletions_are_loaded(database: Database, sandbox: Sandbox, *, until: str) -> None:
    deletions = {
        key: deletion
        for key, deletion in sandbox.expected.deleted_leads().items()
        if str(deletion["activityDate"]) <= until
    }
    assert deletions
    with database.connect() as connection:
        assert column_types(connection, "deleted_leads") == DELETION_TYPES
        found = rows_of(connection, "deleted_leads")
        assert not list(differences(found, deletions, DELETION_TYPES))[:5]


def bookmarks(project: Project) -> dict[str, str]:
    state = json.loads(project.run("state", "get", STATE_ID))
    streams = state["singer_state"]["bookmarks"]
    return {name: bookmark["replication_key_value"] for name, bookmark in streams.items()}


def earliest(jobs: list[Job], object_name: str, filter_name: str) -> str:
    filters: list[Any] = [job.request["filter"] for job in jobs if job.object == object_name]
    return min(str(one[filter_name]["startAt"]) for one in filters)


def loaded_by_latest_run(database: Database, table: str, key: str) -> set[object]:
    with database.connect() as connection:
        rows = rows_of(connection, table)
    latest = max(row[LOADED_IN_RUN] for row in rows)
    return {row[key] for row in rows if row[LOADED_IN_RUN] == latest}


def text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
