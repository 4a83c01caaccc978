"""The state of one stream as JSON: what STATE messages hold.

::

    {"replication_key": "updatedAt", "replication_key_value": "2026-11-20T00:00:00Z",
     "horizon": "2026-11-24T00:00:00Z", "owed": [{"start": "...", "end": "..."}],
     "coverage": {"start": "2026-01-01T00:00:00Z", "types": [12]},
     "backfills": [{"start": "...", "end": "...", "types": [1]}],
     "pending": [1042],
     "sweep_began": "2026-11-24T00:00:00Z", "sweep_reached": "2026-03-01T00:00:00Z",
     "latest_jobs": {"created": "2026-11-24T00:15:02Z", "ids": ["..."]},
     "exports": [{"id": "...", "start": "...", "end": "...", "horizon": "...",
                  "request": "<digest>", "without": ["unknownField"]}]}

``types`` are ids of activity types, and of programs for program members. ``pending`` are ids of
programs. ``sweep_began`` and ``sweep_reached`` are about a full read in progress.

This module is the only one that knows this format. States that earlier versions wrote are read
for ever. Keys that this tap does not know are kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import StateError
from tap_marketo_bulk.plan.ledger import (
    Backfill,
    BookmarkCoverage,
    LastPersistedJobs,
    StreamState,
    UnfinishedExport,
)
from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.times import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


_KEYS = frozenset(
    (
        "replication_key",
        "replication_key_value",
        "horizon",
        "owed",
        "coverage",
        "backfills",
        "pending",
        "sweep_began",
        "sweep_reached",
        "latest_jobs",
        "exports",
    )
)


def load_stream_state(stream: str, raw: object) -> StreamState:
    """Return the state that a STATE message holds of a stream.

    Raises:
        StateError: This tap does not write such a state.
    """
    if not isinstance(raw, dict):
        finding = f"the bookmark of {stream} is not a JSON object"
        raise StateError(finding)
    key = raw.get("replication_key")
    state = StreamState(
        replication_key=None if key is None else str(key),
        bookmark=_instant(stream, raw, "replication_key_value"),
        horizon=_instant(stream, raw, "horizon"),
        full_read_began=_instant(stream, raw, "sweep_began"),
        full_read_reached=_instant(stream, raw, "sweep_reached"),
        unknown={name: value for name, value in raw.items() if name not in _KEYS},
    )
    entries = _entries(stream, raw, "exports")
    try:
        owed = tuple(map(_window, _entries(stream, raw, "owed"))) if "owed" in raw else None
        coverage = _coverage(raw["coverage"]) if "coverage" in raw else None
        pending_ids = tuple(int(each) for each in raw.get("pending") or ())
        backfills = tuple(map(_backfill, _entries(stream, raw, "backfills")))
        last_persisted_jobs = _latest_jobs(raw["latest_jobs"]) if "latest_jobs" in raw else None
        exports = tuple(_export(entry, _horizon_of(entry, state, entries)) for entry in entries)
    except (KeyError, TypeError, ValueError):
        finding = (
            f"owed, coverage, backfills, pending, latest_jobs or exports of {stream} are not as "
            "this tap writes them"
        )
        raise StateError(finding) from None
    owed = _owed_by_old_exports(state, owed, entries)
    return replace(
        state,
        owed=owed,
        coverage=coverage,
        backfills=backfills,
        pending_ids=pending_ids,
        last_persisted_jobs=last_persisted_jobs,
        exports=exports,
    )


def dump_stream_state(state: StreamState) -> dict[str, Any]:
    """Return the state as STATE messages hold it."""
    texts = {
        "horizon": _format(state.horizon),
        "replication_key": state.replication_key,
        "replication_key_value": _format(state.bookmark),
        "sweep_began": _format(state.full_read_began),
        "sweep_reached": _format(state.full_read_reached),
    }
    raw = dict(state.unknown)
    raw |= {name: text for name, text in texts.items() if text is not None}
    if state.owed is not None:
        raw["owed"] = [_dump_window(window) for window in state.owed]
    if state.coverage:
        start = format_instant(state.coverage.start)
        raw["coverage"] = {"start": start, **_dump_filter_ids(state.coverage.filter_ids)}
    unread = [each for each in state.backfills if each.window.start < each.window.end]
    if unread:
        raw["backfills"] = [
            {**_dump_window(each.window), **_dump_filter_ids(each.filter_ids)} for each in unread
        ]
    if state.pending_ids:
        raw["pending"] = list(state.pending_ids)
    if state.last_persisted_jobs:
        created = format_instant(state.last_persisted_jobs.created)
        raw["latest_jobs"] = {"created": created, "ids": list(state.last_persisted_jobs.ids)}
    if state.exports:
        raw["exports"] = [_dump_export(export) for export in state.exports]
    return raw


def _instant(stream: str, raw: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return None if raw.get(name) is None else parse_instant(raw[name])
    except (TypeError, ValueError):
        finding = f"{name} of {stream} is not a date-time"
        raise StateError(finding) from None


def _entries(stream: str, raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = raw.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        finding = f"{name} of {stream} is not a list of JSON objects"
        raise StateError(finding)
    return entries


def _coverage(entry: Mapping[str, Any]) -> BookmarkCoverage:
    return BookmarkCoverage(parse_instant(entry["start"]), _filter_ids(entry))


def _backfill(entry: Mapping[str, Any]) -> Backfill:
    return Backfill(_window(entry), _filter_ids(entry))


def _filter_ids(entry: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(each) for each in entry.get("types", ()))


def _latest_jobs(entry: Mapping[str, Any]) -> LastPersistedJobs:
    return LastPersistedJobs(
        parse_instant(entry["created"]), tuple(str(each) for each in entry["ids"])
    )


def _window(entry: Mapping[str, Any]) -> Window:
    return Window(parse_instant(entry["start"]), parse_instant(entry["end"]))


def _export(entry: Mapping[str, Any], horizon: datetime) -> UnfinishedExport:
    unknown_fields = tuple(str(name) for name in entry.get("without", ()))
    digest = str(entry["request"])
    return UnfinishedExport(str(entry["id"]), _window(entry), digest, horizon, unknown_fields)


def _horizon_of(
    entry: Mapping[str, Any], state: StreamState, entries: list[dict[str, Any]]
) -> datetime:
    if entry.get("horizon"):
        return parse_instant(entry["horizon"])
    # Version 0.1 did not write it. Its runs created the job of the last window last.
    ends = [_window(each).end for each in entries]
    return max([*ends, state.horizon]) if state.horizon else max(ends)


def _owed_by_old_exports(
    state: StreamState, owed: tuple[Window, ...] | None, entries: list[dict[str, Any]]
) -> tuple[Window, ...] | None:
    """Return what is owed; version 0.1 lost it where a run that resumed was interrupted.

    An unfinished job that begins before the bookmark shows that its run owed what lies before.
    """
    if owed is not None or state.bookmark is None:
        return owed
    old = [_window(each) for each in entries if not each.get("horizon")]
    starts = [each.start for each in old if each.start < state.bookmark < each.end]
    return (Window(min(starts), state.bookmark),) if starts else None


def _format(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _dump_filter_ids(filter_ids: tuple[int, ...]) -> dict[str, list[int]]:
    return {"types": list(filter_ids)} if filter_ids else {}


def _dump_window(window: Window) -> dict[str, str]:
    return {"start": format_instant(window.start), "end": format_instant(window.end)}


def _dump_export(export: UnfinishedExport) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": export.export_id,
        **_dump_window(export.window),
        "horizon": format_instant(export.horizon),
        "request": export.digest,
    }
    return entry | ({"without": list(export.unknown_fields)} if export.unknown_fields else {})
