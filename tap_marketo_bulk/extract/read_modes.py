"""How a stream is read: what is new, everything, or what wider settings add."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


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
