"""The steps in the life of an export job: each makes its calls and returns the next state.

A step makes each call once: a longer pause is a due time in the job's state. A step that raises
leaves the job in the state it was in.
"""

from __future__ import annotations

import logging
import random
import tempfile
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    ApiError,
    CallQuotaError,
    CorruptFileError,
    CredentialsError,
    ExportQuotaError,
    FileNotReadyError,
    InvalidResponseError,
    MarketoBulkError,
    QueueFullError,
    SpoolError,
    UnknownFieldsError,
)
from tap_marketo_bulk.exports.job import (
    MAX_ATTEMPTS,
    MAX_INVALID_RESPONSES,
    NOT_FOUND_CODES,
    JobStage,
    can_be_verified,
    ended_without_file,
    export_failed_error,
    export_timeout_error,
    is_expired,
    outcome_text,
    request_without_unknown_fields,
    unverifiable_file_error,
)
from tap_marketo_bulk.exports.lost_jobs import with_tag
from tap_marketo_bulk.exports.progress import submitted_message
from tap_marketo_bulk.marketo.download import download_verified
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tap_marketo_bulk.exports.job import JobPolicy, JobState
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk.exports")


class JobSteps:
    """The calls for one job after the other, which the ``policy`` treats alike."""

    def __init__(
        self,
        exports: Exports,
        policy: JobPolicy,
        clock: Clock,
        title_of: Callable[[ExportTask], str] = str,
    ) -> None:
        self._exports = exports
        self.policy = policy
        self._clock = clock
        self._tags_jobs = policy.tags_jobs
        self._title_of = title_of

    def create(self, state: JobState, unknown_fields: Collection[str]) -> JobState:
        """Create the job, without the fields that Marketo does not know.

        ``unknown_fields`` are those of which this is known already.
        """
        request = state.task.request.without(tuple(unknown_fields))
        while True:
            tagged = with_tag(state.task, request) if self._tags_jobs else request
            try:
                job = self._exports.create(tagged)
            except UnknownFieldsError as error:
                extra_fields = self.policy.extra_lead_fields
                request = request_without_unknown_fields(state, request, error, extra_fields)
            except ApiError as error:
                is_about_body = type(error) is ApiError and error.http_status == HTTPStatus.OK
                if not is_about_body or tagged == request:
                    raise
                # Nobody has established that every subscription accepts other headers.
                logger.debug("Creating jobs without a tag from now on: %s", error)
                self._tags_jobs = False
            else:
                break
        return self._log(state.with_new_job(job, tagged, self._now), "created")

    def enqueue(self, state: JobState) -> JobState:
        """Have Marketo process the job; where the queue is full, try again later."""
        try:
            self._exports.enqueue(state.request.object_path, state.export_id)
        except QueueFullError as error:
            return self._after_full_queue(state, error)
        except ExportQuotaError:
            # The job may be in the queue: the response to an earlier call may have been lost.
            job = self._status(state)
            if job is None or job.status is JobStatus.CREATED:
                raise
        except ApiError:
            if self._status(state) is not None:
                raise
            return self._after_end_without_file(state, None)
        self._log_submitted(state, "of an earlier run queued" if state.is_resumed else "queued")
        return self._in_queue(state, state.job)

    def poll(self, state: JobState) -> JobState:
        """Check the job's status, and whether it takes too long."""
        try:
            job = self._status(state)
            if job is None or ended_without_file(job):
                return self._after_end_without_file(state, job)
            if job.status is JobStatus.COMPLETED:
                return self._after_completion(state, job)
        except InvalidResponseError as error:
            return self._after_invalid_response(state, error)
        if self._seconds_since(state) > self.policy.job_timeout_seconds:
            self._stop_overdue(state, job)
        return replace(state, job=job, due=self._next_poll, failed_calls=0)

    def check_earlier_job(self, state: JobState) -> JobState:
        """Find out the status of a job that an earlier run created, and continue from there."""
        try:
            job = self._status(state)
            if job is None or ended_without_file(job) or is_expired(job, self._clock.now()):
                if job and job.status.is_in_queue:
                    # After a week in the queue it would only keep other jobs waiting.
                    with suppress(MarketoBulkError):
                        self.cancel(state)
                return self._replace_job(state, f"of an earlier run is {outcome_text(job)}")
            if job.status is JobStatus.CREATED:
                return state.with_stage(JobStage.CREATED, job, self._now)
            self._log_submitted(state, f"of an earlier run resumed, {job.status}")
            if job.status is JobStatus.COMPLETED:
                return self._after_completion(state, job)
        except InvalidResponseError as error:
            return self._after_invalid_response(state, error)
        return self._in_queue(state, job)

    def download(self, state: JobState, between_chunks: Callable[[], None]) -> JobState:
        """Download the file of a completed job and verify it.

        ``between_chunks`` is called after each chunk of the file.
        """
        job = state.job or ExportJob(state.export_id, JobStatus.COMPLETED, records=0)
        content = _temporary_file()
        try:
            if job.records or job.size:
                self._download_to(content, state, job, between_chunks)
            content.seek(0)
        except BaseException as error:
            with suppress(OSError):
                # Closing writes what a full disk did not take once more.
                content.close()
            if not isinstance(error, CorruptFileError | FileNotReadyError) or not state.is_resumed:
                raise
            # An earlier run could not use the job either: do not try it for seven days.
            return self._replace_job(state, "of an earlier run has no file that can be verified")
        event = f"verified: {job.records} records"
        return self._log(state.with_file(job, content), event)

    def cancel(self, state: JobState) -> None:
        """Cancel the job."""
        self._exports.cancel(state.request.object_path, state.export_id)
        self._log(state, "cancelled", logging.INFO)

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    @property
    def _next_poll(self) -> float:
        return self._now + self.policy.poll_seconds

    def _seconds_since(self, state: JobState) -> float:
        return self._now - state.since

    def _in_queue(self, state: JobState, job: ExportJob | None) -> JobState:
        queued = job or ExportJob(state.export_id, JobStatus.QUEUED)
        return state.with_stage(JobStage.IN_QUEUE, queued, self._now, self.policy.poll_seconds)

    def _log(self, state: JobState, event: str, level: int = logging.DEBUG) -> JobState:
        """Log with the whole id; at INFO there is only what people have to know."""
        title = self._title_of(state.task)
        arguments = (title, state.export_id, event, self._seconds_since(state))
        logger.log(level, "%s: export %s %s (%.0f s).", *arguments)
        return state

    def _log_submitted(self, state: JobState, event: str) -> None:
        title = self._title_of(state.task)
        logger.info("%s", submitted_message(title, state.export_id, event))

    def _status(self, state: JobState) -> ExportJob | None:
        """Return the job, or None where Marketo does not know it."""
        try:
            return self._exports.status(state.request.object_path, state.export_id)
        except (AccessDeniedError, CallQuotaError, CredentialsError):
            raise
        except ApiError as error:
            if error.code not in NOT_FOUND_CODES:
                # The job may run all the same, and another one would be paid for too.
                raise InvalidResponseError(str(error)) from error
            logger.warning("%s", error)
            return None

    def _after_senseless_response(self, state: JobState) -> JobState:
        return replace(state, invalid_responses=state.invalid_responses + 1, due=self._next_poll)

    def _after_full_queue(self, state: JobState, error: QueueFullError) -> JobState:
        # Clients that wait for a place must not all try again at the same moment.
        pause = self.policy.poll_seconds * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        since = self._now if state.queue_full_since is None else state.queue_full_since
        state = replace(state, due=self._now + pause, queue_full_since=since)
        if self._now - since > self.policy.job_timeout_seconds:
            raise error
        return self._log(state, f"waits {pause:.0f} s for a place in the queue ({error.reason})")

    def _after_invalid_response(self, state: JobState, error: InvalidResponseError) -> JobState:
        state = self._after_senseless_response(state)
        if state.invalid_responses >= MAX_INVALID_RESPONSES:
            error.attempts = state.invalid_responses
            raise error
        logger.warning("%s Trying again in %.0f s.", error, self.policy.poll_seconds)
        return state

    def _after_completion(self, state: JobState, job: ExportJob) -> JobState:
        """Accept a completed job if its description is enough to verify its file with."""
        if can_be_verified(job):
            event = f"completed with {job.records} records in {job.size} bytes"
            completed = replace(state, stage=JobStage.COMPLETED, job=job, due=self._now)
            return self._log(replace(completed, failed_calls=0), event)
        state = self._after_senseless_response(state)
        if state.invalid_responses < MAX_INVALID_RESPONSES:
            event = "completed, but its size, checksum or number of records is still missing"
            return self._log(state, event, logging.INFO)
        if state.is_resumed:
            return self._replace_job(state, "of an earlier run cannot be verified")
        raise unverifiable_file_error(state, job)

    def _after_end_without_file(self, state: JobState, job: ExportJob | None) -> JobState:
        """Replace a job that ended without a file, up to a number of attempts.

        Raises:
            ExportQuotaError: Marketo ended it, since the quota was used up while it was processed.
        """
        if job and job.quota_error:
            raise job.quota_error
        if state.attempts < MAX_ATTEMPTS:
            return self._replace_job(state, f"ended {outcome_text(job)}")
        raise export_failed_error(state, job)

    def _replace_job(self, state: JobState, event: str) -> JobState:
        self._log(state, f"{event}; creating another job", logging.INFO)
        return state.with_stage(JobStage.PLANNED, None, self._now)

    def _stop_overdue(self, state: JobState, job: ExportJob) -> None:
        """Cancel a job that takes too long; always raises ``ExportTimeoutError``."""
        error = export_timeout_error(state, job, self._seconds_since(state))
        with suppress(MarketoBulkError):
            self.cancel(state)
        raise error

    def _download_to(
        self,
        content: BinaryIO,
        state: JobState,
        job: ExportJob,
        between_chunks: Callable[[], None],
    ) -> None:
        open_at = partial(self._exports.open_file, state.request.object_path, job.export_id)
        size, sha256 = job.size or 0, job.sha256 or ""
        try:
            download_verified(
                open_at,
                content,
                self._clock,
                size=size,
                sha256=sha256,
                between_chunks=between_chunks,
            )
        except (AccessDeniedError, CallQuotaError, CredentialsError, ExportQuotaError):
            raise
        except ApiError as error:
            if error.http_status != HTTPStatus.OK:
                raise
            # The next run could not use a completed job without a file either.
            raise FileNotReadyError(str(error)) from error


def _temporary_file() -> BinaryIO:
    """Return a file without a name: however the process ends, the disk space is freed."""
    try:
        return tempfile.TemporaryFile(prefix="tap-marketo-bulk-")
    except OSError as error:
        message = (
            f"No temporary file can be created ({error.strerror}). Set TMPDIR to a writable "
            "folder; no data is lost, run again."
        )
        raise SpoolError(message) from error
