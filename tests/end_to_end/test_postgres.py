"""`meltano run tap-marketo-bulk target-postgres`, twice: the database holds the truth."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Clock, Job, Options, Sandbox

from .meltano import new_project
from .tables import ACTIVITY_TYPES, column_types, differences, lead_types, rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from .meltano import Project
    from .postgresql import Database

HISTORY = timedelta(days=30)
LOADED_IN_RUN = "_sdc_sync_started_at"
STATE_ID = "dev:tap-marketo-bulk-to-target-postgres"


def test_two_runs_leave_the_truth_in_the_database(
    server: Database, installed: Path, tmp_path: Path
) -> None:
    database = server.create("two_runs")
    # All that happens in the sandbox is past by the clock of the tap, and stands still while it
    # runs: what is true does not depend on how fast it is.
    birth = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - HISTORY / 3
    options = Options(leads=1500, activities=4000, history_days=HISTORY.days, job_seconds=0)
    with Sandbox(options, clock=Clock(start=birth, speed=0)) as sandbox:
        project = new_project(tmp_path / "project", installed, settings(sandbox, database))
        first_end = birth - timedelta(days=3)
        past = {"startAt": text(birth - HISTORY), "endAt": text(first_end)}

        run(project, END_DATE=text(first_end))

        leads = sandbox.truth.leads({"updatedAt": past})
        activities = sandbox.truth.activities({"createdAt": past})
        check(database, sandbox, leads, activities)
        assert bookmarks(project) == dict.fromkeys(
            ("leads", "activities", "deleted_leads"), text(first_end)
        )

        jobs_of_first_run = len(sandbox.jobs)
        sandbox.clock.advance(timedelta(days=4).total_seconds())
        run(project)

        # A lead that is deleted between the runs stays as it was.
        leads |= sandbox.truth.leads()
        activities = sandbox.truth.activities()
        check(database, sandbox, leads, activities)
        # The second run asked for what had changed, and loaded that alone.
        later = sandbox.jobs[jobs_of_first_run:]
        lookback_end = first_end - timedelta(minutes=60)
        assert earliest(later, "leads", "updatedAt") == text(first_end)
        assert earliest(later, "activities", "createdAt") == text(lookback_end)
        # Nobody knows whether an end is inclusive: one second more makes no difference.
        now = sandbox.clock.now() + timedelta(seconds=1)
        changed = {"startAt": text(first_end), "endAt": text(now)}
        happened = {"startAt": text(lookback_end), "endAt": text(now)}
        new_leads = sandbox.truth.leads({"updatedAt": changed})
        new_activities = sandbox.truth.activities({"createdAt": happened})
        assert 0 < len(new_leads) < len(leads)
        assert 0 < len(new_activities) < len(activities)
        assert loaded_by_latest_run(database, "leads", "id") == new_leads.keys()
        assert loaded_by_latest_run(database, "activities", "marketoGUID") == new_activities.keys()


def settings(sandbox: Sandbox, database: Database) -> dict[str, str]:
    return {
        "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
        "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
        "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
        "TAP_MARKETO_BULK_START_DATE": text(sandbox.birth - HISTORY),
        "TAP_MARKETO_BULK_WINDOW_DAYS": "10",
        "TAP_MARKETO_BULK_POLL_SECONDS": "0.1",
        "TARGET_POSTGRES_HOST": database.host,
        "TARGET_POSTGRES_PORT": str(database.port),
        "TARGET_POSTGRES_USER": database.user,
        "TARGET_POSTGRES_PASSWORD": database.password,
        "TARGET_POSTGRES_DATABASE": database.name,
    }


def run(project: Project, **tap_settings: str) -> None:
    prefixed = {f"TAP_MARKETO_BULK_{name}": value for name, value in tap_settings.items()}
    project.run("run", "tap-marketo-bulk", "target-postgres", **prefixed)


def check(
    database: Database,
    sandbox: Sandbox,
    leads: dict[int, dict[str, object]],
    activities: dict[str, dict[str, object]],
) -> None:
    types = lead_types(sandbox.truth.lead_columns())
    with database.connect() as connection:
        assert column_types(connection, "leads") == types
        assert column_types(connection, "activities") == ACTIVITY_TYPES
        assert not list(differences(rows_of(connection, "leads"), leads, types))[:5]
        found = rows_of(connection, "activities")
        assert not list(differences(found, activities, ACTIVITY_TYPES))[:5]


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
