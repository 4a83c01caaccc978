"""How the state of a stream changes: as a run begins, and after each file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.plan.earlier_states import job_horizon, reads_before
from tap_marketo_bulk.plan.ledger import ALL, NO_IDS, Goal, Read, read_until, unread, with_read
from tap_marketo_bulk.plan.state_format import FullRead, StreamState, UnfinishedJob
from tap_marketo_bulk.plan.windows import Window

if TYPE_CHECKING:
    from datetime import datetime

    from tap_marketo_bulk.plan.ledger import Ids


def with_known_reads(
    state: StreamState, start: datetime, ids: Ids, every: Ids, filter_digest: str
) -> StreamState:
    """Return a state in which all reads are known, also of earlier versions and of bookmarks alone.

    Args:
        state: The state.
        start: The start date; the reads of a bookmark alone begin there.
        ids: The ids to read today; a bookmark alone stands for them.
        every: What all ids are today: ``ALL``, or those that are listed.
        filter_digest: The digest of the other filters of today; they count as unchanged.
    """
    earlier = state.earlier
    for column, ledger in state.ledgers.items():
        if ledger.reads is None and ledger.bookmark:
            known = reads_before(earlier, ledger.bookmark, start, ids, every)
            reads = tuple(replace(each, filter_digest=filter_digest) for each in known)
            state = state.with_ledger(column, replace(ledger, reads=reads))
    if earlier is None:
        return state
    full_read = state.full_read
    if since := earlier.full_read_since:
        until = earlier.full_read_until
        reads = (Read(Window(min(start, until), until), since, ids),) if until else ()
        full_read = FullRead(since, reads)
    jobs = tuple(
        UnfinishedJob(
            each.export_id,
            each.window,
            each.digest,
            job_horizon(earlier, each),
            has_unknown_ids=True,
            unknown_fields=each.unknown_fields,
        )
        for each in earlier.jobs
    )
    return replace(state, full_read=full_read, jobs=(*jobs, *state.jobs), earlier=None)


def reads_for(state: StreamState, goal: Goal) -> tuple[Read, ...]:
    """Return the reads that can count for a goal."""
    if goal.since is not None:
        return state.full_read.reads if state.full_read else ()
    if goal.is_of_pending_ids:
        return state.pending_reads
    return state.ledger(goal.ledger).reads or ()


def with_begun_full_read(
    state: StreamState, horizon: datetime, fields: frozenset[str]
) -> StreamState:
    """Return the state in which a full read is in progress; a new one begins at a horizon.

    Args:
        state: The state before.
        horizon: The horizon of this run.
        fields: The fields that this run reads.
    """
    state = replace(state, fields=_known_fields(state, fields))
    full_read = state.full_read or FullRead(horizon)
    common = fields if full_read.fields is None else fields & full_read.fields
    return replace(state, full_read=replace(full_read, fields=common))


def with_read_fields(state: StreamState, fields: frozenset[str]) -> StreamState:
    """Return the state before an incremental run, whose reads lack what is not selected."""
    return replace(state, fields=_known_fields(state, fields) & fields)


def _known_fields(state: StreamState, fields: frozenset[str]) -> frozenset[str]:
    """Return the fields of all reads; those of today if nothing was read, or nothing is known."""
    has_reads = any(each.reads or each.bookmark for each in state.ledgers.values())
    is_known = state.fields is not None and (has_reads or state.pending_reads)
    return state.fields if is_known and state.fields is not None else fields


def after_read(
    state: StreamState,
    goal: Goal,
    read: Read,
    bookmark_ledger: str | None = None,
    horizon: datetime | None = None,
) -> StreamState:
    """Return the state after all records of a file were written.

    Args:
        state: The state before.
        goal: What the stream wants to have read.
        read: What was read.
        bookmark_ledger: The ledger whose bookmark is set when a full read is complete, since a
            subscription lacks its filter; None for no bookmark.
        horizon: Where the run stops reading, if that is not the goal's: it has no dates.
    """
    if goal.since is not None:
        return _after_full_read(state, goal, read, bookmark_ledger, horizon or goal.horizon)
    if goal.is_of_pending_ids:
        reads = with_read(state.pending_reads, read, goal.lookback)
        state = _with_bookmark(state, goal.ledger, read_until(reads, goal))
        return without_pending_ids_if_read(replace(state, pending_reads=reads), goal)
    # A full read that an earlier run began is out of date: the next one begins again.
    state = _with_read(replace(state, full_read=None), goal.ledger, read, goal)
    reads = state.ledger(goal.ledger).reads or ()
    return _with_bookmark(state, goal.ledger, read_until(reads, goal))


def with_reads_before(state: StreamState, goal: Goal, start: datetime) -> StreamState:
    """Return the state in which a pending id is unread since ``start`` only.

    The goal begins earlier if it has ids that Marketo did not list before.
    """
    others = (goal.ids or NO_IDS) - state.unlisted_ids.keys()
    if not others or start <= goal.start:
        return state
    read = Read(Window(goal.start, start), goal.horizon, others)
    reads = with_read(state.pending_reads, read, goal.lookback)
    return replace(state, pending_reads=reads)


def without_pending_ids_if_read(state: StreamState, goal: Goal) -> StreamState:
    """Return the state with the bookmark at the horizon if no pending id is unread.

    The ids that the goal lacks, since Marketo does not list them, stay in ``unlisted_ids``.
    """
    if goal.ids and unread(state.pending_reads, goal):
        return state
    unlisted = {
        each: state.unlisted_ids.get(each, goal.start)
        for each in (*state.unlisted_ids, *state.pending_ids)
        if each not in (goal.ids or NO_IDS)
    }
    state = replace(state, pending_ids=(), pending_reads=(), unlisted_ids=unlisted)
    return _with_bookmark(state, goal.ledger, goal.horizon)


def _after_full_read(
    state: StreamState, goal: Goal, read: Read, bookmark_ledger: str | None, horizon: datetime
) -> StreamState:
    full_read = state.full_read or FullRead(read.as_of)
    known, fields = state.fields or frozenset(), full_read.fields or frozenset()
    if goal.ledger and known <= fields:
        # The files of a full read count for an incremental one by the same date filter, too.
        state = _with_read(state, goal.ledger, read, goal)
    full_read = replace(full_read, reads=with_read(full_read.reads, read, goal.lookback))
    if unread(full_read.reads, goal):
        return replace(state, full_read=full_read)
    # Activities since the beginning of an earlier run's read may have named the ids again.
    is_read = goal.is_of_pending_ids and full_read.since >= horizon
    read_ids = (goal.ids or NO_IDS) if is_read else NO_IDS
    pending_ids = tuple(each for each in state.pending_ids if each not in read_ids)
    unlisted = {each: at for each, at in state.unlisted_ids.items() if each not in read_ids}
    state = replace(state, full_read=None, pending_ids=pending_ids, unlisted_ids=unlisted)
    state = replace(state, fields=known | fields)
    if bookmark_ledger is None:
        return state
    # A record may have changed after its file was made, but not before the read began.
    since = full_read.since
    complete = Read(Window(min(goal.start, since), since), since, ALL, goal.filter_digest)
    state = _with_read(state, bookmark_ledger, complete, goal)
    return _with_bookmark(state, bookmark_ledger, since)


def _with_read(state: StreamState, column: str, read: Read, goal: Goal) -> StreamState:
    ledger = state.ledger(column)
    reads = with_read(ledger.reads or (), read, goal.lookback)
    return state.with_ledger(column, replace(ledger, reads=reads))


def _with_bookmark(state: StreamState, column: str, bookmark: datetime | None) -> StreamState:
    """Return the state with a bookmark of a replication key; it never goes back."""
    ledger = state.ledger(column)
    latest = max(filter(None, [ledger.bookmark, bookmark]), default=None)
    state = replace(state, replication_key=column)
    return state.with_ledger(column, replace(ledger, bookmark=latest))
