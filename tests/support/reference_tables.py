"""The records of reference streams, and the expected ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.streams.reference import REFERENCE_STREAMS
from tests.support.runs import selecting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import RunResult, TapRunner

SMALL = Options(leads=10, activities=10, late_seconds=0)
DEFINITIONS = {each.name: each for each in REFERENCE_STREAMS}
DAY = 86400
UP_TO_NOW = {"lag_minutes": 0}


def read(tap: TapRunner, *names: str, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
    """Run the tap with these streams only."""
    return tap.run(catalog=selecting(tap.discover(), *names), **options)


def table(name: str, *runs: RunResult) -> dict[tuple[object, ...], Any]:
    """The records of a stream by key, of each key the last one."""
    key = DEFINITIONS[name].key
    return {
        tuple(record[column] for column in key): record
        for run in runs
        for record in run.records(name)
    }


def expected_table(sandbox: Sandbox, name: str) -> dict[tuple[object, ...], Any]:
    """The expected records of a stream by key, from the entries of the API."""
    entries: Iterable[dict[str, Any]] = getattr(sandbox.expected, name)().values()
    records = [expected_record(name, entry) for entry in entries]
    return {tuple(record[column] for column in DEFINITIONS[name].key): record for record in records}


def expected_record(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The record of an entry: every column, and all other members in ``other``."""
    entry = dict(entry)
    if name == "lead_describe":
        for api in ("rest", "soap"):
            members = entry.pop(api, None) or {}
            entry |= {f"{api}Name": members.get("name")}
            entry |= {f"{api}ReadOnly": members.get("readOnly")}
    if name == "folders":
        entry |= entry.pop("folderId")
    if name == "tags":
        entry["applicableProgramTypes"] = entry["applicableProgramTypes"].strip("[]").split(",")
    columns = DEFINITIONS[name].columns
    other = {member: entry[member] for member in entry if member not in columns}
    return {column: entry.get(column) for column in columns} | {"other": other or None}
