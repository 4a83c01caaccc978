"""What versions 0.1 to 0.3 kept in the state of a stream, as reads.

::

    {"horizon": "...", "owed": [{"start": "...", "end": "..."}],
     "coverage": {"start": "...", "types": [12]},
     "backfills": [{"start": "...", "end": "...", "types": [1]}],
     "sweep_began": "...", "sweep_reached": "...",
     "exports": [{"id": "...", "start": "...", "end": "...", "horizon": "...",
                  "request": "<digest>", "without": ["unknownField"]}]}

``coverage`` is what the bookmark stood for, ``owed`` and ``backfills`` are what was not read of it,
``sweep_began`` and ``sweep_reached`` are a full read in progress, and ``exports`` are unfinished
jobs. Version 0.1 wrote neither ``coverage`` nor ``backfills``, and no horizon of jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.plan.ledger import ALL, Ids, Read, without_ids
from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.times import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

KEYS = frozenset(
    ("horizon", "owed", "coverage", "backfills", "sweep_began", "sweep_reached", "exports")
)


@dataclass(frozen=True)
class EarlierJob:
    """An unfinished job, as these versions kept it."""

    export_id: str
    window: Window
    digest: str
    horizon: datetime | None
    unknown_fields: tuple[str, ...]


@dataclass(frozen=True)
class EarlierState:
    """The keys that these versions wrote, beside the bookmark.

    Attributes:
        raw: As they are in STATE.
        horizon: Where the run that moved the bookmark stopped reading; None if at the bookmark.
        owed: What was to be read again before the bookmark; None if that is the lookback.
        start: The start date with which the bookmark was moved; None in states of 0.1.
        ids: The ids that were read up to the bookmark; ``ALL`` for all that there were.
        backfills: What was unread before the bookmark.
        full_read_since, full_read_until: The full read in progress.
        jobs: Unfinished jobs.
    """

    raw: Mapping[str, Any]
    horizon: datetime | None
    owed: tuple[Window, ...] | None
    start: datetime | None
    ids: Ids
    backfills: tuple[tuple[Window, Ids], ...]
    full_read_since: datetime | None
    full_read_until: datetime | None
    jobs: tuple[EarlierJob, ...]


def parse_earlier_state(raw: Mapping[str, Any]) -> EarlierState | None:
    """Return the keys of earlier versions in a state; None without any.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: They are not as these versions wrote them.
    """
    found = {name: raw[name] for name in raw if name in KEYS}
    if not found:
        return None
    coverage = found.get("coverage", {})
    return EarlierState(
        raw=found,
        horizon=_instant(found, "horizon"),
        owed=tuple(map(_window, found["owed"])) if "owed" in found else None,
        start=_instant(coverage, "start"),
        ids=_types(coverage),
        backfills=tuple((_window(each), _types(each)) for each in found.get("backfills", ())),
        full_read_since=_instant(found, "sweep_began"),
        full_read_until=_instant(found, "sweep_reached"),
        jobs=tuple(map(_job, found.get("exports") or ())),
    )


def reads_before(
    earlier: EarlierState | None, bookmark: datetime, start: datetime, ids: Ids, every: Ids
) -> tuple[Read, ...]:
    """Return the reads that a bookmark of these versions, or one without reads, stands for.

    Args:
        earlier: What these versions kept; None for a bookmark alone.
        bookmark: The bookmark.
        start: The start date; it counts if the one of the bookmark is not known.
        ids: The ids to read today; they count if it is not known which ones were read.
        every: What all ids are today: ``ALL``, or those that are listed.
    """
    as_of = bookmark
    owed: Sequence[Window] = ()
    if earlier:
        as_of = max(bookmark, earlier.horizon or bookmark)
        owed = _owed(earlier, bookmark)
        if earlier.start is not None:
            start, ids = earlier.start, every if earlier.ids is None else earlier.ids
    whole = Read(Window(min(start, bookmark), bookmark), as_of, ids)
    unread_parts = [(window, ALL) for window in owed]
    if earlier:
        unread_parts += earlier.backfills
    return tuple(_without(whole, unread_parts))


def job_horizon(earlier: EarlierState, job: EarlierJob) -> datetime:
    """Return the horizon of the run that created a job.

    Version 0.1 did not write it. Its runs created the job of the last window last.
    """
    ends = [each.window.end for each in earlier.jobs]
    return job.horizon or max([*ends, *filter(None, [earlier.horizon])])


def _owed(earlier: EarlierState, bookmark: datetime) -> tuple[Window, ...]:
    """Return what is to be read again; version 0.1 lost it if a resumed run was interrupted.

    An unfinished job that begins before the bookmark shows that its run wanted what lies before.
    """
    if earlier.owed is not None:
        return earlier.owed
    old = [each.window for each in earlier.jobs if each.horizon is None]
    starts = [each.start for each in old if each.start < bookmark < each.end]
    return (Window(min(starts), bookmark),) if starts else ()


def _without(read: Read, unread_parts: Sequence[tuple[Window, Ids]]) -> Iterator[Read]:
    """Yield the parts of a read without some intervals of some ids."""
    points = {read.window.start, read.window.end}
    points.update(point for window, _ in unread_parts for point in (window.start, window.end))
    inside = sorted(p for p in points if read.window.start <= p <= read.window.end)
    for start, end in pairwise(inside):
        piece, ids = Window(start, end), read.ids
        for window, types in unread_parts:
            if window.overlaps(piece):
                ids = without_ids(ids, types)
        if ids is None or ids:
            yield Read(piece, read.as_of, ids)


def _instant(raw: Mapping[str, Any], name: str) -> datetime | None:
    return None if raw.get(name) is None else parse_instant(raw[name])


def _window(entry: Mapping[str, Any]) -> Window:
    return Window(parse_instant(entry["start"]), parse_instant(entry["end"]))


def _types(entry: Mapping[str, Any]) -> Ids:
    types = entry.get("types", ())
    return frozenset(int(each) for each in types) if types else ALL


def _job(entry: Mapping[str, Any]) -> EarlierJob:
    return EarlierJob(
        export_id=str(entry["id"]),
        window=_window(entry),
        digest=str(entry["request"]),
        horizon=_instant(entry, "horizon"),
        unknown_fields=tuple(str(name) for name in entry.get("without", ())),
    )
