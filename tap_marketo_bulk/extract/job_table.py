"""The jobs of a run: those that wait for their turn, and those that have begun."""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import chain
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract import job_state
from tap_marketo_bulk.extract.job_state import JobStage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.extract.job_state import JobState
    from tap_marketo_bulk.extract.tasks import ExportTask

_STAGES_BEFORE_QUEUE = (JobStage.PLANNED, JobStage.CREATED)


class JobTable:
    """Job states by number; whoever uses it from two threads holds a lock.

    Looking for the next step costs no more with a thousand planned jobs than with ten.

    Attributes:
        error_for_planned_jobs: The reason why no planned job will be created any more.
    """

    def __init__(self) -> None:
        """Begin without jobs."""
        self.error_for_planned_jobs: BaseException | None = None
        self._count = 0
        self._numbers: defaultdict[str, deque[int]] = defaultdict(deque)
        self._planned: defaultdict[str, deque[JobState]] = defaultdict(deque)
        self._begun: dict[int, JobState] = {}
        self._windows_done = 0

    def add(self, tasks: Iterable[ExportTask], now: float) -> None:
        """Add a job for each task, after those that there are."""
        for task in tasks:
            state = job_state.first_state(self._count, task, now)
            self._count += 1
            self._numbers[task.stream].append(state.number)
            if state.stage is JobStage.PLANNED:
                self._planned[task.stream].append(state)
            else:
                self._begun[state.number] = state

    def job_numbers(self, stream: str) -> list[int]:
        """Return the numbers of a stream's jobs in the order of reading."""
        return list(self._numbers[stream])

    def find(self, number: int) -> JobState | None:
        """Return the state of a job that has begun, None for one that is planned or removed."""
        return self._begun.get(number)

    def begun(self) -> list[JobState]:
        """Return the jobs that have begun in the order of reading."""
        return [self._begun[number] for number in sorted(self._begun)]

    def in_queue(self) -> list[JobState]:
        """Return the jobs in Marketo's queue; needs no lock, since a signal must not wait."""
        return [each for each in tuple(self._begun.values()) if each.stage is JobStage.IN_QUEUE]

    def count_windows(self) -> tuple[int, int]:
        """Return how many windows are done, and how many there are with those to be read."""
        unread = chain(self._begun.values(), *self._planned.values())
        remaining = sum(1 for each in unread if each.task.is_last_of_window)
        return self._windows_done, self._windows_done + remaining

    def schedulable(self) -> list[JobState]:
        """Return the jobs that have begun and the next planned one of each stream."""
        first = (
            []
            if self.error_for_planned_jobs
            else [each[0] for each in self._planned.values() if each]
        )
        return sorted([*self._begun.values(), *first], key=lambda state: state.number)

    def replace(self, state: JobState) -> bool:
        """Put a new state in place of the job's last one; returns False if it was removed."""
        planned = self._planned[state.task.stream]
        if state.number in self._begun:
            self._begun[state.number] = state
        elif planned and planned[0].number == state.number:
            planned.popleft()
            self._begun[state.number] = state
        else:
            return False
        return True

    def mark_as_reading(self, number: int) -> None:
        """Put a job whose file is verified into the stage of reading."""
        for state in [each for each in self.begun() if each.number == number and each.file]:
            self.replace(job_state.reading(state))

    def fail_jobs_before_queue(self, error: BaseException) -> None:
        """Fail every job that is not in the queue yet."""
        self.error_for_planned_jobs = error
        unqueued = [each for each in self.begun() if each.stage in _STAGES_BEFORE_QUEUE]
        for state in unqueued:
            self.replace(job_state.failed(state, error))

    def fail_jobs_without_file(self, error: BaseException) -> None:
        """Fail every job whose file is not on local disk."""
        self.error_for_planned_jobs = error
        for state in [each for each in self.begun() if each.file is None]:
            self.replace(job_state.failed(state, error))

    def remove_read_job(self, number: int) -> list[JobState]:
        """Remove a job whose file was read to its end; returns its last state."""
        removed = self.remove_jobs(number)
        self._windows_done += sum(1 for each in removed if each.task.is_last_of_window)
        return removed

    def remove_jobs(self, *numbers: int) -> list[JobState]:
        """Remove jobs; return the last states of those that had begun."""
        removed = [self._begun.pop(number) for number in numbers if number in self._begun]
        for state in removed:
            self._numbers[state.task.stream].remove(state.number)
        return removed

    def remove_jobs_of_stream(self, stream: str) -> list[JobState]:
        """Remove all jobs of a stream; returns the last states of those that had begun."""
        self._planned[stream].clear()
        removed = self.remove_jobs(*self._numbers[stream])
        self._numbers[stream].clear()
        return removed

    def remove_all(self) -> list[JobState]:
        """Remove all jobs; returns the last states of those that had begun."""
        return [
            state for stream in tuple(self._numbers) for state in self.remove_jobs_of_stream(stream)
        ]
