"""The state of all streams: unwrapped and checked before anything is read, and written.

States of other programs are errors. Were they ignored, everything would be exported again, which
costs the quota of all of it. ``StateStore`` is the one owner of the state in a run.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import OtherTapStateError, StateError
from tap_marketo_bulk.plan.state_format import (
    STATE_VERSION,
    StreamState,
    UnfinishedJob,
    dump_stream_state,
    load_stream_state,
)
from tap_marketo_bulk.texts import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tap_marketo_bulk.exports.job import JobState
    from tap_marketo_bulk.plan.planner import ExportTask

logger = logging.getLogger("tap-marketo-bulk")
# What singer_sdk itself may write into the bookmark of a stream that has no partitions.
_SDK_KEYS = frozenset(
    ("progress_markers", "replication_key_signpost", "starting_replication_value")
)
_PARTITIONS, _PROGRESS_MARKERS = "partitions", "progress_markers"


def unwrap_state(state: object) -> dict[str, Any]:
    """Return the tap's state out of a STATE message, or out of the state that Meltano prints.

    Raises:
        StateError: It is not a JSON object.
    """
    while isinstance(state, dict):
        if state.get("type") == "STATE" and "value" in state:
            logger.info("The state is a whole STATE message; its value is used.")
            state = state["value"]
        elif "singer_state" in state:
            logger.info("The state is one of Meltano's; its singer_state is used.")
            state = state["singer_state"]
        else:
            return state
    raise StateError("it is not a JSON object")


def parse_bookmarks(
    state: Mapping[str, Any],
    is_stream: Callable[[str], bool],
    is_reference: Callable[[str], bool],
) -> dict[str, Any]:
    """Return the bookmarks of an earlier run; warn of those that are left out.

    Args:
        state: As ``unwrap_state`` returns it.
        is_stream: Returns whether this tap has, or may have, a stream of a name.
        is_reference: Returns whether it is a reference stream: to read it again costs no quota.

    Raises:
        StateError: This tap does not write such a state.
    """
    version = state.get("version", 0)
    if not isinstance(version, int) or version > STATE_VERSION:
        raise StateError(f"a later version of this tap wrote it (its version is {version})")
    if state and "bookmarks" not in state:
        raise StateError(f"it has no bookmarks, but {_names(state)}")
    bookmarks = state.get("bookmarks", {})
    if not isinstance(bookmarks, dict):
        raise StateError("bookmarks is not a JSON object")
    for name, raw in bookmarks.items():
        _check_shape(name, raw)
    of_others = {
        name: raw
        for name, raw in bookmarks.items()
        if is_stream(name) and not _is_of_this_tap(name, raw)
    }
    if foreign := {name: raw for name, raw in of_others.items() if not is_reference(name)}:
        raise OtherTapStateError(_names(foreign), _names(set().union(*foreign.values())))
    if of_others:
        logger.warning(
            "Another tap wrote the bookmarks of %s. They are ignored, and all is read again.",
            _names(of_others),
        )
    if ignored := [name for name in bookmarks if not is_stream(name)]:
        logger.warning(
            "The state has bookmarks of streams that this tap does not have: %s. They are ignored.",
            _names(ignored),
        )
    return {name: raw for name, raw in bookmarks.items() if name not in ignored}


def _check_shape(stream: str, raw: object) -> None:
    """Check what singer_sdk reads of a bookmark, whatever stream it is of."""
    name = clean_line(stream)
    if not isinstance(raw, dict):
        raise StateError(f"the bookmark of {name} is not a JSON object")
    partitions = raw.get(_PARTITIONS, [])
    if not isinstance(partitions, list) or not all(isinstance(each, dict) for each in partitions):
        raise StateError(f"{_PARTITIONS} of {name} is not a list of JSON objects")
    for each in (raw, *partitions):
        if not isinstance(each.get(_PROGRESS_MARKERS, {}), dict):
            raise StateError(f"{_PROGRESS_MARKERS} of {name} is not a JSON object")


def _is_of_this_tap(stream: str, raw: Mapping[str, Any]) -> bool:
    """Return whether a bookmark has a key of this tap, or none but those of the SDK."""
    unknown = set(load_stream_state(stream, raw).unknown)
    if _PARTITIONS in raw and not raw[_PARTITIONS]:
        unknown.discard(_PARTITIONS)
    return unknown != set(raw) or unknown <= _SDK_KEYS


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(clean_line(name) for name in names))


class StateStore:
    """Keeps the state of each stream, and writes STATE messages."""

    def __init__(self, tap_state: dict[str, Any], write: Callable[[], None]) -> None:
        """Take what the states are read from and written to.

        Args:
            tap_state: The SDK's own dictionary, which is changed in place.
            write: Writes a STATE message with it.
        """
        self._tap_state = tap_state
        self._write = write
        self._states: dict[str, StreamState] = {}

    def __getitem__(self, stream: str) -> StreamState:
        """Return the state of a stream, an empty one where it is new."""
        if stream not in self._states:
            self._states[stream] = load_stream_state(stream, self._raw_state(stream))
        return self._states[stream]

    def __setitem__(self, stream: str, state: StreamState) -> None:
        """Replace the state of a stream; ``write`` writes it."""
        self._states[stream] = state
        self._tap_state["version"] = STATE_VERSION
        raw = self._raw_state(stream)
        raw.clear()
        raw.update(dump_stream_state(state))

    def rename(self, stream: str, name: str) -> None:
        """Make the state of a stream that of another name; ``write`` writes it."""
        self[name] = self[stream]
        del self._states[stream], self._tap_state["bookmarks"][stream]

    def job_ids(self) -> set[str]:
        """Return the ids of the jobs that the states of all streams hold."""
        return {
            export_id
            for stream in tuple(self._tap_state.get("bookmarks", {}))
            for export_id in self[stream].job_ids()
        }

    def _raw_state(self, stream: str) -> dict[str, Any]:
        raw: dict[str, Any] = self._tap_state.setdefault("bookmarks", {}).setdefault(stream, {})
        return raw

    def add_job_and_write(self, state: JobState) -> None:
        """Keep the id of a job that was created for a task, and write STATE."""
        task, created = state.task, state.job.created if state.job else None
        job = UnfinishedJob(
            state.export_id,
            task.window,
            task.request.digest,
            task.as_of,
            task.ids,
            unknown_fields=state.unknown_fields,
        )
        self[task.stream] = self[task.stream].with_job(job, created)
        self.write()

    def discard_job_and_write(self, task: ExportTask) -> None:
        """Remove the job of a task, so that the next run creates another one; write STATE."""
        state = self[task.stream]
        same = (task.window, task.request.digest)
        useless = {each.export_id for each in state.jobs if (each.window, each.digest) == same}
        self[task.stream] = state.without_jobs(useless)
        self.write()

    def write(self) -> None:
        """Write a STATE message."""
        self._write()
