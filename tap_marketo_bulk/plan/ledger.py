"""The ledger of a stream: which intervals of time were read, of which ids, and what is unread.

Everything follows from one rule: a read settles its interval up to ``as_of - lookback``, since
records that are stored later than they are dated can be missing from its file. Unread is what a
goal asks for, minus what is settled::

    reads    [==============]            ids 1-3
             [=======]                   ids 4
    goal     [======================]    ids 1-4
    unread           [------]            ids 4
                            [-------]    ids 1-4

An earlier start date, another activity type and a new program are gaps in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tap_marketo_bulk.plan.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Activity types, programs or lists. None stands for every id, also those of which nobody knows.
Ids = frozenset[int] | None
ALL: Ids = None
NO_IDS: frozenset[int] = frozenset()
# The interval of an export that has no dates: it holds what there is when its job runs.
UNDATED = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC))


@dataclass(frozen=True)
class Read:
    """An interval of which the records with some ids were read.

    Attributes:
        window: The interval.
        as_of: The horizon of the run that created the job: what is stored later is not in the file.
        ids: The ids; ``ALL`` for every one.
        filter_digest: The digest of another filter that left out records; empty without one.
    """

    window: Window
    as_of: datetime
    ids: Ids = ALL
    filter_digest: str = ""


@dataclass(frozen=True)
class Goal:
    """The records that a run wants to have read, in this run or in earlier ones.

    Attributes:
        ledger: The name of the ledger: the column of the date filter; empty without dates.
        start: Nothing before it is wanted.
        horizon: Where this run stops reading.
        lookback: How much later than its date a record can be stored.
        ids: The ids; ``ALL`` for every one.
        since: The horizon at which a full read began: earlier reads do not count. None for an
            incremental one.
        filter_digest: The digest of another filter; empty without one.
        is_of_pending_ids: Whether only the ids of a state that are pending are wanted.
    """

    ledger: str
    start: datetime
    horizon: datetime
    lookback: timedelta = timedelta()
    ids: Ids = ALL
    since: datetime | None = None
    filter_digest: str = ""
    is_of_pending_ids: bool = False


@dataclass(frozen=True)
class Gap:
    """An interval of which the records with some ids are unread."""

    window: Window
    ids: Ids


def unread(reads: Iterable[Read], goal: Goal) -> list[Gap]:
    """Return what is unread of a goal, oldest first; neighbours with the same ids are one gap."""
    settled = [part for read in reads if (part := _settled_part(read, goal))]
    points = {goal.start, goal.horizon}
    points.update(point for part in settled for point in (part.window.start, part.window.end))
    gaps: list[Gap] = []
    for start, end in pairwise(sorted(points)):
        if start < goal.start or end > goal.horizon:
            continue
        missing = goal.ids
        for part in settled:
            if part.window.start <= start and end <= part.window.end:
                missing = without_ids(missing, part.ids)
        if missing == NO_IDS:
            continue
        is_continued = bool(gaps) and (gaps[-1].window.end, gaps[-1].ids) == (start, missing)
        first = gaps.pop().window.start if is_continued else start
        gaps.append(Gap(Window(first, end), missing))
    return gaps


def read_until(reads: Iterable[Read], goal: Goal) -> datetime | None:
    """Return the end of the reads without a gap since the start of a goal; None if there is none.

    Records that are stored later than they are dated do not count: it is the bookmark.
    """
    gaps = unread(reads, replace(goal, lookback=timedelta()))
    if not gaps:
        return goal.horizon if goal.start < goal.horizon else None
    first = gaps[0].window.start
    return first if first > goal.start else None


def with_read(reads: Iterable[Read], read: Read, lookback: timedelta) -> tuple[Read, ...]:
    """Return the reads and one more, as few as possible.

    Reads of the same interval that are settled are united, and neighbours with the same ids too.
    What a later read of the same or more ids covers is left out.
    """
    every = [*reads, read]
    points = {point for each in every for point in (each.window.start, each.window.end)}
    joined: list[Read] = []
    open_reads: list[Read] = []
    for start, end in pairwise(sorted(points)):
        window = Window(start, end)
        pieces = _united(
            [
                replace(each, window=window)
                for each in every
                if each.window.start <= start and end <= each.window.end
            ],
            lookback,
        )
        extended = [_extended(open_reads, piece, lookback) for piece in pieces]
        joined += [each for each in open_reads if each not in [before for before, _ in extended]]
        open_reads = [after for _, after in extended]
    return tuple(sorted((*joined, *open_reads), key=_window_then_ids))


def cut(reads: Iterable[Read], end: datetime) -> tuple[Read, ...]:
    """Return the parts of reads before an instant."""
    return tuple(
        replace(each, window=Window(each.window.start, min(each.window.end, end)))
        for each in reads
        if each.window.start < end
    )


def without_ids(ids: Ids, removed: Ids) -> Ids:
    """Return ids without others; Marketo cannot filter by all but some, so all stay all."""
    if removed is None:
        return NO_IDS
    return ALL if ids is None else ids - removed


def united_ids(each_ids: Iterable[Ids]) -> Ids:
    """Return the ids that are in any of several sets."""
    united: set[int] = set()
    for ids in each_ids:
        if ids is None:
            return ALL
        united |= ids
    return frozenset(united)


def common_ids(ids: Ids, others: Ids) -> Ids:
    """Return the ids that are in both of two sets."""
    if ids is None:
        return others
    return ids if others is None else ids & others


def split_ids(ids: Ids, length: int | None) -> Iterator[Ids]:
    """Yield ids in sets of at most ``length``, in ascending order; None for one set of any size."""
    if ids is None or length is None:
        yield ids
        return
    ordered = sorted(ids)
    for first in range(0, len(ordered), length):
        yield frozenset(ordered[first : first + length])


def earlier(instant: datetime, by: timedelta) -> datetime:
    """Return an instant minus a duration; the earliest instant if there is none so early."""
    try:
        return instant - by
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _settled_part(read: Read, goal: Goal) -> Read | None:
    """Return the part of a read that need not be read again for a goal; None if there is none."""
    if read.filter_digest not in ("", goal.filter_digest):
        return None
    if goal.since is not None:
        return read if read.as_of >= goal.since else None
    end = min(read.window.end, earlier(read.as_of, goal.lookback))
    if end <= read.window.start:
        return None
    return replace(read, window=Window(read.window.start, end))


def _is_settled(read: Read, lookback: timedelta) -> bool:
    return read.window.end <= earlier(read.as_of, lookback)


def _united(reads: Sequence[Read], lookback: timedelta) -> list[Read]:
    """Return reads of one interval without those that others cover; settled ones are one read."""
    needed: list[Read] = []
    for read in reads:
        if any(_covers(each, read) for each in needed):
            continue
        needed = [each for each in needed if not _covers(read, each)]
        needed.append(read)
    united: list[Read] = []
    for read in needed:
        is_settled = _is_settled(read, lookback)
        for place, each in enumerate(united):
            same_filter = each.filter_digest == read.filter_digest
            if same_filter and is_settled and _is_settled(each, lookback):
                ids, as_of = united_ids([each.ids, read.ids]), max(each.as_of, read.as_of)
                united[place] = replace(each, ids=ids, as_of=as_of)
                break
        else:
            united.append(read)
    return united


def _covers(read: Read, other: Read) -> bool:
    """Return whether a read of the same interval makes another one needless."""
    return (
        read.as_of >= other.as_of
        and read.filter_digest in ("", other.filter_digest)
        and without_ids(other.ids, read.ids) == NO_IDS
    )


def _extended(
    open_reads: Iterable[Read], piece: Read, lookback: timedelta
) -> tuple[Read | None, Read]:
    """Return the read that a piece continues, None for a new one, and the read with the piece."""
    for each in open_reads:
        is_same = (each.ids, each.filter_digest) == (piece.ids, piece.filter_digest)
        are_settled = _is_settled(each, lookback) and _is_settled(piece, lookback)
        is_neighbour = each.window.end == piece.window.start
        if is_same and is_neighbour and (are_settled or each.as_of == piece.as_of):
            window = Window(each.window.start, piece.window.end)
            return each, replace(each, window=window, as_of=max(each.as_of, piece.as_of))
    return None, piece


def _window_then_ids(read: Read) -> tuple[Window, list[int], str]:
    return (read.window, sorted(read.ids or ()), read.filter_digest)
