"""Options of sandboxes, and comparisons of what runs wrote with the expected rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.sandbox.edge_cases import ALL_EDGE_CASES
from tap_marketo_bulk.times import format_instant
from tests.support.runs import key_of, without_empty_column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import RunResult

# No row changes in the three days after the data set is created, so that runs can be compared.
UNCHANGING = Options(
    seed=345,
    leads=14,
    activities=36,
    history_days=60,
    late_seconds=0,
    new_leads_per_hour=0,
    new_activities_per_hour=0,
    job_seconds=0,
    edge_cases=ALL_EDGE_CASES,
    strict=True,
)
# All rows of that data set, in three windows for each stream.
WHOLE_HISTORY: dict[str, Any] = {
    "start_date": "2025-12-30",
    "end_date": "2026-02-28T23:45:00Z",
    "window_days": 21,
}
# The custom objects that Bulk Extract exports, by the names of their streams.
CUSTOM_OBJECTS = {
    "custom_purchase_order_c": "purchaseOrder_c",
    "custom_support_ticket_v2": "SupportTicketV2",
}
# The filter by date of each stream.
_FILTERS = {
    "activities": "createdAt",
    **dict.fromkeys(("leads", "program_members", *CUSTOM_OBJECTS), "updatedAt"),
}
# The expected rows of such data sets: it takes long to compute them.
_expected_rows: dict[tuple[Any, ...], dict[Any, Any]] = {}


def loaded_rows(runs: Iterable[RunResult], stream: str) -> dict[Any, Any]:
    """Return the rows of a stream, by key, that a target has loaded after these runs."""
    table: dict[Any, Any] = {}
    for run in runs:
        table |= run.table(stream)
    return table


def export_requests(sandbox: Sandbox, export_object: str) -> list[Any]:
    """Return the create bodies of all jobs for an export object, in order."""
    return [job.request for job in sandbox.jobs if job.object == export_object]


def assert_complete(sandbox: Sandbox, *runs: RunResult) -> None:
    """Check that a target has loaded the expected rows after these runs."""
    assert loaded_rows(runs, "activities") == sandbox.expected.activities()
    assert loaded_rows(runs, "leads") == sandbox.expected.leads()


def assert_bookmarks_are_covered(sandbox: Sandbox, *runs: RunResult) -> None:
    """Check that no bookmark covers a row that was not written before its STATE.

    The rows of the data set must not change during the runs, and the replication keys must be the
    default ones.
    """
    tables: defaultdict[str, dict[Any, Any]] = defaultdict(dict)
    bookmarks: dict[str, datetime] = {}
    for message in (message for run in runs for message in run.messages):
        if message["type"] == "RECORD" and message["stream"] in _FILTERS:
            record = without_empty_column(message["record"])
            tables[message["stream"]][key_of(message["stream"], record)] = record
        if message["type"] == "STATE":
            for stream, entry in message["value"].get("bookmarks", {}).items():
                text = entry.get("replication_key_value")
                if text and stream in _FILTERS:
                    bookmark = datetime.fromisoformat(text)
                    assert bookmark >= bookmarks.get(stream, bookmark), "a bookmark moved back"
                    bookmarks[stream] = bookmark
                    _assert_has_rows_until(bookmark, sandbox, stream, tables[stream])


def _assert_has_rows_until(
    end: datetime, sandbox: Sandbox, stream: str, table: dict[Any, Any]
) -> None:
    expected = expected_rows_until(end, sandbox, stream)
    missing = {key for key, record in expected.items() if table.get(key) != record}
    assert not missing, f"{stream} up to {end}: not written yet"


def expected_rows_until(end: datetime, sandbox: Sandbox, stream: str) -> dict[Any, Any]:
    """Return the expected rows up to an instant, from filters of at most 31 days."""
    key = (sandbox.options, sandbox.created_at, stream, end)
    if key not in _expected_rows:
        _expected_rows[key] = {}
        start = datetime(2025, 12, 1, tzinfo=UTC)
        while start < end:
            stop = min(start + timedelta(days=31), end)
            dates = {"startAt": format_instant(start), "endAt": format_instant(stop)}
            _expected_rows[key] |= _rows_between(sandbox, stream, {_FILTERS[stream]: dates})
            start = stop
    return _expected_rows[key]


def _rows_between(sandbox: Sandbox, stream: str, dates: dict[str, Any]) -> dict[Any, Any]:
    expected = sandbox.expected
    if stream in CUSTOM_OBJECTS:
        return dict(expected.custom_objects(CUSTOM_OBJECTS[stream], dates))
    if stream == "program_members":
        filters = [{"programId": int(program_id), **dates} for program_id in expected.programs()]
        return {key: row for each in filters for key, row in expected.program_members(each).items()}
    rows: dict[Any, Any] = getattr(expected, stream)(dates)
    return rows
