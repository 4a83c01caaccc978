"""How a stream is read: what is new, everything, or what wider settings add.

What the state of one stream is: its bookmark, what is owed, and unfinished export jobs.

``state_format`` reads it from STATE and writes it there.


Which stretches of time a stream has read, and which it still owes: pure functions.

A stream is read incrementally from its bookmark, or in full. Whatever interrupts a run, and
whatever settings change between runs, a stretch stays owed until a file that covers it was read.

Activities are dated when they happen and stored later. A file holds what was stored by the time
of the run that created its job, so the ``lookback`` before that run's horizon is owed again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.plan.windows import Window, merge, subtract

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


@dataclass(frozen=True)
class IncrementalReadMode:
    """Read what is new since the bookmark.

    Attributes:
        replication_key: The column that the bookmark is about.
        lookback: What is read again before the horizon of a run, by the run after it.
    """

    replication_key: str
    lookback: timedelta = timedelta()


@dataclass(frozen=True)
class PartialReadMode:
    """Read only some of the records that are new since the bookmark.

    The stretch that was read stays owed for a run that reads all of them.

    Attributes:
        replication_key: The column that the bookmark is about.
        lookback: What is read again before the horizon of a run, by the run after it: which
            records are read can depend on what is stored later than it is dated.
    """

    replication_key: str
    lookback: timedelta = timedelta()


@dataclass(frozen=True)
class FullReadMode:
    """Read everything since the start date; an interrupted read is continued by the next run.

    Attributes:
        bookmark_key: The replication key whose bookmark is set at the end of the read, to the
            horizon of its beginning, since a record may change after its window was read. None
            where there is no bookmark.
    """

    bookmark_key: str | None = None


@dataclass(frozen=True)
class BackfillReadMode:
    """Read one of the backfills of a stream's state.

    Attributes:
        index: Its place in ``StreamState.backfills``.
    """

    index: int


@dataclass(frozen=True)
class UndatedReadMode:
    """Read all that there is at present, without dates and without a bookmark.

    The members of a list, in one export, or the entries of a REST call without a date filter.
    """


ReadMode = IncrementalReadMode | PartialReadMode | FullReadMode | BackfillReadMode | UndatedReadMode


@dataclass(frozen=True)
class UnfinishedExport:
    """A job that was created and whose file was not read to the end.

    Attributes:
        export_id: Marketo's id of the job.
        window: The stretch of time that it exports.
        digest: The digest of the request as the catalog asked for it.
        horizon: Where the run that created it stopped reading: what Marketo stored later is
            not in the file.
        unknown_fields: Fields of the request that Marketo did not know, so the job lacks them.
    """

    export_id: str
    window: Window
    digest: str
    horizon: datetime
    unknown_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class BookmarkCoverage:
    """What the bookmark stands for, by the settings with which it was moved.

    Attributes:
        start: The start date: everything since then was read, up to the bookmark.
        filter_ids: The activity types, or the programs, that were read; none means all.
    """

    start: datetime
    filter_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Backfill:
    """A stretch before the bookmark that wider settings have added.

    Attributes:
        window: What is still to be read of it; empty once it is complete.
        filter_ids: The activity types, or the programs, to read; none means all.
    """

    window: Window
    filter_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class LastPersistedJobs:
    """The latest jobs that STATE has ever had, be they read by now or not.

    A job of a later second, or of the same one and with another id, is one that STATE lacks.

    Attributes:
        created: When Marketo created them, by its own clock.
        ids: The ids of the jobs of that second.
    """

    created: datetime
    ids: tuple[str, ...]


@dataclass(frozen=True)
class StreamState:
    """The state of one stream.

    Attributes:
        replication_key: The column that ``bookmark`` is about.
        bookmark: Everything up to here was read at least once, except what is owed.
        horizon: Where the run that moved the bookmark stops reading; None if at the bookmark.
        owed: Stretches before the bookmark that have to be read again. None where it follows
            from bookmark, horizon and the lookback; see ``read_progress``.
        coverage: What the bookmark stands for; None in states of version 0.1.
        backfills: What wider settings have added before the bookmark.
        pending_ids: Programs that activities have named, and whose members were not read since.
        full_read_began: The horizon of the run that began the full read in progress.
        full_read_reached: The instant up to which the full read in progress has come.
        last_persisted_jobs: The latest jobs that STATE has had; None before the first.
        exports: Unfinished jobs, in the order in which they were created.
        unknown: Keys that another program wrote.
    """

    replication_key: str | None = None
    bookmark: datetime | None = None
    horizon: datetime | None = None
    owed: tuple[Window, ...] | None = None
    coverage: BookmarkCoverage | None = None
    backfills: tuple[Backfill, ...] = ()
    pending_ids: tuple[int, ...] = ()
    full_read_began: datetime | None = None
    full_read_reached: datetime | None = None
    last_persisted_jobs: LastPersistedJobs | None = None
    exports: tuple[UnfinishedExport, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def job_ids(self) -> set[str]:
        """Return the ids of the unfinished jobs and of the latest ones."""
        latest = self.last_persisted_jobs.ids if self.last_persisted_jobs else ()
        return {*latest, *(each.export_id for each in self.exports)}

    def with_added_export(self, export: UnfinishedExport) -> StreamState:
        """Return the state with one more unfinished job, in place of one for the same request."""
        same = (export.window, export.digest)
        others = [each for each in self.exports if (each.window, each.digest) != same]
        return replace(self, exports=(*others, export))

    def with_latest_job(self, export_id: str, created: datetime | None) -> StreamState:
        """Return the state after a job became part of it; ``created`` may be unknown."""
        latest = self.last_persisted_jobs
        if created is None or (latest and created < latest.created):
            return self
        ids = latest.ids if latest and created == latest.created else ()
        return replace(self, last_persisted_jobs=LastPersistedJobs(created, (*ids, export_id)))

    def without_exports(self, window: Window) -> StreamState:
        """Return the state without the unfinished jobs of a window."""
        return replace(self, exports=tuple(each for each in self.exports if each.window != window))

    def without_jobs(self, export_ids: Collection[str]) -> StreamState:
        """Return the state without the unfinished jobs of these ids."""
        kept = tuple(each for each in self.exports if each.export_id not in export_ids)
        return replace(self, exports=kept)


def bookmark_of(state: StreamState, mode: ReadMode) -> datetime | None:
    """Return the bookmark where it is one of the mode's replication key."""
    if not isinstance(mode, IncrementalReadMode | PartialReadMode):
        return None
    return state.bookmark if state.replication_key == mode.replication_key else None


def owed_windows(
    state: StreamState, mode: ReadMode, *, start: datetime, horizon: datetime
) -> tuple[Window, ...]:
    """Return the stretches that a run has to read, oldest first.

    Args:
        state: What earlier runs read.
        mode: How the stream is read.
        start: Nothing before it is read.
        horizon: Where this run stops reading.
    """
    if isinstance(mode, UndatedReadMode):
        return (Window(start, max(start, horizon)),)
    if isinstance(mode, FullReadMode):
        return merge([Window(state.full_read_reached or start, horizon)])
    if isinstance(mode, BackfillReadMode):
        window = state.backfills[mode.index].window
        return merge([Window(window.start, min(window.end, horizon))])
    bookmark = bookmark_of(state, mode)
    if bookmark is None:
        return merge([Window(start, horizon)])
    if isinstance(mode, PartialReadMode):
        again = min(bookmark, _earlier(state.horizon or bookmark, mode.lookback))
        return merge([Window(max(start, again), horizon)])
    windows = [*_owed_before_bookmark(state, mode), Window(bookmark, horizon)]
    return merge(Window(max(start, each.start), min(each.end, horizon)) for each in windows)


def part_owed_again(window: Window, mode: ReadMode, read_horizon: datetime) -> Window | None:
    """Return the part of a window that has to be read once more, None where there is none.

    Args:
        window: A stretch that was read.
        mode: How the stream is read.
        read_horizon: The horizon of the run that created the job.
    """
    if not isinstance(mode, IncrementalReadMode) or not mode.lookback:
        return None
    again = max(window.start, _earlier(read_horizon, mode.lookback))
    return Window(again, window.end) if again < window.end else None


def state_when_read_begins(
    state: StreamState, mode: ReadMode, wanted: BookmarkCoverage, horizon: datetime
) -> StreamState:
    """Return the state with which a run begins to read; it must be in STATE before any job is.

    Args:
        state: What earlier runs read.
        mode: How the stream is read.
        wanted: What the bookmark has to stand for, by today's settings.
        horizon: Where this run stops reading.
    """
    if isinstance(mode, FullReadMode | UndatedReadMode) and state.full_read_began is None:
        return replace(state, full_read_began=horizon)
    if not isinstance(mode, IncrementalReadMode | PartialReadMode):
        return state
    bookmark = bookmark_of(state, mode)
    if bookmark is None or state.coverage is None:
        return replace(state, coverage=wanted, backfills=())
    if isinstance(mode, PartialReadMode):
        # What wider settings add is for a run that reads everything.
        return state
    owed = owed_windows(state, mode, start=state.coverage.start, horizon=horizon)
    # What is read anyway, from the lookback on, has all types of today.
    end = min([bookmark, *(window.start for window in owed)])
    added = _added_stretches(state.coverage, wanted, end)
    adds_types = _adds_types(state.coverage, wanted)
    # Added types are not read before today's start date.
    start = wanted.start if adds_types else min(wanted.start, state.coverage.start)
    return replace(
        state,
        coverage=BookmarkCoverage(start, wanted.filter_ids),
        backfills=(*state.backfills, *added),
    )


def _added_stretches(
    covered: BookmarkCoverage, wanted: BookmarkCoverage, end: datetime
) -> Iterator[Backfill]:
    """Yield what wider settings add before an instant: earlier dates, and other types."""
    if wanted.start < covered.start:
        yield Backfill(Window(wanted.start, min(covered.start, end)), wanted.filter_ids)
    start = max(covered.start, wanted.start)
    if _adds_types(covered, wanted) and start < end:
        added = tuple(each for each in wanted.filter_ids if each not in covered.filter_ids)
        yield Backfill(Window(start, end), added)


def _adds_types(covered: BookmarkCoverage, wanted: BookmarkCoverage) -> bool:
    added = set(wanted.filter_ids or (None,)) - set(covered.filter_ids)
    return bool(covered.filter_ids) and bool(added)


def after_window(
    state: StreamState,
    mode: ReadMode,
    window: Window,
    *,
    read_horizon: datetime,
    horizon: datetime,
) -> StreamState:
    """Return the state after all records of a window were emitted.

    Args:
        state: The state before.
        mode: How the stream is read.
        window: The stretch that was read.
        read_horizon: The horizon of the run that created the job; of several jobs the earliest.
        horizon: The horizon of this run.
    """
    # A file without dates holds what there was when its job ran.
    reached = read_horizon if isinstance(mode, UndatedReadMode) else window.end
    if reached >= horizon and not isinstance(mode, BackfillReadMode):
        state = replace(state, pending_ids=())
    if isinstance(mode, IncrementalReadMode | PartialReadMode):
        # A full read that an earlier run began is out of date: the next one begins anew.
        state = replace(state, full_read_began=None, full_read_reached=None)
    match mode:
        case IncrementalReadMode():
            return _after_incremental(state, mode, window, read_horizon)
        case PartialReadMode():
            return _after_partial(state, mode, window, read_horizon)
        case FullReadMode():
            return _after_full(state, mode, window, horizon)
        case BackfillReadMode():
            return _after_backfill(state, mode, window)
        case _:  # a read without dates
            # All jobs were of this read, whichever run created them.
            return replace(
                state, full_read_began=None, full_read_reached=None, exports=(), backfills=()
            )


def _after_incremental(
    state: StreamState, mode: IncrementalReadMode, window: Window, read_horizon: datetime
) -> StreamState:
    bookmark = bookmark_of(state, mode)
    is_new = bookmark is None
    again = part_owed_again(window, mode, read_horizon)
    owed = subtract(_owed_before_bookmark(state, mode), window)
    owed = merge([*owed, again] if again else owed)
    run_horizon = state.horizon
    if bookmark is None or window.end >= bookmark:
        bookmark = window.end
        run_horizon = read_horizon if mode.lookback and read_horizon > window.end else None
    implied = _implied_lookback(bookmark, run_horizon, mode.lookback)
    return replace(
        state,
        replication_key=mode.replication_key,
        bookmark=bookmark,
        horizon=run_horizon,
        owed=None if is_new or owed == implied else owed,
    )


def _after_partial(
    state: StreamState, mode: PartialReadMode, window: Window, read_horizon: datetime
) -> StreamState:
    bookmark = bookmark_of(state, mode)
    owed = () if bookmark is None else state.owed or ()
    # What was read again before the bookmark was not owed, or it is among the owed stretches.
    new = Window(max(bookmark or window.start, window.start), window.end)
    return replace(
        state,
        replication_key=mode.replication_key,
        bookmark=max(bookmark or window.end, window.end),
        horizon=read_horizon if mode.lookback and read_horizon > window.end else None,
        owed=merge([*owed, new]),
    )


def _after_full(
    state: StreamState, mode: FullReadMode, window: Window, horizon: datetime
) -> StreamState:
    if window.end < horizon:
        return replace(state, full_read_reached=window.end)
    finished = replace(state, full_read_began=None, full_read_reached=None)
    if mode.bookmark_key is None:
        return finished
    began = state.full_read_began or horizon
    earlier = state.bookmark if state.replication_key == mode.bookmark_key else None
    return replace(
        finished,
        replication_key=mode.bookmark_key,
        bookmark=max(began, earlier or began),
        horizon=None,
        owed=None,
    )


def _after_backfill(state: StreamState, mode: BackfillReadMode, window: Window) -> StreamState:
    backfills = list(state.backfills)
    unread = backfills[mode.index].window
    remaining = Window(max(unread.start, window.end), unread.end)
    backfills[mode.index] = replace(backfills[mode.index], window=remaining)
    return replace(state, backfills=tuple(backfills))


def _owed_before_bookmark(state: StreamState, mode: IncrementalReadMode) -> tuple[Window, ...]:
    bookmark = bookmark_of(state, mode)
    if bookmark is None:
        return ()
    if state.owed is not None:
        return state.owed
    return _implied_lookback(bookmark, state.horizon, mode.lookback)


def _implied_lookback(
    bookmark: datetime, horizon: datetime | None, lookback: timedelta
) -> tuple[Window, ...]:
    """Return what is owed after everything up to the bookmark was read by runs up to a horizon."""
    again = min(bookmark, _earlier(horizon or bookmark, lookback))
    return merge([Window(again, bookmark)])


def _earlier(instant: datetime, by: timedelta) -> datetime:
    try:
        return instant - by
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
