"""What the reader and the worker of a pipeline share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.job_state import JobStage
from tap_marketo_bulk.extract.job_table import JobTable
from tap_marketo_bulk.extract.past_exports import PastExports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.extract.events import VerifiedFile
    from tap_marketo_bulk.extract.job_state import JobState

# Without its id in STATE, the job of one of these would be paid for again by the next run.
_STAGES_WITH_JOB = frozenset(
    (JobStage.CREATED, JobStage.IN_QUEUE, JobStage.COMPLETED, JobStage.DOWNLOADED, JobStage.READING)
)


@dataclass
class PipelineData:
    """Everything here is read and changed under the lock ``changed`` only.

    Attributes:
        changed: The lock, and the condition that something changed.
        jobs: The jobs of the run.
        past_exports: The completed jobs that the run knows of.
        abandoned: Removed jobs that the worker has to look at: some must be cancelled.
        persisted_ids: The job ids that are in a STATE message.
        awaited: The number of the job that the reader waits for.
        enqueues_without_state: The target has stopped reading, so jobs are enqueued without STATE.
        reader_waits_for_marketo: The reader itself calls Marketo.
        is_closing: The run ends.
    """

    changed: threading.Condition = field(default_factory=threading.Condition)
    jobs: JobTable = field(default_factory=JobTable)
    past_exports: PastExports = field(default_factory=PastExports)
    abandoned: list[JobState] = field(default_factory=list)
    persisted_ids: set[str] = field(default_factory=set)
    awaited: int | None = None
    enqueues_without_state: bool = False
    reader_waits_for_marketo: bool = False
    is_closing: bool = False

    def outcome(self, number: int) -> VerifiedFile | BaseException | None:
        """Return the verified file of a job, or the reason why there will be no file.

        None while neither is certain.
        """
        state = self.jobs.find(number)
        if state is None:
            return self.jobs.error_for_planned_jobs
        return state.file or state.error

    def unpersisted_jobs(self) -> list[JobState]:
        """Return the jobs that cost quota, or will, and are in no STATE yet."""
        return [
            state
            for state in self.jobs.begun()
            if state.stage in _STAGES_WITH_JOB and state.export_id not in self.persisted_ids
        ]

    def mark_persisted(self, export_id: str) -> None:
        """Record that a job's id is in STATE."""
        self.persisted_ids.add(export_id)
        self.enqueues_without_state = False
        self.changed.notify_all()

    def release_removed(self, states: Iterable[JobState]) -> None:
        """Close the files of removed jobs, and have the worker look after what still runs."""
        for state in states:
            self.abandoned.append(state)
            if state.file:
                state.file.content.close()
        self.changed.notify_all()
