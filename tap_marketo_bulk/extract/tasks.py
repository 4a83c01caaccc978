"""Export tasks: what a run has to export, as values; and how jobs are treated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.quantities import short_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.marketo.exports import ExportRequest


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
