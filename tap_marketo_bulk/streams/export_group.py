"""Streams that the same export jobs fill, and what Marketo is asked for on their behalf."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from tap_marketo_bulk.extract.planner import (
    Consumer,
    PlanningInput,
    backfill_name,
    plan_tasks,
    stream_of,
)
from tap_marketo_bulk.extract.read_modes import BackfillReadMode, PartialReadMode, UndatedReadMode
from tap_marketo_bulk.extract.read_progress import (
    after_window,
    bookmark_of,
    owed_windows,
    state_when_read_begins,
)
from tap_marketo_bulk.extract.stream_state import BookmarkCoverage, StreamState
from tap_marketo_bulk.extract.windows import whole_second
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.streams.retention import read_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_marketo_bulk.errors import UnsupportedFilterError
    from tap_marketo_bulk.extract.read_modes import ReadMode
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.extract.windows import SyncPeriod, Window
    from tap_marketo_bulk.marketo.exports import ExportRequest
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.state_store import StateStore

logger = logging.getLogger("tap-marketo-bulk")

# A connection test wants a record or two, not a whole window's worth of quota.
TEST_SPAN = timedelta(hours=1)


@dataclass(frozen=True)
class ConsumerNeeds:
    """The rows that a consumer needs of a file.

    Attributes:
        stream: The stream that they are for.
        filter_ids: The activity types, or the programs, that it needs; none means all, except for
            a stream that is partial.
    """

    stream: MarketoStream
    filter_ids: tuple[int, ...]


class ExportRequestBuilder(Protocol):
    """One of Marketo's export objects: how it is asked for.

    Attributes:
        object_path: The export object in the API's paths.
        planned_after: The stream whose records decide what is requested; None where none does.
        repeatable_columns: Columns that Marketo may add to a file although they were requested.
    """

    object_path: str
    planned_after: str | None = None
    repeatable_columns: frozenset[str] = frozenset()

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return the requests whose files together hold a window for these consumers."""
        ...

    def constant_cells(self, request: ExportRequest) -> Mapping[str, str]:
        """Return columns that each row of a file gets beside those that it has."""
        del request
        return {}

    def date_column(self, mode: ReadMode) -> str | None:
        """Return the column that a window's filter looks at, None for an export without dates."""
        ...

    def fallback_mode(self, mode: ReadMode, error: UnsupportedFilterError) -> ReadMode | None:
        """Return how to read where the subscription lacks a mode's filter; None for not at all."""
        del mode, error
        return None


def window_filter(window: Window) -> dict[str, str]:
    """Return a window as Marketo's filters have it."""
    return {"startAt": format_instant(window.start), "endAt": format_instant(window.end)}


@dataclass(frozen=True)
class ExportGroup:
    """A stream with export jobs, and the streams that their files fill.

    Attributes:
        owner: The stream whose state holds the jobs; it is read by the SDK.
        consumers: The selected streams that the files fill; the owner is one if it is selected.
        request_builder: How Marketo is asked for the files.
    """

    owner: MarketoStream
    consumers: tuple[MarketoStream, ...]
    request_builder: ExportRequestBuilder

    @property
    def name(self) -> str:
        """The name of the owner, which export tasks carry."""
        return self.owner.name

    def begin(
        self, modes: Mapping[str, ReadMode], state_store: StateStore, period: SyncPeriod
    ) -> None:
        """Put into the state what must be there before any job is.

        Args:
            modes: How each consumer is read.
            state_store: The bookmarks and unfinished jobs.
            period: Where this run begins and stops reading.
        """
        for stream in self.consumers:
            state = state_store[stream.name]
            wanted = BookmarkCoverage(
                whole_second(read_start(stream, period)), stream.spec.filter_ids
            )
            mode = modes[stream.name]
            state = state_when_read_begins(state, mode, wanted, period.horizon)
            if isinstance(mode, PartialReadMode):
                state = self._state_if_nothing_is_read(stream, state, mode, period)
            state_store[stream.name] = state

    def _state_if_nothing_is_read(
        self, stream: MarketoStream, state: StreamState, mode: PartialReadMode, period: SyncPeriod
    ) -> StreamState:
        """Return the state after the read, if none of the pending ids has to be read."""
        owed = owed_windows(state, mode, start=period.start, horizon=period.horizon)
        needs = [ConsumerNeeds(stream, state.pending_ids)]
        if any(self.request_builder.requests(window, needs, mode) for window in owed):
            return state
        horizon = period.horizon
        for window in owed:
            state = after_window(state, mode, window, read_horizon=horizon, horizon=horizon)
        return state

    def tasks(
        self, modes: Mapping[str, ReadMode], state_store: StateStore, period: SyncPeriod
    ) -> list[ExportTask]:
        """Return the tasks of this group in the order of reading."""
        return plan_tasks(self.planning_input(modes, state_store, period))

    def consumer_modes(
        self, modes: Mapping[str, ReadMode], state_store: StateStore
    ) -> dict[str, ReadMode]:
        """Return how each consumer is read, the backfills of streams too."""
        backfills = {
            backfill_name(stream.name, index): BackfillReadMode(index)
            for stream in self.consumers
            for index in range(len(state_store[stream.name].backfills))
        }
        return {**modes, **backfills}

    def planning_input(
        self, modes: Mapping[str, ReadMode], state_store: StateStore, period: SyncPeriod
    ) -> PlanningInput:
        """Return what the tasks are made from."""
        selections = {
            name: selection
            for stream in self.consumers
            for name, selection in _selections(stream, state_store)
        }

        def requests(window: Window, names: tuple[str, ...]) -> Sequence[ExportRequest]:
            mode = modes[stream_of(names[0])]
            return self.request_builder.requests(window, [selections[name] for name in names], mode)

        return PlanningInput(
            stream=self.name,
            consumers=tuple(
                consumer
                for stream in self.consumers
                for consumer in _consumers(stream, modes[stream.name], state_store, period)
            ),
            exports=state_store[self.name].exports,
            make_requests=requests,
            required_fields=self.owner.required_fields,
            horizon=period.horizon,
            window_length=period.window_length,
        )


def _consumers(
    stream: MarketoStream, mode: ReadMode, state_store: StateStore, period: SyncPeriod
) -> Iterator[Consumer]:
    """Yield a stream as a consumer, and its backfills."""
    if stream.has_record_limit:
        start = max(read_start(stream, period), period.horizon - TEST_SPAN)
        yield Consumer(stream.name, mode, StreamState(), start)
        return
    state = state_store[stream.name]
    start = read_start(stream, period)
    yield Consumer(stream.name, mode, state, start)
    if isinstance(mode, PartialReadMode | UndatedReadMode):
        return
    for index in range(len(state.backfills)):
        name = backfill_name(stream.name, index)
        yield Consumer(name, BackfillReadMode(index), state, start)


def _selections(
    stream: MarketoStream, state_store: StateStore
) -> Iterator[tuple[str, ConsumerNeeds]]:
    """Yield the rows that a stream needs, and those of its backfills, by consumer."""
    spec = stream.spec
    state = state_store[stream.name]
    needed_ids = state.pending_ids if stream.is_partial else spec.filter_ids
    yield stream.name, ConsumerNeeds(stream, needed_ids)
    for index, backfill in enumerate(state.backfills):
        filter_ids = spec.filter_ids if spec.activity_type_id else backfill.filter_ids
        yield backfill_name(stream.name, index), ConsumerNeeds(stream, filter_ids)


def warn_of_skipped_changes(
    stream: MarketoStream, mode: ReadMode, state: StreamState, period: SyncPeriod
) -> None:
    """Warn where the start date leaves out what happened since the bookmark."""
    bookmark = bookmark_of(state, mode)
    if bookmark and period.start > bookmark:
        logger.warning(
            "start_date %s is after the bookmark of %s, so changes since %s are skipped. Set "
            "start_date back to load them.",
            format_instant(period.start),
            stream.name,
            format_instant(bookmark),
        )
