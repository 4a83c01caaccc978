"""timeline: which job was in which of Marketo's slots, and when.

Marketo reports when the processing of a job began and ended, but not in which slot. So each job is
put into the slot that has been free for the longest time. A day is one of the daily quota: from
00:00 US Central on. ``timeline_cells`` cuts the days into the cells of a chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tap_marketo_bulk.jobs.past_jobs import LONG_AGO
from tap_marketo_bulk.jobs.quota_usage import QuotaUsage, day_start, quota_day, usage_of_day
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.marketo.limits import PROCESSING_SLOTS, STATUS_UPDATE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from tap_marketo_bulk.jobs.past_jobs import PastJob

# Reported times have this precision: jobs that overlap for less were processed in turns.
_PRECISION = timedelta(seconds=STATUS_UPDATE_SECONDS)
# The statuses of jobs that began to be processed, whatever Marketo reports of their times.
_PROCESSED = (JobStatus.PROCESSING, JobStatus.COMPLETED)
_NO_TIME = timedelta()
# The shortest time that two reported instants can be apart.
_SHORTEST = timedelta(seconds=1)


@dataclass(frozen=True)
class Processing:
    """The time in which a job was processed.

    Attributes:
        job: The job.
        number: Its place among the jobs of its slot.
        start: When it began.
        end: When it ended; the present while it has not.
    """

    job: PastJob
    number: int
    start: datetime
    end: datetime

    @property
    def is_useless(self) -> bool:
        """Whether the job has no file."""
        return self.job.job.status in (JobStatus.FAILED, JobStatus.CANCELLED)

    def time_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of the time between two instants it took."""
        return max(_NO_TIME, min(self.end, end) - max(self.start, start))


@dataclass(frozen=True)
class TimelineDay:
    """A day of the daily quota.

    Attributes:
        day: The day in US Central time.
        start: The instant at which it began.
        end: The instant at which it ends.
        slots: For each slot the jobs that were processed on the day.
        usage: The bytes of the day.
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
        now: The present.
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
    """A stretch of time in one slot.

    Attributes:
        busy: The part of it in which the slot was used; None where it is not over yet.
        shown: The job that failed in it, else the one that took most of it; None where it was
            idle.
    """

    busy: float | None
    shown: Processing | None


def make_timeline(
    jobs: Sequence[PastJob], now: datetime, days: int, megabytes: int | None
) -> Timeline:
    """Return the timeline of the past days, from the first with a job on.

    Args:
        jobs: The jobs of the past seven days.
        now: The present.
        days: The number of days, today included.
        megabytes: The subscription's daily allocation, None for Marketo's default.
    """
    today = quota_day(now)
    slots = _assign_slots(jobs, now)
    starts = [quota_day(each.start) for slot in slots for each in slot]
    first = max(min([today, *starts]), today - timedelta(days=days - 1))
    numbers = range((today - first).days + 1)
    shown = [_day(first + timedelta(days=number), slots, jobs, megabytes) for number in numbers]
    paths = {each.job.object_path for day in shown for slot in day.slots for each in slot}
    drawn = sum(map(len, slots))
    processed = sum(1 for each in jobs if each.started_at or each.job.status in _PROCESSED)
    return Timeline(now, tuple(shown), tuple(sorted(paths)), processed - drawn)


def timeline_cells(day: TimelineDay, slot: int, count: int, now: datetime) -> list[Cell]:
    """Return a day of one slot as ``count`` cells of equal length."""
    length = (day.end - day.start) / count
    starts = [day.start + length * number for number in range(count)]
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
        end = now if job.job.status is JobStatus.PROCESSING else job.finished_at
        if job.started_at and end:
            yield job.started_at, max(job.started_at + _SHORTEST, end), job


def _day(
    day: date, slots: Sequence[Sequence[Processing]], jobs: Sequence[PastJob], megabytes: int | None
) -> TimelineDay:
    start, end = day_start(day), day_start(day + timedelta(days=1))
    of_day = tuple(
        tuple(each for each in slot if each.start < end and each.end >= start) for slot in slots
    )
    return TimelineDay(day, start, end, of_day, usage_of_day(jobs, start, megabytes))


def _cell(slot: Iterable[Processing], start: datetime, end: datetime, now: datetime) -> Cell:
    if start >= now:
        return Cell(None, None)
    times = {each: each.time_between(start, end) for each in slot if each.start < end}
    used = [each for each, time in times.items() if time]
    shown = max(used, key=lambda each: (each.is_useless, times[each]), default=None)
    busy = sum(times.values(), start=_NO_TIME) / (min(end, now) - start)
    return Cell(min(1.0, busy), shown)
