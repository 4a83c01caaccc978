"""The state of one stream, and its form as JSON in STATE messages.

::

    {"replication_key": "updatedAt", "replication_key_value": "2026-11-24T00:00:00Z",
     "read_to": "2026-11-24T00:00:00Z",
     "reads": [{"start": "...", "end": "...", "as_of": "...", "ids": "1-5,12",
                "filter": "<digest>"}],
     "ledgers": {"createdAt": {"read_to": "...", "reads": [...]}},
     "fields": ["city", "id"],
     "full_read": {"since": "...", "reads": [...], "fields": [...]},
     "pending": [1042], "pending_reads": [...], "unlisted": {"2026-11-20T00:00:00Z": "1050-1052"},
     "latest_jobs": {"created": "2026-11-24T00:15:02Z", "ids": ["..."]},
     "jobs": [{"id": "...", "start": "...", "end": "...", "as_of": "...", "request": "<digest>",
               "ids": "1-5", "without": ["unknownField"]}]}

``reads`` are those of the replication key, ``ledgers`` those of others. ``read_to`` is the bookmark
that belongs to ``reads``: if somebody has moved the bookmark, the reads are cut at it. Reads and
jobs without ``ids`` have every id.

This module is the only one that knows this format. States that earlier versions wrote are always
read: see ``earlier_states``. Keys that this tap does not know are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import StateError
from tap_marketo_bulk.plan.earlier_states import (
    KEYS as EARLIER_KEYS,
)
from tap_marketo_bulk.plan.earlier_states import EarlierState, parse_earlier_state
from tap_marketo_bulk.plan.ledger import ALL, Ids, Read, cut, united_ids
from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.times import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

# The version of the format, in each STATE; states of versions before 0.4 have none.
STATE_VERSION = 1
_KEYS = frozenset(
    (
        "replication_key",
        "replication_key_value",
        "read_to",
        "reads",
        "ledgers",
        "fields",
        "full_read",
        "pending",
        "pending_reads",
        "unlisted",
        "latest_jobs",
        "jobs",
    )
)


@dataclass(frozen=True)
class UnfinishedJob:
    """A job that was created and whose file was not read to the end.

    Attributes:
        export_id: Marketo's id of the job.
        window: The interval that it exports.
        digest: The digest of the request as the catalog asked for it.
        as_of: The horizon of the run that created it.
        ids: The ids in its request.
        has_unknown_ids: Whether ``ids`` is not known: only the digest depends on them.
        unknown_fields: Fields of the request that Marketo did not know, so the job lacks them.
    """

    export_id: str
    window: Window
    digest: str
    as_of: datetime
    ids: Ids = ALL
    has_unknown_ids: bool = False
    unknown_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class LatestJobs:
    """The latest jobs that STATE has ever had, whether they are read by now or not.

    A job of a later second, or of the same one and with another id, is one that STATE lacks.

    Attributes:
        created: When Marketo created them, by its own clock.
        ids: The ids of the jobs of that second.
    """

    created: datetime
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Ledger:
    """What was read by one date filter.

    Attributes:
        reads: The reads; None if only the bookmark is known.
        bookmark: The end of the reads without a gap before it; None before the first.
    """

    reads: tuple[Read, ...] | None = ()
    bookmark: datetime | None = None


@dataclass(frozen=True)
class FullRead:
    """A full read in progress.

    Attributes:
        since: The horizon of the run that began it: its files are not older.
        reads: The reads of its files.
        fields: The fields that all of these have; None if that is not known.
    """

    since: datetime
    reads: tuple[Read, ...] = ()
    fields: frozenset[str] | None = None


@dataclass(frozen=True)
class StreamState:
    """The state of one stream.

    Attributes:
        replication_key: The column of the latest bookmark; None before the first.
        ledgers: Column of a date filter -> what was read by it.
        fields: The fields that all reads of all ledgers have; None if that is not known.
        full_read: The full read in progress; None without one.
        pending_ids: Programs that activities have named, and whose members were not read since.
        pending_reads: The reads of these programs since the bookmark.
        unlisted_ids: Programs that activities have named and Marketo has not listed -> since when
            their members are unread.
        latest_jobs: The latest jobs that STATE has had; None before the first.
        jobs: Unfinished jobs, in the order in which they were created.
        earlier: What a version before 0.4 wrote; see ``state_changes.with_known_reads``.
        unknown: Keys that another program wrote.
    """

    replication_key: str | None = None
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    fields: frozenset[str] | None = None
    full_read: FullRead | None = None
    pending_ids: tuple[int, ...] = ()
    pending_reads: tuple[Read, ...] = ()
    unlisted_ids: Mapping[int, datetime] = field(default_factory=dict)
    latest_jobs: LatestJobs | None = None
    jobs: tuple[UnfinishedJob, ...] = ()
    earlier: EarlierState | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def ledger(self, column: str) -> Ledger:
        """Return what was read by a date filter, an empty ledger if nothing was."""
        return self.ledgers.get(column, Ledger())

    def with_ledger(self, column: str, ledger: Ledger) -> StreamState:
        """Return the state with another ledger of a date filter."""
        return replace(self, ledgers={**self.ledgers, column: ledger})

    def job_ids(self) -> set[str]:
        """Return the ids of the unfinished jobs and of the latest ones."""
        latest = self.latest_jobs.ids if self.latest_jobs else ()
        return {*latest, *self.job_windows}

    @property
    def read_ids(self) -> Ids:
        """The ids of all reads; ``ALL`` if a read has every id."""
        return united_ids(
            each.ids for ledger in self.ledgers.values() for each in ledger.reads or ()
        )

    @property
    def bookmark_without_reads(self) -> datetime | None:
        """The bookmark if nothing says what was read before it; else None."""
        ledger = self.ledger(self.replication_key or "")
        is_known = ledger.reads is not None or (self.earlier and self.earlier.start)
        return None if is_known else ledger.bookmark

    @property
    def job_windows(self) -> dict[str, Window]:
        """The windows of the unfinished jobs, by id."""
        earlier = self.earlier.jobs if self.earlier else ()
        windows = {each.export_id: each.window for each in earlier}
        return windows | {each.export_id: each.window for each in self.jobs}

    def with_job(self, job: UnfinishedJob, created: datetime | None) -> StreamState:
        """Return the state with one more unfinished job, in place of one for the same request.

        Args:
            job: The job.
            created: When Marketo created it; None if that is not known.
        """
        same = (job.window, job.digest)
        others = [each for each in self.jobs if (each.window, each.digest) != same]
        state = replace(self, jobs=(*others, job))
        latest = self.latest_jobs
        if created is None or (latest and created < latest.created):
            return state
        ids = latest.ids if latest and created == latest.created else ()
        return replace(state, latest_jobs=LatestJobs(created, (*ids, job.export_id)))

    def without_jobs(self, export_ids: Collection[str]) -> StreamState:
        """Return the state without the unfinished jobs of these ids."""
        kept = tuple(each for each in self.jobs if each.export_id not in export_ids)
        return replace(self, jobs=kept)


def load_stream_state(stream: str, raw: object) -> StreamState:
    """Return the state that a STATE message holds of a stream.

    Raises:
        StateError: This tap does not write such a state.
    """
    if not isinstance(raw, dict):
        finding = f"the bookmark of {stream} is not a JSON object"
        raise StateError(finding)
    bookmark = _bookmark(stream, raw.get("replication_key_value"))
    try:
        state = _state(raw, bookmark)
    except (AttributeError, KeyError, TypeError, ValueError):
        finding = f"reads, pending, jobs or other keys of {stream} are not as this tap writes them"
        raise StateError(finding) from None
    return state


def dump_stream_state(state: StreamState) -> dict[str, Any]:
    """Return the state as STATE messages hold it."""
    raw = dict(state.unknown) | dict(state.earlier.raw if state.earlier else {})
    others = dict(state.ledgers)
    if state.replication_key is not None:
        raw["replication_key"] = state.replication_key
        current = others.pop(state.replication_key, Ledger())
        if current.bookmark:
            raw["replication_key_value"] = format_instant(current.bookmark)
        raw |= _dump_ledger(current)
    if ledgers := {column: _dump_ledger(each) for column, each in others.items() if each.reads}:
        raw["ledgers"] = ledgers
    raw |= _dump_fields(state.fields)
    if full_read := state.full_read:
        raw["full_read"] = {"since": format_instant(full_read.since)}
        if full_read.reads:
            raw["full_read"]["reads"] = _dump_reads(full_read.reads)
        raw["full_read"] |= _dump_fields(full_read.fields)
    if state.pending_ids:
        raw["pending"] = list(state.pending_ids)
    if state.pending_reads:
        raw["pending_reads"] = _dump_reads(state.pending_reads)
    raw |= _dump_unlisted_ids(state.unlisted_ids)
    if state.latest_jobs:
        created = format_instant(state.latest_jobs.created)
        raw["latest_jobs"] = {"created": created, "ids": list(state.latest_jobs.ids)}
    if state.jobs:
        raw["jobs"] = [_dump_job(job) for job in state.jobs]
    return raw


def format_ids(ids: Iterable[int]) -> str:
    """Return ids as text, consecutive ones as a range: ``1-5,12``."""
    ranges: list[list[int]] = []
    for each in sorted(ids):
        if ranges and ranges[-1][-1] == each - 1:
            ranges[-1][1:] = [each]
        else:
            ranges.append([each])
    return ",".join("-".join(map(str, each)) for each in ranges)


def parse_ids(text: str) -> frozenset[int]:
    """Return the ids of a text that ``format_ids`` has made; raises ``ValueError`` for others."""
    ids: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        ids.update(range(int(first), int(last or first) + 1))
    return frozenset(ids)


def parse_window(entry: Mapping[str, Any]) -> Window:
    """Return the window of a JSON object; raises ``KeyError`` or ``ValueError`` without one."""
    return Window(parse_instant(entry["start"]), parse_instant(entry["end"]))


def _state(raw: Mapping[str, Any], bookmark: datetime | None) -> StreamState:
    key = raw.get("replication_key")
    ledgers = {str(column): _ledger(each) for column, each in raw.get("ledgers", {}).items()}
    if key is not None:
        ledgers[str(key)] = _current_ledger(raw, bookmark)
    full_read = raw.get("full_read")
    known = _KEYS | EARLIER_KEYS
    return StreamState(
        replication_key=None if key is None else str(key),
        ledgers=ledgers,
        fields=_fields(raw),
        full_read=_full_read(full_read) if full_read else None,
        pending_ids=tuple(int(each) for each in raw.get("pending") or ()),
        pending_reads=tuple(map(_read, raw.get("pending_reads", []))),
        unlisted_ids={
            each: parse_instant(start)
            for start, ids in raw.get("unlisted", {}).items()
            for each in parse_ids(ids)
        },
        latest_jobs=_latest_jobs(raw["latest_jobs"]) if "latest_jobs" in raw else None,
        jobs=tuple(map(_job, raw.get("jobs", []))),
        earlier=parse_earlier_state(raw),
        unknown={name: value for name, value in raw.items() if name not in known},
    )


def _current_ledger(raw: Mapping[str, Any], bookmark: datetime | None) -> Ledger:
    """Return the ledger of the replication key, cut or extended if the bookmark was moved."""
    if "reads" not in raw:
        return Ledger(None if bookmark else (), bookmark)
    reads = _reads(raw)
    read_to = parse_instant(raw["read_to"]) if "read_to" in raw else None
    if bookmark is None or read_to is None:
        return Ledger((), bookmark) if read_to else Ledger(reads, bookmark)
    if bookmark < read_to:
        return Ledger(cut(reads, bookmark), bookmark)
    moved = [
        replace(each, window=Window(each.window.start, bookmark), as_of=max(each.as_of, bookmark))
        if each.window.end == read_to < bookmark
        else each
        for each in reads
    ]
    return Ledger(tuple(moved), bookmark)


def _full_read(raw: Mapping[str, Any]) -> FullRead:
    return FullRead(parse_instant(raw["since"]), _reads(raw), _fields(raw))


def _fields(raw: Mapping[str, Any]) -> frozenset[str] | None:
    return frozenset(map(str, raw["fields"])) if "fields" in raw else None


def _ledger(raw: Mapping[str, Any]) -> Ledger:
    return Ledger(_reads(raw), parse_instant(raw["read_to"]) if "read_to" in raw else None)


def _reads(raw: Mapping[str, Any]) -> tuple[Read, ...]:
    return tuple(map(_read, raw.get("reads", [])))


def _read(entry: Mapping[str, Any]) -> Read:
    as_of, filter_digest = parse_instant(entry["as_of"]), str(entry.get("filter", ""))
    return Read(parse_window(entry), as_of, _ids(entry), filter_digest)


def _job(entry: Mapping[str, Any]) -> UnfinishedJob:
    return UnfinishedJob(
        export_id=str(entry["id"]),
        window=parse_window(entry),
        digest=str(entry["request"]),
        as_of=parse_instant(entry["as_of"]),
        ids=_ids(entry),
        has_unknown_ids=bool(entry.get("unknown_ids")),
        unknown_fields=tuple(str(name) for name in entry.get("without", ())),
    )


def _ids(entry: Mapping[str, Any]) -> Ids:
    return parse_ids(entry["ids"]) if "ids" in entry else ALL


def _latest_jobs(entry: Mapping[str, Any]) -> LatestJobs:
    return LatestJobs(parse_instant(entry["created"]), tuple(str(each) for each in entry["ids"]))


def _bookmark(stream: str, value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    try:
        return None if value is None else parse_instant(value)
    except (TypeError, ValueError):
        finding = f"replication_key_value of {stream} is not a date-time"
        raise StateError(finding) from None


def _dump_ledger(ledger: Ledger) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    if ledger.reads is not None:
        raw["reads"] = _dump_reads(ledger.reads)
        if ledger.bookmark:
            raw["read_to"] = format_instant(ledger.bookmark)
    return raw


def _dump_fields(fields: frozenset[str] | None) -> dict[str, Any]:
    return {} if fields is None else {"fields": sorted(fields)}


def _dump_unlisted_ids(starts: Mapping[int, datetime]) -> dict[str, Any]:
    ids = {
        format_instant(start): format_ids(each for each in starts if starts[each] == start)
        for start in sorted(set(starts.values()))
    }
    return {"unlisted": ids} if ids else {}


def _dump_reads(reads: Iterable[Read]) -> list[dict[str, str]]:
    return [
        {
            **_dump_window(each.window),
            "as_of": format_instant(each.as_of),
            **_dump_ids(each.ids),
            **({"filter": each.filter_digest} if each.filter_digest else {}),
        }
        for each in reads
    ]


def _dump_window(window: Window) -> dict[str, str]:
    return {"start": format_instant(window.start), "end": format_instant(window.end)}


def _dump_ids(ids: Ids) -> dict[str, str]:
    return {} if ids is None else {"ids": format_ids(ids)}


def _dump_job(job: UnfinishedJob) -> dict[str, Any]:
    return {
        "id": job.export_id,
        **_dump_window(job.window),
        "as_of": format_instant(job.as_of),
        "request": job.digest,
        **_dump_ids(job.ids),
        **({"unknown_ids": True} if job.has_unknown_ids else {}),
        **({"without": list(job.unknown_fields)} if job.unknown_fields else {}),
    }
