"""Jobs that an earlier run created and STATE does not have, found by a tag in their files.

A target emits a STATE message later than it receives it. If tap and target end together, the ids
of the latest jobs are lost. The jobs are still in Marketo's job list, which returns no filters. So
the header of a file's first column holds what the job was created for, in letters, digits and
underscores::

    id__20260101T000000Z_20260201T000000Z_20260301T000000Z_a1b2c3d4e5f60718_0

That is the field, the window's start and end, the horizon of the run that created the job, the
digest of the request as the catalog asked for it, and the number of its fields that Marketo did
not know.
"""

from __future__ import annotations

import csv
import io
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import ApiError, TransientError
from tap_marketo_bulk.exports.job import is_expired
from tap_marketo_bulk.exports.progress import LoggedProgress
from tap_marketo_bulk.marketo.download import download_beginning
from tap_marketo_bulk.marketo.exports import JobStatus
from tap_marketo_bulk.plan.state_format import UnfinishedJob
from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.texts import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from tap_marketo_bulk.exports.job import JobPolicy
    from tap_marketo_bulk.exports.loop import ExportLoop
    from tap_marketo_bulk.marketo.exports import ExportJob, ExportRequest, Exports
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.plan.state_format import StreamState
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.exports")
_INSTANT = r"(\d{8}T\d{6}Z)"
_TAG = re.compile(
    rf"(?<!\w)(\w+?)__{_INSTANT}_{_INSTANT}_{_INSTANT}_([0-9a-f]{{16}})_(\d+)(?!\w)", re.ASCII
)
_NOT_IN_TAGS = re.compile(r"\W", re.ASCII)
_FORMAT = "%Y%m%dT%H%M%SZ"
# Marketo's clock can be behind this one by so much.
_CLOCK_TOLERANCE = timedelta(seconds=5)
# The longest tag is shorter: names of fields have up to 255 characters.
TAG_BYTES = 512


@dataclass(frozen=True)
class JobTag:
    """What a job's file says that the job was created for.

    Attributes:
        field: The field of the column that has the tag as its header.
        window: The stretch of time that the file covers.
        as_of: The horizon of the run that created the job.
        digest: The digest of the request as the catalog asked for it.
        unknown_fields: The number of its fields that the job lacks.
    """

    field: str
    window: Window
    as_of: datetime
    digest: str
    unknown_fields: int

    def __str__(self) -> str:
        """Return the tag as a header."""
        instants = (self.window.start, self.window.end, self.as_of)
        texts = "_".join(instant.astimezone(UTC).strftime(_FORMAT) for instant in instants)
        return f"{self.field}__{texts}_{self.digest}_{self.unknown_fields}"


def tag_of(task: ExportTask, field: str, unknown_fields: int) -> JobTag:
    """Return the tag of the job of a task whose file begins with ``field``."""
    return JobTag(
        tag_safe_field_name(field), task.window, task.as_of, task.request.digest, unknown_fields
    )


def with_tag(task: ExportTask, request: ExportRequest) -> ExportRequest:
    """Return a request of a task with the job's tag as the header of its first column.

    ``request`` may lack fields of the task's request that Marketo does not know.
    """
    field = request.fields[0]
    unknown_fields = len(task.request.fields) - len(request.fields)
    return request.with_header(field, str(tag_of(task, field, unknown_fields)))


def tag_safe_field_name(field: str) -> str:
    """Return a field's name as it is in tags."""
    return _NOT_IN_TAGS.sub("_", field)


def read_tag(beginning: bytes) -> JobTag | None:
    """Return the tag in the header that a file begins with, None where there is none."""
    header = beginning.partition(b"\n")[0].decode("utf-8", errors="replace")
    found = _TAG.search(header)
    if found is None:
        return None
    field, start, end, horizon, digest, unknown_fields = found.groups()
    try:
        instants = [_parse(text) for text in (start, end, horizon)]
    except ValueError:
        return None
    window = Window(instants[0], instants[1])
    return JobTag(field, window, instants[2], digest, int(unknown_fields))


def _parse(text: str) -> datetime:
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)


# A header with a thousand fields of 255 characters is shorter.
_HEADER_BYTES = 1024 * 1024


@dataclass(frozen=True)
class FoundJob:
    """A job that STATE lacks, with what its tag says.

    Attributes:
        job: As STATE holds an unfinished job.
        created: When Marketo created it.
    """

    job: UnfinishedJob
    created: datetime | None


class LostJobFinder:
    """Finds jobs of earlier runs; makes one list call per object if there are none."""

    def __init__(
        self, exports: Exports, loop: ExportLoop, policy: JobPolicy, clock: Clock, lag: timedelta
    ) -> None:
        """Take what the calls need: steps of ``loop`` are taken during waits.

        ``lag`` is how long before the present this run stops reading.
        """
        self._exports = exports
        self._loop = loop
        self._policy = policy
        self._clock = clock
        self._lag = lag

    def wait_and_find(
        self,
        object_path: str,
        state: StreamState,
        known_ids: Collection[str],
        fields: Sequence[str],
    ) -> list[FoundJob]:
        """Return the completed jobs that STATE lacks and that have a tag.

        Jobs that are still queued or processed are waited for, up to the job timeout: what they
        are for is only known when they have a file.

        Args:
            object_path: The export object.
            state: The state of the stream that owns the jobs.
            known_ids: The ids of the jobs in the states of all streams: another stream can own
                jobs of the same object.
            fields: The fields that the run exports.

        Raises:
            ApiError, TransientError: The job list cannot be read.
        """
        found = []
        for job in self._wait_for_files(object_path, state, known_ids):
            tag = read_tag(self._beginning(object_path, job, TAG_BYTES))
            if tag is None:
                logger.debug("Export %s of %s has no tag; left alone.", job.export_id, object_path)
            elif job.created and job.created - tag.as_of < self._lag - _CLOCK_TOLERANCE:
                # Made by a run with a shorter lag: records that Marketo stores late are missing.
                logger.debug("Export %s was created too early; left alone.", job.export_id)
            else:
                found.append(
                    FoundJob(self._unfinished_job(object_path, job, tag, fields), job.created)
                )
        return found

    def _unfinished_job(
        self, object_path: str, job: ExportJob, tag: JobTag, fields: Sequence[str]
    ) -> UnfinishedJob:
        unknown: tuple[str, ...] = ()
        if tag.unknown_fields:
            header = self._beginning(object_path, job, _HEADER_BYTES)
            unknown = _missing_fields(header, tag, fields)
        return UnfinishedJob(
            job.export_id,
            tag.window,
            tag.digest,
            tag.as_of,
            has_unknown_ids=True,
            unknown_fields=unknown,
        )

    def _wait_for_files(
        self, object_path: str, state: StreamState, known_ids: Collection[str]
    ) -> list[ExportJob]:
        """Return the completed jobs that STATE lacks, once none of them is in the queue."""
        next_message = self._clock.monotonic()
        deadline = next_message + self._policy.job_timeout_seconds
        while True:
            jobs = list(self._lost_jobs(object_path, state, known_ids))
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
            self._loop.sleep(self._policy.poll_seconds)

    def _lost_jobs(
        self, object_path: str, state: StreamState, known_ids: Collection[str]
    ) -> Iterator[ExportJob]:
        """Yield the jobs that can have been created by a run whose STATE was lost."""
        since = state.latest_jobs.created if state.latest_jobs else None
        if since is None and state.replication_key is not None:
            since = state.ledger(state.replication_key).bookmark
        jobs = list(self._exports.list_jobs(object_path))
        self._loop.past_exports.add_list(object_path, jobs)
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


def _missing_fields(beginning: bytes, tag: JobTag, fields: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that a file's header lacks; the tag is the header of one of them."""
    header = beginning.partition(b"\n")[0].decode("utf-8", errors="replace")
    separator = next((each for each in ",\t; " if each in header), ",")
    present = set(next(csv.reader(io.StringIO(header), delimiter=separator), []))
    return tuple(
        name for name in fields if name not in present and tag_safe_field_name(name) != tag.field
    )
