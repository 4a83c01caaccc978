"""What the descriptions and errors of an export job mean: pure decisions, and their messages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import (
    CorruptFileError,
    ExportFailedError,
    ExportTimeoutError,
    UnknownFieldsError,
)
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus
from tap_marketo_bulk.marketo.limits import FILE_LIFE

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from tap_marketo_bulk.extract.job_state import JobState
    from tap_marketo_bulk.marketo.exports import ExportRequest

logger = logging.getLogger("tap-marketo-bulk.exports")

# A job that Marketo fails, or that somebody cancels, is created anew until there were this many.
MAX_ATTEMPTS = 3
# This many responses about a job may make no sense: an unknown status, or a completed job without
# the checksum that its file is verified with.
MAX_INVALID_RESPONSES = 3
# How Marketo may answer that it does not know a job; nobody has established which it is.
NOT_FOUND_CODES = frozenset(("404", "610", "702", "1003", "1013"))


def ended_without_file(job: ExportJob | None) -> bool:
    """Return whether there will be no file; None is a job that Marketo does not know."""
    return job is None or job.status in (JobStatus.FAILED, JobStatus.CANCELLED)


def is_expired(job: ExportJob | None, now: datetime) -> bool:
    """Return whether Marketo has deleted the job's file by now."""
    created = job.created if job else None
    return created is not None and now - created >= FILE_LIFE


def can_be_verified(job: ExportJob) -> bool:
    """Return whether a completed job's description is enough to verify its file with."""
    return job.is_verifiable or (job.records == 0 and not job.size)


def outcome_text(job: ExportJob | None) -> str:
    """Return the end of a job without a file as text."""
    if job is None:
        return "unknown to Marketo"
    return f"{job.status} ({job.error})" if job.error else str(job.status)


def request_without_unknown_fields(
    state: JobState,
    request: ExportRequest,
    error: UnknownFieldsError,
    extra_lead_fields: Collection[str],
) -> ExportRequest:
    """Return the request without fields that Marketo does not know, and warn of it.

    Args:
        state: The planned job.
        request: Its request, without fields that are known to be unknown.
        error: Names the fields.
        extra_lead_fields: The lead fields that a setting names; discovery does not list them.

    Raises:
        UnknownFieldsError: The file needs one of them, or the request has none of them.
    """
    narrower = request.without(error.fields)
    if state.task.required_fields & set(error.fields) or narrower == request:
        raise error
    extra = set(extra_lead_fields if request.object_path == "leads" else ()) & set(error.fields)
    if extra:
        logger.warning(
            "Marketo does not know the field %s, which the setting extra_lead_fields names. Its "
            "column is null; correct the setting, and run discovery again to remove the column.",
            ", ".join(sorted(extra)),
        )
    if removed := [name for name in error.fields if name not in extra]:
        logger.warning(
            "Marketo does not know the field %s of %s. It is null from now on; run discovery again "
            "to remove the column.",
            ", ".join(removed),
            state.task.stream,
        )
    return narrower


def export_failed_error(state: JobState, job: ExportJob | None) -> ExportFailedError:
    """Return the error for a task whose jobs ended without a file, one after the other."""
    return ExportFailedError(
        f"Export {state.export_id} of {state.task} is {outcome_text(job)}, as were the "
        f"{state.attempts - 1} before it. The windows before it are complete; run again, and ask "
        "Marketo Support if it happens again."
    )


def unverifiable_file_error(state: JobState, job: ExportJob) -> CorruptFileError:
    """Return the error for a completed job that lacks what its file is verified with."""
    return CorruptFileError(
        f"Marketo completed export {job.export_id} of {state.task} without its size, checksum and "
        "number of records, so its file cannot be verified. No row of it was used; run again."
    )


def export_timeout_error(state: JobState, job: ExportJob, seconds: float) -> ExportTimeoutError:
    """Return the error for a job that took too long."""
    return ExportTimeoutError(
        f"Export {job.export_id} of {state.task} was still {job.status} after {seconds / 60:.0f} "
        "minutes and was cancelled. The windows before it are complete; run again, with a longer "
        "job_timeout_minutes or a shorter window_days."
    )
