"""What must be true after a history; every problem is a line of text."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.times import parse_instant

from .payments import double_payments, job_ids
from .subscription import all_keys, expected_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .history import Simulation
    from .run import FinishedRun
    from .subscription import Rows
    from .target import State

# The last run does not read the newest records, and it cannot know those that are stored late.
_UNREAD = timedelta(hours=3)
# By stream, a column and the setting that selects its values.
_SELECTIONS = {
    "activities": ("activityTypeId", "activity_type_ids"),
    "program_members": ("programId", "program_ids"),
}
MAX_STATE_BYTES = 6000


def problems(simulation: Simulation) -> list[str]:
    """Return what is wrong after all steps were played."""
    found = [
        *_wrong_rows(simulation),
        *([] if simulation.history.may_pay_twice else double_payments(simulation)),
        *_unwanted_exports(simulation),
        *_earlier_bookmarks(simulation),
        *_large_states(simulation),
    ]
    for number, run in enumerate(simulation.runs, 1):
        found += [f"run {number}: {each}" for each in _wrong_failures(simulation, run)]
    return found


def _wrong_rows(simulation: Simulation) -> Iterator[str]:
    last = simulation.runs[-1]
    for stream in last.step.streams:
        rows = simulation.targets[last.step.pipeline].tables.get(stream, {})
        yield from _wrong_rows_of(simulation, last, stream, rows)


def _wrong_rows_of(
    simulation: Simulation, last: FinishedRun, stream: str, rows: Rows
) -> Iterator[str]:
    since = parse_instant(last.settings["start_date"])
    expected = expected_rows(simulation.sandbox, stream, since, last.started_at - _UNREAD)
    column, setting = _SELECTIONS.get(stream, ("", ""))
    if ids := last.settings.get(setting):
        expected = {key: row for key, row in expected.items() if row[column] in ids}
    missing = sorted(set(expected) - set(rows))
    if missing:
        example = expected[missing[0]]
        yield f"{stream}: {len(missing)} rows are missing, for example {example}"
    unselected = {name for run in simulation.runs for name in run.step.left_out_fields}

    def wrong_columns(key: Any) -> list[str]:  # noqa: ANN401 - any key
        right = expected[key].items()
        return [name for name, value in right if rows[key].get(name) != value]

    # A field that was not selected for some nights is only read again where a record changes.
    stale = [key for key in expected if key in rows and set(wrong_columns(key)) - unselected]
    if stale:
        right, columns = expected[stale[0]], wrong_columns(stale[0])
        yield (
            f"{stream}: {len(stale)} rows are stale, for example {stale[0]}, "
            f"columns {columns}, expected {right}"
        )
    unknown = set(rows) - all_keys(simulation.sandbox, stream)
    if unknown:
        yield f"{stream}: rows that do not exist: {sorted(unknown)}"


def _unwanted_exports(simulation: Simulation) -> Iterator[str]:
    """Yield the exports of activity types that the settings of their run leave out."""
    for number, run in enumerate(simulation.runs, 1):
        wanted = run.settings.get("activity_type_ids")
        if wanted is None:
            continue
        for job in run.jobs:
            ids = job_ids(job)
            if job.object == "activities" and (ids is None or not ids <= frozenset(wanted)):
                asked = "all" if ids is None else sorted(ids)
                yield f"run {number} exports the activity types {asked} instead of {wanted}"


def _earlier_bookmarks(simulation: Simulation) -> Iterator[str]:
    previous: dict[str, FinishedRun] = {}
    for number, run in enumerate(simulation.runs, 1):
        before = previous.get(run.step.pipeline)
        previous[run.step.pipeline] = run
        # Other settings can add records before the bookmark.
        is_changed = before is None or before.settings != run.settings
        if is_changed or (before and before.step.metadata != run.step.metadata):
            continue
        states: list[State | None] = [run.state_before, *_states(run)]
        for stream in run.step.streams:
            bookmarks = [each for each in (_bookmark(state, stream) for state in states) if each]
            for earlier, later in pairwise(bookmarks):
                if later[0] == earlier[0] and later < earlier:
                    yield f"run {number}: the bookmark of {stream} goes from {earlier} to {later}"


def _states(run: FinishedRun) -> list[State | None]:
    return [each["value"] for each in run.messages if each["type"] == "STATE"]


def _bookmark(state: State | None, stream: str) -> tuple[str, str] | None:
    entry: dict[str, Any] = (state or {}).get("bookmarks", {}).get(stream, {})
    value = entry.get("replication_key_value")
    return (str(entry["replication_key"]), str(value)) if value else None


def _large_states(simulation: Simulation) -> Iterator[str]:
    for pipeline, target in simulation.targets.items():
        size = len(json.dumps(target.state))
        if size > MAX_STATE_BYTES:
            yield f"the STATE of the pipeline {pipeline} has {size} bytes"


def _wrong_failures(simulation: Simulation, run: FinishedRun) -> Iterator[str]:
    yield from (f"traceback in the log: {each}" for each in run.tracebacks)
    error = run.error
    if error is None or run.was_interrupted:
        return
    text = str(error)
    if not isinstance(error, MarketoBulkError):
        yield f"the error is not one of the tap: {error!r}"
    elif "\n" in text or not text.endswith("."):
        yield f"the error is not a sentence: {text}"
    elif run.step.is_quiet and not _is_explained(simulation, run):
        yield f"nothing disturbed the run, but it failed: {text}"


def _is_explained(simulation: Simulation, run: FinishedRun) -> bool:
    """Return whether a run can fail without a fault of its own: by a quota, or an earlier job."""
    no_faults = type(simulation.sandbox.jobs[0].job_faults)() if simulation.sandbox.jobs else None
    jobs = simulation.sandbox.jobs[: run.jobs_before]
    return "quota" in str(run.error) or any(each.job_faults != no_faults for each in jobs)
