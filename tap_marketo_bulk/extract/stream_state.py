"""What the state of one stream is: its bookmark, what is owed, and unfinished export jobs.

``state_format`` reads it from STATE and writes it there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tap_marketo_bulk.extract.windows import Window


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
