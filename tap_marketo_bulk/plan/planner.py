"""Export tasks: what a run has to export, as values; and how jobs are treated.

From what streams owe to a list of export tasks: pure functions.

Streams that are filled by the same export object share its files. Where they owe different
stretches, time is cut where one begins or ends to owe, so that each file has the columns and
rows that its consumers need, and no others::

    activities             [===================================]  bookmark .. horizon
    activities_send_email                  [===================]
                           '---- file 1 ---''----- file 2 -----'
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.plan.ledger import ReadMode, UndatedReadMode, owed_windows, part_owed_again
from tap_marketo_bulk.plan.windows import Window, merge, split, subtract
from tap_marketo_bulk.texts import short_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta

    from tap_marketo_bulk.marketo.exports import ExportRequest
    from tap_marketo_bulk.plan.ledger import StreamState, UnfinishedExport

    MakeRequests = Callable[[Window, tuple[str, ...]], Sequence[ExportRequest]]


@dataclass(frozen=True)
class WindowPlace:
    """The place of a file among those of its stream, for people.

    Attributes:
        window: The number of its window, from 1.
        windows: The number of all windows.
        file: Its number among the files of the window, from 1.
        files: The number of these files.
    """

    window: int = 1
    windows: int = 1
    file: int = 1
    files: int = 1

    def __str__(self) -> str:
        """Return ``3/12``, or ``3/12 file 2/4`` where the window has several files."""
        file = f" file {self.file}/{self.files}" if self.files > 1 else ""
        return f"{self.window}/{self.windows}{file}"


@dataclass(frozen=True)
class ExportTask:
    """One file to be exported and read.

    Attributes:
        stream: The stream whose state holds the job's id.
        window: The stretch of time that the file covers.
        request: What Marketo is asked for.
        consumers: The names of the consumers that the file's rows are for; see ``planner``.
        horizon: The horizon of the run that created, or will create, the job.
        required_fields: Fields without which the file is of no use.
        is_last_of_window: Whether no later task covers the same window.
        export_id: The job that an earlier run created for exactly this request.
        unknown_fields: Fields of the request that this job lacks: Marketo did not know them.
        place: Its place among the files of its stream; it is no part of what is exported.
        window_horizon: The earliest horizon of the jobs for the same window; None where it is
            this task's own.
    """

    stream: str
    window: Window
    request: ExportRequest
    consumers: tuple[str, ...]
    horizon: datetime
    required_fields: frozenset[str] = frozenset()
    is_last_of_window: bool = True
    export_id: str | None = None
    unknown_fields: tuple[str, ...] = ()
    place: WindowPlace = field(default=WindowPlace(), compare=False)
    window_horizon: datetime | None = None

    def __str__(self) -> str:
        """Return the stream and the window as text for a message."""
        return f"{self.stream} {self.window}"

    @property
    def title(self) -> str:
        """The stream, the place and the window: ``activities 3/12 2026-01-25 to 2026-02-25``."""
        dates = f"{short_instant(self.window.start)} to {short_instant(self.window.end)}"
        return f"{self.stream} {self.place} {dates}"


def with_places(tasks: Sequence[ExportTask]) -> list[ExportTask]:
    """Return the tasks of one stream with their places.

    Args:
        tasks: In the order of reading, all files of a window after each other.
    """
    windows: list[list[ExportTask]] = [[]]
    for task in tasks:
        windows[-1].append(task)
        if task.is_last_of_window:
            windows.append([])
    total = sum(1 for each in windows if each)
    return [
        replace(task, place=WindowPlace(number, total, file, len(files)))
        for number, files in enumerate(windows, start=1)
        for file, task in enumerate(files, start=1)
    ]


@dataclass(frozen=True)
class JobPolicy:
    """How often jobs are polled, how long they are waited for, and how many there are at once.

    Attributes:
        poll_seconds: The pause between two status checks of a job.
        job_timeout_seconds: After so long in the queue a job is cancelled.
        max_jobs_in_flight: The most jobs that are queued or processed at once.
        tags_jobs: Whether jobs get a tag by which a run without state finds them.
        waits_for_quota: Whether a used up daily quota is waited for; otherwise it is an error.
        extra_lead_fields: The lead fields that a setting names; discovery does not list them.
    """

    poll_seconds: float
    job_timeout_seconds: float
    max_jobs_in_flight: int
    tags_jobs: bool = False
    waits_for_quota: bool = False
    extra_lead_fields: frozenset[str] = frozenset()


_BACKFILL_MARK = "#"


@dataclass(frozen=True)
class Consumer:
    """A stream that an export object fills, or one of the backfills of such a stream.

    Attributes:
        name: The stream's name; that of a backfill has a suffix. See ``stream_of``.
        mode: How it is read.
        state: What earlier runs read of it.
        start: Nothing before it is read.
    """

    name: str
    mode: ReadMode
    state: StreamState
    start: datetime


@dataclass(frozen=True)
class PlanningInput:
    """What the tasks of one export object are made from.

    Attributes:
        stream: The stream whose state holds the unfinished jobs.
        consumers: The streams to fill.
        exports: The jobs that earlier runs created and did not read to the end.
        make_requests: Returns the requests for a window.
        required_fields: Fields without which a file is of no use.
        horizon: Where this run stops reading.
        window_length: The longest stretch that a new job covers.
    """

    stream: str
    consumers: tuple[Consumer, ...]
    exports: tuple[UnfinishedExport, ...]
    make_requests: MakeRequests
    required_fields: frozenset[str]
    horizon: datetime
    window_length: timedelta


def stream_of(consumer: str) -> str:
    """Return the name of the stream that a consumer's rows are for."""
    return consumer.partition(_BACKFILL_MARK)[0]


def backfill_name(stream: str, index: int) -> str:
    """Return the name of the consumer for a stream's backfill."""
    return f"{stream}{_BACKFILL_MARK}{index}"


def plan_tasks(plan: PlanningInput) -> list[ExportTask]:
    """Return the tasks of one export object in the order of reading, oldest window first."""
    return with_places(list(_Planner(plan).tasks()))


def obsolete_exports(plan: PlanningInput, tasks: Sequence[ExportTask]) -> list[UnfinishedExport]:
    """Return the unfinished jobs that no task uses, and that no later run can use."""
    used = {task.export_id for task in tasks}
    return [
        export
        for export in plan.exports
        if export.export_id not in used and export.window.end <= plan.horizon
    ]


@dataclass(frozen=True)
class _Segment:
    """A stretch of time that the same streams owe from its beginning to its end."""

    window: Window
    consumers: tuple[str, ...]


class _Planner:
    def __init__(self, plan: PlanningInput) -> None:
        self._plan = plan
        self._modes = {each.name: each.mode for each in plan.consumers}
        self._owed = {
            each.name: owed_windows(each.state, each.mode, start=each.start, horizon=plan.horizon)
            for each in plan.consumers
        }
        self._exports = sorted(plan.exports, key=lambda each: each.window)

    def tasks(self) -> Iterator[ExportTask]:
        while segment := self._first_segment():
            windows = list(self._windows(segment))
            for window, read_horizon in windows:
                yield from self._tasks_of(window, segment.consumers, read_horizon)
            for window, read_horizon in windows:
                self._mark_read(window, segment.consumers, read_horizon)

    def _first_segment(self) -> _Segment | None:
        """Return the earliest stretch that is owed; its consumers are the same throughout."""
        first = {name: windows[0] for name, windows in self._owed.items() if windows}
        if not first:
            return None
        start = min(window.start for window in first.values())
        consumers = tuple(name for name, window in first.items() if window.start == start)
        later = [window.start for name, window in first.items() if name not in consumers]
        end = min([*later, *(first[name].end for name in consumers)])
        return _Segment(Window(start, end), consumers)

    def _windows(self, segment: _Segment) -> Iterator[tuple[Window, datetime]]:
        """Yield the windows of a segment, and the horizon of the run that creates each job.

        The windows of unfinished jobs stay as they are, whatever the window length is today.
        """
        if any(isinstance(self._modes[name], UndatedReadMode) for name in segment.consumers):
            yield segment.window, self._plan.horizon
            return
        position, end = segment.window.start, segment.window.end
        for export in self._exports:
            window = export.window
            if not position < window.end <= end or not self._is_same_request(export, segment):
                continue
            yield from self._new_windows(position, window.start)
            yield window, export.horizon
            position = window.end
            if self._is_owed_again(window, segment.consumers, export.horizon):
                # The segment goes on where the rows begin that were stored too late for the job.
                return
        yield from self._new_windows(position, end)

    def _new_windows(self, start: datetime, end: datetime) -> Iterator[tuple[Window, datetime]]:
        for window in split(start, end, self._plan.window_length):
            yield window, self._plan.horizon

    def _is_same_request(self, export: UnfinishedExport, segment: _Segment) -> bool:
        requests = self._plan.make_requests(export.window, segment.consumers)
        return export.digest in {request.digest for request in requests}

    def _is_owed_again(
        self, window: Window, consumers: tuple[str, ...], read_horizon: datetime
    ) -> bool:
        if read_horizon >= self._plan.horizon:
            return False
        return any(part_owed_again(window, self._modes[name], read_horizon) for name in consumers)

    def _mark_read(
        self, window: Window, consumers: tuple[str, ...], read_horizon: datetime
    ) -> None:
        for name in consumers:
            owed = subtract(self._owed[name], window)
            again = part_owed_again(window, self._modes[name], read_horizon)
            if again and read_horizon < self._plan.horizon:
                owed = merge([*owed, again])
            self._owed[name] = owed

    def _tasks_of(
        self, window: Window, consumers: tuple[str, ...], read_horizon: datetime
    ) -> Iterator[ExportTask]:
        requests = self._plan.make_requests(window, consumers)
        exports = [self._take_export(window, request, consumers) for request in requests]
        horizons = [each.horizon if each else read_horizon for each in exports]
        for number, (request, export) in enumerate(zip(requests, exports, strict=True), start=1):
            yield ExportTask(
                stream=self._plan.stream,
                window=export.window if export else window,
                request=request,
                consumers=consumers,
                horizon=export.horizon if export else read_horizon,
                required_fields=self._plan.required_fields,
                is_last_of_window=number == len(requests),
                export_id=export.export_id if export else None,
                unknown_fields=export.unknown_fields if export else (),
                window_horizon=min(horizons),
            )

    def _take_export(
        self, window: Window, request: ExportRequest, consumers: tuple[str, ...]
    ) -> UnfinishedExport | None:
        """Return the unfinished job of a request; no other task gets the same one."""
        is_list = any(isinstance(self._modes[name], UndatedReadMode) for name in consumers)
        for export in self._exports:
            if export.digest == request.digest and (is_list or export.window == window):
                self._exports.remove(export)
                return export
        return None
