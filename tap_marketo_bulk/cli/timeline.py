"""timeline: which job was in which of Marketo's slots, and when, as days and as their chart.

Marketo reports when the processing of a job began and ended, but not in which slot. So each job is
put into the slot that has been free for the longest time. A day is one of the daily quota: from
00:00 US Central on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import groupby
from operator import itemgetter
from string import ascii_uppercase
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from tap_marketo_bulk.cli.console import bar
from tap_marketo_bulk.cli.reports import LONG_AGO, past_exports
from tap_marketo_bulk.exports.quota import QuotaUsage, day_start, quota_day
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.marketo.limits import PROCESSING_SLOTS, STATUS_UPDATE_SECONDS
from tap_marketo_bulk.texts import count, megabytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from tap_marketo_bulk.cli.reports import PastJob

# Reported times have this precision: jobs that overlap for less were processed in turns.
_PRECISION = timedelta(seconds=STATUS_UPDATE_SECONDS)
# The statuses of jobs that began to be processed, whatever Marketo reports of their times.
_PROCESSED = (JobStatus.PROCESSING, JobStatus.COMPLETED)
_NO_TIME = timedelta()
# The shortest time that two reported instants can be apart.
_SHORTEST = timedelta(seconds=1)
# Two colors for each object, in turns, so that one can see where a job ends and the next begins.
_COLORS = (
    ("#2f7fd0", "#74b3f0"),
    ("#d9822b", "#f2b16b"),
    ("#3f9b57", "#85cf97"),
    ("#8e5cc4", "#bf9be6"),
    ("#12908e", "#66c9c4"),
)
_FAILED_COLOR, _IDLE_COLOR = "#e03131", "bright_black"
# A cell that is used for less than the first part of its time, for less than the second, ...
_BLOCKS = ((0.25, "░"), (0.5, "▒"), (0.75, "▓"), (1.1, "█"))
_FAILED_LETTER = "X"
# The cells of a day, and the width of a terminal that has room for them.
_CELLS_BY_WIDTH = ((144, 176), (96, 128), (72, 104), (48, 80), (24, 0))
_HOURS = 24
_BAR_CHARACTERS = 14
_OTHER_USERS = (
    "Marketo shows each API user their own jobs only: a slot that is idle here may have processed "
    "jobs of others, whose bytes count too."
)


@dataclass(frozen=True)
class Processing:
    """The time in which a job was processed; until now if it is still processed.

    Attributes:
        number: The place of the job among those of its slot.
    """

    job: PastJob
    number: int
    start: datetime
    end: datetime

    @property
    def is_useless(self) -> bool:
        """Whether the job has no file."""
        return self.job.status in (JobStatus.FAILED, JobStatus.CANCELLED)

    def time_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of the time between two instants it took."""
        return max(_NO_TIME, min(self.end, end) - max(self.start, start))


@dataclass(frozen=True)
class TimelineDay:
    """A day of the daily quota.

    Attributes:
        day: The day in US Central time, with its first instant and that of the next day.
        slots: For each slot the jobs that were processed on the day.
    """

    day: date
    start: datetime
    end: datetime
    slots: tuple[tuple[Processing, ...], ...]
    usage: QuotaUsage

    def busy_time(self, slot: int) -> timedelta:
        """Return the time in which a slot was used."""
        times = (each.time_between(self.start, self.end) for each in self.slots[slot])
        return sum(times, start=_NO_TIME)


@dataclass(frozen=True)
class Timeline:
    """The past days of the export jobs.

    Attributes:
        days: The days, the earliest first.
        object_paths: The objects of the jobs in ``days``, in alphabetic order.
        without_times: The number of processed jobs whose beginning or end Marketo did not report.
    """

    now: datetime
    days: tuple[TimelineDay, ...]
    object_paths: tuple[str, ...]
    without_times: int


@dataclass(frozen=True)
class Cell:
    """An interval of one slot.

    Attributes:
        busy: The part of it in which the slot was used; None if it is in the future.
        shown: The job that failed in it, else the one that took most of it; None if it was idle.
    """

    busy: float | None
    shown: Processing | None


def make_timeline(
    jobs: Sequence[PastJob], now: datetime, days: int, allocation: int | None
) -> Timeline:
    """Return the past days, at most ``days`` with today, from the first with a job on.

    ``allocation`` is the daily quota in megabytes, None is Marketo's default.
    """
    today, slots, exports = quota_day(now), _assign_slots(jobs, now), past_exports(jobs)
    starts = [quota_day(each.start) for slot in slots for each in slot]
    first = max(min([today, *starts]), today - timedelta(days=days - 1))
    dates = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    shown = tuple(_day(day, slots, exports.usage_of_day(day, allocation)) for day in dates)
    paths = {each.job.object_path for day in shown for slot in day.slots for each in slot}
    processed = sum(1 for each in jobs if each.job.started or each.status in _PROCESSED)
    return Timeline(now, shown, tuple(sorted(paths)), processed - sum(map(len, slots)))


def timeline_cells(day: TimelineDay, slot: int, cells: int, now: datetime) -> list[Cell]:
    """Return a day of one slot as ``cells`` cells of equal length."""
    length = (day.end - day.start) / cells
    starts = [day.start + length * number for number in range(cells)]
    return [_cell(day.slots[slot], start, start + length, now) for start in starts]


def _assign_slots(jobs: Iterable[PastJob], now: datetime) -> list[list[Processing]]:
    slots: list[list[Processing]] = [[] for _ in range(PROCESSING_SLOTS)]
    for start, end, job in sorted(_spans(jobs, now), key=lambda span: span[:2]):
        slot = min(slots, key=lambda each: each[-1].end if each else LONG_AGO)
        if slot and slot[-1].end - start > _PRECISION:
            # The subscription has more slots than Marketo documents.
            slot = []
            slots.append(slot)
        slot.append(Processing(job, len(slot), start, end))
    return slots


def _spans(jobs: Iterable[PastJob], now: datetime) -> Iterator[tuple[datetime, datetime, PastJob]]:
    for job in jobs:
        start = job.job.started
        end = now if job.status is JobStatus.PROCESSING else job.job.finished
        if start and end:
            yield start, max(start + _SHORTEST, end), job


def _day(day: date, slots: Sequence[Sequence[Processing]], usage: QuotaUsage) -> TimelineDay:
    start, end = day_start(day), day_start(day + timedelta(days=1))
    of_day = (
        tuple(each for each in slot if each.start < end and each.end >= start) for slot in slots
    )
    return TimelineDay(day, start, end, tuple(of_day), usage)


def _cell(slot: Iterable[Processing], start: datetime, end: datetime, now: datetime) -> Cell:
    if start >= now:
        return Cell(None, None)
    times = {each: each.time_between(start, end) for each in slot if each.start < end}
    used = [each for each, time in times.items() if time]
    shown = max(used, key=lambda each: (each.is_useless, times[each]), default=None)
    busy = sum(times.values(), start=_NO_TIME) / (min(end, now) - start)
    return Cell(min(1.0, busy), shown)


@dataclass(frozen=True)
class ChartStyle:
    """How cells are drawn: by colors, or by letters if there are none.

    Attributes:
        object_paths: The objects of the chart.
        has_colors: Whether objects differ by color; otherwise they differ by letter.
    """

    object_paths: tuple[str, ...]
    has_colors: bool

    def text(self, cells: Sequence[Cell]) -> Text:
        """Return cells as a line of as many characters."""
        runs = groupby(map(self._character, cells), key=itemgetter(1))
        # Cells of the same style are one element of an SVG picture.
        return Text.assemble(*(("".join(glyph for glyph, _ in run), style) for style, run in runs))

    def legend(self) -> Text:
        """Return what the colors or letters mean."""
        entries = [(self._sample(number), path) for number, path in enumerate(self.object_paths)]
        failed = ("█" if self.has_colors else _FAILED_LETTER, _FAILED_COLOR)
        idle = (self._idle_glyph, _IDLE_COLOR)
        entries += [(failed, "failed or cancelled"), (idle, "idle")]
        return Text("   ").join(Text.assemble(sample, f" {meaning}") for sample, meaning in entries)

    @property
    def _idle_glyph(self) -> str:
        return "·" if self.has_colors else "."

    def _sample(self, number: int) -> tuple[str, str]:
        glyph = "█" if self.has_colors else self._letters()[number]
        return glyph, _COLORS[number % len(_COLORS)][0]

    def _character(self, cell: Cell) -> tuple[str, str]:
        """Return the character of a cell, and its style."""
        if cell.busy is None:
            return " ", ""
        if cell.shown is None:
            return self._idle_glyph, _IDLE_COLOR
        number = self.object_paths.index(cell.shown.job.object_path)
        color = _COLORS[number % len(_COLORS)][cell.shown.number % 2]
        letter = self._letters()[number]
        if cell.shown.is_useless:
            color, letter = _FAILED_COLOR, _FAILED_LETTER
        if not self.has_colors:
            return letter if cell.busy >= _BLOCKS[1][0] else letter.lower(), color
        return next(block for limit, block in _BLOCKS if cell.busy < limit), color

    def _letters(self) -> list[str]:
        """Return a letter for each object: of its name, if no other object has it."""
        letters: list[str] = []
        for path in self.object_paths:
            name = path.rpartition("/")[2].upper()
            wanted = [each for each in name + ascii_uppercase if each in ascii_uppercase]
            free = [each for each in wanted if each not in (*letters, _FAILED_LETTER)]
            letters.append(next(iter(free), "?"))
        return letters


def timeline_renderable(timeline: Timeline, width: int, *, has_colors: bool) -> RenderableType:
    """Return the chart and its legend, for a terminal that is ``width`` characters wide."""
    cells = next(cells for cells, needed in _CELLS_BY_WIDTH if width >= needed)
    style = ChartStyle(timeline.object_paths, has_colors)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("day")
    table.add_column("slot", justify="right")
    table.add_column(_axis(cells), no_wrap=True)
    table.add_column("busy", justify="right")
    table.add_column("exported", justify="right", no_wrap=True)
    for day in timeline.days:
        for row in _rows(day, timeline, cells, style):
            table.add_row(*row)
    return Group(table, "", style.legend(), "", *_notes(timeline))


def _rows(
    day: TimelineDay, timeline: Timeline, cells: int, style: ChartStyle
) -> Iterator[tuple[RenderableType, ...]]:
    """Yield a row for each slot; the first has the day, the second a bar of its bytes."""
    usage = day.usage
    exported: list[RenderableType] = [
        f"{megabytes(usage.used_bytes)} {usage.share:.0%}",
        bar(usage.used_bytes, usage.allocation_bytes, _BAR_CHARACTERS),
    ]
    elapsed = min(day.end, timeline.now) - day.start
    for slot, _ in enumerate(day.slots):
        busy = day.busy_time(slot) / elapsed if elapsed else 0.0
        yield (
            "" if slot else f"{day.day:%m-%d}",
            str(slot + 1),
            style.text(timeline_cells(day, slot, cells, timeline.now)),
            f"{busy:.0%}",
            exported[slot] if slot < len(exported) else "",
        )


def _axis(cells: int) -> str:
    """Return the hours of a day above its cells."""
    cells_per_hour = cells // _HOURS
    step = 6 if cells_per_hour == 1 else 3
    return "".join(f"{hour:02}".ljust(step * cells_per_hour) for hour in range(0, _HOURS, step))


def _notes(timeline: Timeline) -> Iterator[str]:
    quota = timeline.days[-1].usage.allocation_bytes // 1_000_000
    yield (
        "Days and hours are those of US Central time: the daily quota, here "
        f"{quota:,} MB, is reset at 00:00 ({timeline.days[-1].start.astimezone(UTC):%H:%M} UTC)."
    )
    yield _OTHER_USERS
    if timeline.without_times:
        missing = count(timeline.without_times, "job")
        yield (
            f"Marketo did not report when {missing} began and ended; the chart does not show them."
        )
