"""Jobs that an earlier run created and STATE does not have, found by their tags.

A target emits a STATE message later than it receives it. If tap and target end together, the ids
of the latest jobs are lost. The jobs are still in Marketo's job list, which returns no filters; see
``job_tag`` for how a job describes itself.
"""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import ApiError, TransientError
from tap_marketo_bulk.extract.job_rules import is_expired
from tap_marketo_bulk.extract.job_tag import TAG_BYTES, read_tag, tag_safe_field_name
from tap_marketo_bulk.extract.progress import LoggedProgress
from tap_marketo_bulk.extract.quantities import count
from tap_marketo_bulk.extract.stream_state import UnfinishedExport
from tap_marketo_bulk.marketo.download import download_beginning
from tap_marketo_bulk.marketo.export_job import JobStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.job_tag import JobTag
    from tap_marketo_bulk.extract.past_exports import PastExports
    from tap_marketo_bulk.extract.stream_state import StreamState
    from tap_marketo_bulk.extract.tasks import ExportTask, JobPolicy
    from tap_marketo_bulk.marketo.export_job import ExportJob
    from tap_marketo_bulk.marketo.exports import Exports

logger = logging.getLogger("tap-marketo-bulk.exports")

# The header of a file with a thousand fields is shorter.
_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True)
class FoundJob:
    """A job that STATE lacks, with what its tag says.

    Attributes:
        export: As STATE holds an unfinished job.
        created: When Marketo created the job.
    """

    export: UnfinishedExport
    created: datetime | None


class UnknownJobFinder:
    """Finds jobs of earlier runs; makes one list call per object where there are none."""

    def __init__(
        self, exports: Exports, policy: JobPolicy, clock: Clock, past_exports: PastExports
    ) -> None:
        """Make no call yet.

        Args:
            exports: Marketo's export jobs.
            policy: How jobs are treated.
            clock: The time in which Marketo is waited for.
            past_exports: Gets the jobs of every list that is read.
        """
        self._exports = exports
        self._policy = policy
        self._clock = clock
        self._past_exports = past_exports

    def wait_and_find_all(
        self,
        object_path: str,
        state: StreamState,
        tasks: Sequence[ExportTask],
        known_ids: Collection[str],
    ) -> list[FoundJob]:
        """Return the completed jobs that STATE lacks and that have a tag.

        Jobs that are still queued or processed are waited for, up to the job timeout: what they
        are for is only known when they have a file.

        Args:
            object_path: The export object.
            state: The state of the stream that owns the jobs.
            tasks: What the run has to export. Nothing is asked where each has a job already.
            known_ids: The ids of the jobs in the states of all streams: another stream can own
                jobs of the same object.

        Raises:
            ApiError, TransientError: The job list cannot be read.
        """
        if all(task.export_id for task in tasks):
            return []
        jobs = self._wait_for_files(object_path, state, known_ids)
        # The requests of all windows have the same fields, except for activities, whose fields
        # always exist.
        fields = tasks[0].request.fields
        recovered = []
        for job in jobs:
            beginning = self._beginning(object_path, job, TAG_BYTES)
            tag = read_tag(beginning)
            if tag is None:
                logger.debug("Export %s of %s has no tag; left alone.", job.export_id, object_path)
                continue
            unknown: tuple[str, ...] = ()
            if tag.unknown_fields:
                header = self._beginning(object_path, job, _HEADER_BYTES)
                unknown = _missing_fields(header, tag, fields)
            recovered.append(FoundJob(_unfinished(job, tag, unknown), job.created))
        return recovered

    def _wait_for_files(
        self, object_path: str, state: StreamState, known_ids: Collection[str]
    ) -> list[ExportJob]:
        """Return the completed jobs that STATE lacks, once none of them is in the queue."""
        next_message = self._clock.monotonic()
        deadline = next_message + self._policy.job_timeout_seconds
        while True:
            jobs = list(self._unknown_jobs(object_path, state, known_ids))
            in_queue = sum(job.status.is_in_queue for job in jobs)
            if not in_queue or self._clock.monotonic() >= deadline:
                return [job for job in jobs if job.status is JobStatus.COMPLETED and job.size]
            if self._clock.monotonic() >= next_message:
                next_message = self._clock.monotonic() + LoggedProgress.interval_seconds
                logger.info(
                    "Waiting for %s of %s that the state does not have; an earlier run may have "
                    "created them.",
                    count(in_queue, "export job"),
                    object_path,
                )
            self._clock.sleep(self._policy.poll_seconds)

    def _unknown_jobs(
        self, object_path: str, state: StreamState, known_ids: Collection[str]
    ) -> Iterator[ExportJob]:
        """Yield the jobs that can have been created by a run whose STATE was lost."""
        latest = state.last_persisted_jobs
        since = latest.created if latest else state.bookmark
        jobs = list(self._exports.list_jobs(object_path))
        self._past_exports.add_list(object_path, jobs)
        for job in jobs:
            is_later = since is None or job.created is None or job.created >= since
            if (
                job.export_id not in known_ids
                and is_later
                and not is_expired(job, self._clock.now())
            ):
                yield job

    def _beginning(self, object_path: str, job: ExportJob, size: int) -> bytes:
        open_file = partial(
            self._exports.open_file, object_path, job.export_id, offset=0, end=size - 1
        )
        try:
            return download_beginning(open_file, self._clock, size)
        except (ApiError, TransientError) as error:
            logger.debug("The file of export %s cannot be read: %s", job.export_id, error)
            return b""


def _unfinished(job: ExportJob, tag: JobTag, unknown: tuple[str, ...]) -> UnfinishedExport:
    return UnfinishedExport(job.export_id, tag.window, tag.digest, tag.horizon, unknown)


def _missing_fields(beginning: bytes, tag: JobTag, fields: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that a file's header lacks; the tag is the header of one of them."""
    header = beginning.partition(b"\n")[0].decode("utf-8", errors="replace")
    separator = next((each for each in ",\t; " if each in header), ",")
    present = set(next(csv.reader(io.StringIO(header), delimiter=separator), []))
    return tuple(
        name for name in fields if name not in present and tag_safe_field_name(name) != tag.field
    )
