"""Subscriptions to run the tap on, and how to tell that a run was right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.sandbox import Options
from tests.support.runs import KEYS, without_empty_column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import Run

# Nothing happens in it for three days after its birth, so that runs can be compared.
STILL = Options(
    seed=345,
    leads=14,
    activities=36,
    history_days=60,
    late_seconds=0,
    new_leads_per_hour=0,
    new_activities_per_hour=0,
    job_seconds=0,
)
# All of its history, in three windows for each stream.
WHOLE: dict[str, Any] = {
    "start_date": "2025-12-30",
    "end_date": "2026-02-28T23:45:00Z",
    "window_days": 21,
}
# What such worlds hold, told once.
_told: dict[tuple[Any, ...], dict[Any, Any]] = {}


def union(runs: Iterable[Run], stream: str) -> dict[Any, Any]:
    """Return what a target holds of a stream after these runs."""
    table: dict[Any, Any] = {}
    for run in runs:
        table |= run.table(stream)
    return table


def assert_complete(sandbox: Sandbox, *runs: Run) -> None:
    """Check that a target holds the truth after these runs."""
    assert union(runs, "activities") == sandbox.expected.activities()
    assert union(runs, "leads") == sandbox.expected.leads()


def assert_honest(sandbox: Sandbox, *runs: Run) -> None:
    """Check after each STATE that everything up to its bookmarks was written before it.

    Only for a world in which nothing changes meanwhile, and for the usual replication keys.
    """
    tables: dict[str, dict[Any, Any]] = {stream: {} for stream in KEYS}
    reached: dict[str, datetime] = {}
    for message in (message for run in runs for message in run.messages):
        if message["type"] == "RECORD" and message["stream"] in tables:
            record = without_empty_column(message["record"])
            tables[message["stream"]][record[KEYS[message["stream"]]]] = record
        if message["type"] == "STATE":
            for stream, bookmark in message["value"].get("bookmarks", {}).items():
                text = bookmark.get("replication_key_value")
                if text and stream in tables:
                    instant = datetime.fromisoformat(text)
                    assert instant >= reached.get(stream, instant), "a bookmark went back"
                    reached[stream] = instant
                    _assert_holds(sandbox, stream, tables[stream], instant)


def _assert_holds(sandbox: Sandbox, stream: str, table: dict[Any, Any], end: datetime) -> None:
    truth = _until(sandbox, stream, end)
    missing = {key for key, record in truth.items() if table.get(key) != record}
    assert not missing, f"{stream} up to {end}: not written yet"


def _until(sandbox: Sandbox, stream: str, end: datetime) -> dict[Any, Any]:
    """Return the truth up to an instant, asked for in ranges that Marketo allows."""
    key = (sandbox.options, sandbox.created_at, stream, end)
    if key not in _told:
        tell: Any = getattr(sandbox.expected, stream)
        name = "updatedAt" if stream == "leads" else "createdAt"
        _told[key] = {}
        start = datetime(2025, 12, 1, tzinfo=UTC)
        while start < end:
            stop = min(start + timedelta(days=31), end)
            _told[key] |= tell(
                {name: {"startAt": format_instant(start), "endAt": format_instant(stop)}}
            )
            start = stop
    return _told[key]
