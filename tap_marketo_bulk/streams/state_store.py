"""The bookmarks and unfinished jobs of all streams: the one owner of Singer state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract.events import JobCreated
from tap_marketo_bulk.extract.state_format import dump_stream_state, load_stream_state
from tap_marketo_bulk.extract.stream_state import StreamState, UnfinishedExport

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tap_marketo_bulk.extract.events import JobUseless
    from tap_marketo_bulk.extract.tasks import ExportTask


class StateStore:
    """Keeps the state of each stream, and writes STATE messages. Main thread only."""

    def __init__(self, tap_state: dict[str, Any], write: Callable[[], None]) -> None:
        """Read nothing yet.

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
        raw = self._raw_state(stream)
        raw.clear()
        raw.update(dump_stream_state(state))

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

    def apply_job_event(self, event: JobCreated | JobUseless) -> None:
        """Keep the job that was created, or forget the one that became useless; write STATE."""
        if isinstance(event, JobCreated):
            self.add_job_and_write(event)
        else:
            self.discard_job_and_write(event.task)

    def add_job_and_write(self, event: JobCreated) -> None:
        """Keep the id of the job that was created for a task, and write STATE."""
        task = event.task
        export = UnfinishedExport(
            event.export_id, task.window, task.request.digest, task.horizon, event.unknown_fields
        )
        state = self[task.stream].with_added_export(export)
        self[task.stream] = state.with_latest_job(event.export_id, event.created)
        self.write()

    def discard_job_and_write(self, task: ExportTask) -> None:
        """Forget the job of a task, so that the next run creates another one; write STATE."""
        state = self[task.stream]
        same = (task.window, task.request.digest)
        useless = {each.export_id for each in state.exports if (each.window, each.digest) == same}
        self.remove_jobs(task.stream, useless)
        self.write()

    def remove_jobs(self, stream: str, export_ids: Collection[str]) -> None:
        """Forget jobs by id; ``write`` writes it."""
        self[stream] = self[stream].without_jobs(export_ids)

    def write(self) -> None:
        """Write a STATE message."""
        self._write()
