"""The jobs of a run: those that wait for their turn, and those that have begun."""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import chain
from typing import TYPE_CHECKING

from tap_marketo_bulk.exports.job import JobStage, first_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_marketo_bulk.exports.job import JobNumber, JobState
    from tap_marketo_bulk.plan.planner import ExportTask


class JobTable:
    """The jobs of a run by number, in the order of reading.

    Looking for the next step costs no more with a thousand planned jobs than with ten.

    Attributes:
        error_for_planned_jobs: The reason why no planned job will be created any more.
        tasks: Stream -> all tasks that were added.
    """

    def __init__(self) -> None:
        self.error_for_planned_jobs: BaseException | None = None
        self.tasks: defaultdict[str, list[ExportTask]] = defaultdict(list)
        self._count = 0
        self._numbers: defaultdict[str, deque[JobNumber]] = defaultdict(deque)
        self._planned: defaultdict[str, deque[JobState]] = defaultdict(deque)
        self._begun: dict[JobNumber, JobState] = {}
        self._read: list[ExportTask] = []

    def add(self, tasks: Iterable[ExportTask], now: float) -> None:
        """Add a job for each task, after those that there are."""
        for task in tasks:
            state = first_state((self._count,), task, now)
            self._count += 1
            self.tasks[task.stream].append(task)
            self._numbers[task.stream].append(state.number)
            if state.stage is JobStage.PLANNED:
                self._planned[task.stream].append(state)
            else:
                self._begun[state.number] = state

    def next_number(self, stream: str) -> JobNumber | None:
        """Return the number of the next job of a stream that is to be read; None if none is."""
        return self._numbers[stream][0] if self._numbers[stream] else None

    def find(self, number: JobNumber) -> JobState | None:
        """Return the state of a job that has begun, None for one that is planned or removed."""
        return self._begun.get(number)

    def begun(self) -> list[JobState]:
        """Return the jobs that have begun in the order of reading."""
        return [self._begun[number] for number in sorted(self._begun)]

    def in_queue(self) -> list[JobState]:
        """Return the jobs in Marketo's queue."""
        return [each for each in self._begun.values() if each.stage is JobStage.IN_QUEUE]

    def count_windows(self) -> tuple[int, int]:
        """Return how many windows are read, and how many there are with those to be read."""
        unread = {
            (each.task.stream, each.task.window)
            for each in chain(self._begun.values(), *self._planned.values())
        }
        done = {(task.stream, task.window) for task in self._read} - unread
        return len(done), len(done) + len(unread)

    def schedulable(self) -> list[JobState]:
        """Return the jobs that have begun and the next planned one of each stream."""
        first = (
            []
            if self.error_for_planned_jobs
            else [each[0] for each in self._planned.values() if each]
        )
        return sorted([*self._begun.values(), *first], key=lambda state: state.number)

    def replace(self, state: JobState) -> None:
        """Put a new state in place of the job's last one."""
        planned = self._planned[state.task.stream]
        if planned and planned[0].number == state.number:
            planned.popleft()
        self._begun[state.number] = state

    def fail_jobs_before_queue(self, error: BaseException) -> None:
        """Fail every job that is not in the queue yet."""
        self.error_for_planned_jobs = error
        for state in self.begun():
            if state.stage in (JobStage.PLANNED, JobStage.CREATED):
                self.replace(state.with_error(error))

    def divide(self, number: JobNumber, parts: Sequence[ExportTask], now: float) -> None:
        """Put jobs for parts of a task in place of its job; without parts, remove the job."""
        (state,) = self._remove(number)
        stream, place = state.task.stream, self.tasks[state.task.stream].index(state.task)
        self.tasks[stream][place : place + 1] = parts
        states = [first_state((*number, each), part, now) for each, part in enumerate(parts)]
        self._planned[stream].extendleft(reversed(states))
        self._numbers[stream].extendleft(each.number for each in reversed(states))

    def has_created_job(self, stream: str) -> bool:
        """Return whether the run has created a job of a stream, or has read one."""
        begun = [each for each in self._begun.values() if each.task.stream == stream]
        return any(each.attempts for each in begun) or any(
            task.stream == stream for task in self._read
        )

    def remove_read_job(self, number: JobNumber) -> None:
        """Remove a job whose file was read to its end."""
        self._read += [state.task for state in self._remove(number)]

    def remove_jobs_of_stream(self, stream: str) -> None:
        """Remove all jobs of a stream."""
        self._planned[stream].clear()
        self._remove(*self._numbers[stream])
        self._numbers[stream].clear()

    def remove_all(self) -> None:
        """Remove all jobs."""
        for stream in tuple(self._numbers):
            self.remove_jobs_of_stream(stream)

    def _remove(self, *numbers: JobNumber) -> list[JobState]:
        removed = [self._begun.pop(number) for number in numbers if number in self._begun]
        for state in removed:
            self._numbers[state.task.stream].remove(state.number)
            if state.file:
                state.file.content.close()
        return removed
