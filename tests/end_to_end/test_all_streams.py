"""Every stream in a database after three runs of Meltano, and the SQL of docs/streams.md.

The first run loads everything. The second one is that page's full run of program members and
custom objects. The third one is a normal run again.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tap_marketo_bulk.times import format_instant
from tests.support.expected_tables import (
    CUSTOM_OBJECTS,
    DELETIONS,
    LIST_IDS,
    LIST_MEMBERS,
    MEMBERS,
    MERGES,
    Rows,
    expected_rows_of,
    key_of,
    types_of,
)
from tests.support.meltano import new_project, pipeline_settings
from tests.support.readme import code_block, inline_sql, page, section
from tests.support.reference_tables import DEFINITIONS
from tests.support.warehouse_tables import Row, column_types, differences, rows_of, stored

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.support.meltano import Project
    from tests.support.postgresql import Database

# As long as a window, so that one window of the full run begins where the first run ended.
HISTORY = timedelta(days=31)
FULL_RUN, LAST_RUN = timedelta(days=30), timedelta(days=31)
# The full run leaves this to the normal run after it.
LAG = timedelta(hours=8)
OPTIONS = Options(
    leads=600,
    activities=0,
    new_activities_per_hour=0,
    new_leads_per_hour=0,
    history_days=HISTORY.days,
    late_seconds=0,
    programs=6,
    new_assets_per_day=0.1,
    removals=True,
    more_activity_types=True,
    undocumented_members=True,
    job_seconds=0,
    # The clock does not move during a run, so all its calls are made within 20 seconds.
    rate_limit=1000,
)
REFRESHED = (MEMBERS, *CUSTOM_OBJECTS)
STREAMS = (*REFRESHED, LIST_MEMBERS, DELETIONS, MERGES, *DEFINITIONS)
COMPARED = tuple(name for name in STREAMS if name != "usage")
# The column that the second run of a stream reads the changes by.
CHANGED_BY = {
    **dict.fromkeys(REFRESHED, "updatedAt"),
    **dict.fromkeys((DELETIONS, MERGES), "activityDate"),
    **{name: each.replication_key for name, each in DEFINITIONS.items() if name != "usage"},
}
LOADED_IN_RUN = "_sdc_sync_started_at"


@dataclass(frozen=True)
class Load:
    """The tables after a run, and the rows that Marketo has at that time."""

    at: datetime
    tables: dict[str, list[Row]]
    expected: dict[str, Rows]


@dataclass(frozen=True)
class Loads:
    """The loads of the first and of the last run, and of the full run between them.

    Attributes:
        refreshed: The rows that the full run loaded, by stream.
        full_run_began: The time of the machine, as text.
    """

    sandbox: Sandbox
    database: Database
    first: Load
    last: Load
    refreshed: dict[str, Rows]
    full_run_began: str

    def expected_after_last(self, stream: str) -> Rows:
        """The rows of Marketo, and those that were loaded before they were removed there."""
        refreshed = self.refreshed.get(stream, {})
        return self.first.expected[stream] | refreshed | self.last.expected[stream]


# One test and not several, which parallel processes would do the three runs for.
def test_every_stream_is_loaded_and_the_sql_of_the_page_of_streams_finds_removals(
    server: Database, installed: Path, tmp_path: Path
) -> None:
    database = server.create("all_streams")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    creation = today - LAST_RUN - timedelta(days=1)
    with Sandbox(OPTIONS, clock=SandboxClock(start=creation, speed=0)) as sandbox:
        project = new_project(tmp_path / "project", installed, settings(sandbox, database))

        run(project)
        first = load(sandbox, database)

        sandbox.clock.advance(FULL_RUN.total_seconds())
        full_run_began = format_instant(datetime.now(UTC))
        run_in_full(project)
        refreshed = refreshed_rows(sandbox)

        sandbox.clock.advance((LAST_RUN - FULL_RUN).total_seconds())
        run(project)
        last = load(sandbox, database)
        loads = Loads(sandbox, database, first, last, refreshed, full_run_began)

        assert_columns_have_types(loads)
        for stream in COMPARED:
            assert loads.first.expected[stream]
            assert differences_of(loads, stream, first.tables, first.expected[stream]) == []
            expected = loads.expected_after_last(stream)
            assert differences_of(loads, stream, last.tables, expected) == []
            assert_last_run_loaded_changes_only(loads, stream)
        assert_usage_is_complete(loads)
        assert_deleted_leads_are_marked(loads)
        assert_merged_leads_are_marked(loads)
        assert_removed_rows_are_deleted(loads)


def settings(sandbox: Sandbox, database: Database) -> dict[str, str]:
    selected = ["leads.id", "leads.updatedAt", *(f"{stream}.*" for stream in STREAMS)]
    return pipeline_settings(sandbox, database) | {
        "TAP_MARKETO_BULK_START_DATE": format_instant(sandbox.created_at - HISTORY),
        "TAP_MARKETO_BULK_ACTIVITY_LOOKBACK_MINUTES": "0",
        "TAP_MARKETO_BULK_LIST_IDS": json.dumps(LIST_IDS),
        "TAP_MARKETO_BULK__SELECT": json.dumps(selected),
    }


def run(project: Project) -> None:
    project.run("run", "tap-marketo-bulk", "target-postgres")


def run_in_full(project: Project) -> None:
    """Run the command for the full run of docs/streams.md."""
    script = code_block(section("Removed members, records and assets", page("streams")), "sh")
    words = shlex.split(script.replace("\\\n", " "))
    command = words[words.index("meltano") + 1 : words.index("&&")]
    assignments = [word for word in words if word.startswith("TAP_MARKETO_BULK_")]
    options = dict(word.split("=", 1) for word in assignments)
    lag_minutes = str(LAG / timedelta(minutes=1))
    project.run(*command, **options, TAP_MARKETO_BULK_LAG_MINUTES=lag_minutes)


def refreshed_rows(sandbox: Sandbox) -> dict[str, Rows]:
    """The rows that a full run loads now: of custom objects, those before the lag."""
    tables = {stream: expected_rows_of(sandbox, stream) for stream in REFRESHED}
    horizon = format_instant(sandbox.clock.now() - LAG)
    for stream in CUSTOM_OBJECTS:
        rows = tables[stream]
        tables[stream] = {key: row for key, row in rows.items() if row["updatedAt"] < horizon}
        assert len(tables[stream]) < len(rows)
    return tables


def load(sandbox: Sandbox, database: Database) -> Load:
    with database.connect() as connection:
        tables = {stream: rows_of(connection, stream) for stream in STREAMS}
    expected = {stream: expected_rows_of(sandbox, stream) for stream in STREAMS}
    return Load(sandbox.clock.now(), tables, expected)


# The tables.


def assert_columns_have_types(loads: Loads) -> None:
    with loads.database.connect() as connection:
        for stream in STREAMS:
            assert column_types(connection, stream) == types_of(loads.sandbox, stream), stream


def differences_of(
    loads: Loads, stream: str, tables: dict[str, list[Row]], expected: Rows
) -> list[str]:
    types = types_of(loads.sandbox, stream)
    found = differences(tables[stream], expected, types, key_of(stream))
    return [f"{stream}: {difference}" for difference in islice(found, 5)]


def assert_last_run_loaded_changes_only(loads: Loads, stream: str) -> None:
    rows = loads.last.tables[stream]
    latest = max(row[LOADED_IN_RUN] for row in rows)
    key = key_of(stream)
    loaded = {tuple(row[name] for name in key) for row in rows if row[LOADED_IN_RUN] == latest}
    now, column = loads.last.expected[stream], CHANGED_BY.get(stream)
    if column is None:
        assert loaded == now.keys()
        return
    # The files with the changes that the full run exported are used instead of new exports.
    reused = loads.refreshed[stream] if stream in CUSTOM_OBJECTS else {}
    horizon = format_instant(loads.first.at)
    assert loaded == {key for key, row in (reused | now).items() if row[column] >= horizon}
    assert 0 < len(loaded) < len(rows)


def assert_usage_is_complete(loads: Loads) -> None:
    types = types_of(loads.sandbox, "usage")
    found = {str(row["date"]): row for row in loads.last.tables["usage"]}
    expected = loads.first.expected["usage"] | loads.last.expected["usage"]
    assert found.keys() == {date for (date,) in expected}
    for day in (max(loads.first.expected["usage"]), max(loads.last.expected["usage"])):
        # The run itself was not over when it asked.
        assert 0 < found.pop(str(day[0]))["total"] <= expected.pop(day)["total"]
    complete = {str(date): row for (date,), row in expected.items()}
    rows = [row | {"date": date} for date, row in found.items()]
    assert list(differences(rows, complete, types | {"date": "text"})) == []
    # The calls of the full run are among them.
    assert sum(row["total"] for row in rows) > 20


# The SQL of docs/streams.md.


def assert_deleted_leads_are_marked(loads: Loads) -> None:
    deleted_at = {
        row["leadId"]: stored(row["activityDate"], "timestamp")
        for row in loads.last.expected[DELETIONS].values()
    }
    with loads.database.connect() as connection:
        add_column(connection, "Deleted leads")
        connection.execute(code_block(section("Deleted leads", page("streams")), "sql").encode())
        found = {row["id"]: row["deleted_at"] for row in rows_of(connection, "leads")}
    assert {lead for lead, at in found.items() if at is None} == set(loads.sandbox.expected.leads())
    marked = {lead: at for lead, at in found.items() if at}
    assert marked == {lead: at for lead, at in deleted_at.items() if lead in found}
    assert marked


def assert_merged_leads_are_marked(loads: Loads) -> None:
    merges = loads.last.expected[MERGES].values()
    winners = {int(row["merge_ids"]): row["leadId"] for row in merges}
    with loads.database.connect() as connection:
        add_column(connection, "Merged leads")
        leads = {row["id"] for row in rows_of(connection, "leads")}
        expected = {lead: winner for lead, winner in winners.items() if lead in leads}
        assert expected
        assert marked_merges(connection) == expected
        # A winner is merged later, together with another lead.
        winner = next(iter(expected.values()))
        other, latest = sorted(leads - winners.keys() - set(winners.values()))[:2]
        connection.execute(
            f'insert into tap_marketo_bulk.{MERGES} ("marketoGUID", "leadId", merge_ids)'  # noqa: S608 - own name
            " values ('later', %s, %s)".encode(),
            (latest, f"[{winner}, {other}, {latest}]"),
        )
        later = {lead: latest if each == winner else each for lead, each in expected.items()}
        assert marked_merges(connection) == later | {winner: latest, other: latest}


def add_column(connection: psycopg.Connection, title: str) -> None:
    connection.execute(inline_sql(section(title, page("streams")), "alter table").encode())


def marked_merges(connection: psycopg.Connection) -> dict[int, int]:
    connection.execute(code_block(section("Merged leads", page("streams")), "sql").encode())
    rows = rows_of(connection, "leads")
    return {row["id"]: row["merged_into"] for row in rows if row["merged_into"]}


def assert_removed_rows_are_deleted(loads: Loads) -> None:
    statements = code_block(section("Removed members, records and assets", page("streams")), "sql")
    statement = statements.splitlines()[0]
    others = [statement.replace(MEMBERS, stream) for stream in (*CUSTOM_OBJECTS, LIST_MEMBERS)]
    with loads.database.connect() as connection:
        for sql in (*statements.splitlines(), *others):
            connection.execute(sql.replace(":'began'", "%s").encode(), [loads.full_run_began])
        for stream in (*REFRESHED, LIST_MEMBERS):
            # What was removed after the full run stays until the next one.
            expected = loads.refreshed.get(stream, {}) | loads.last.expected[stream]
            remaining: dict[str, Any] = {stream: rows_of(connection, stream)}
            assert differences_of(loads, stream, remaining, expected) == []
            assert len(remaining[stream]) < len(loads.last.tables[stream])
