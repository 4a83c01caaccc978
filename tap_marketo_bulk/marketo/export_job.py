"""An export job as Marketo reports it.

Marketo's names (``exportId``) become ours (``export_id``) here and nowhere else.
Sources: Adobe, "Bulk Extract", "Bulk Lead Extract" and "Bulk Activity Extract".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.instants import parse_instant
from tap_marketo_bulk.marketo.server_text import clean_line, without_control_characters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_CHECKSUM = re.compile(r"sha256:([0-9a-f]{64})", re.IGNORECASE)
# The longest text of a job that is kept, ``errorMsg`` for example.
_MAX_TEXT_CHARACTERS = 1000


class JobStatus(StrEnum):
    """The status of a job."""

    CREATED = "created"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the status does not change any more."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

    @property
    def is_in_queue(self) -> bool:
        """Whether the job uses one of the ten places in the subscription's queue."""
        return self in (JobStatus.QUEUED, JobStatus.PROCESSING)


@dataclass(frozen=True)
class ExportJob:
    """A job as Marketo reported it last.

    Attributes:
        records: Rows in the file; None until Marketo reports it.
        size: Bytes of the file; None until Marketo reports it.
        sha256: Hex digest of the file in lower case; None until Marketo reports it.
        created_at, queued_at, started_at, finished_at: In Marketo's format, or None.
        error: Marketo's message about a failed job.
    """

    export_id: str
    status: JobStatus
    format: str | None = None
    records: int | None = None
    size: int | None = None
    sha256: str | None = None
    created_at: str | None = None
    queued_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    error: str | None = None

    @property
    def created(self) -> datetime | None:
        """When the job was created; None where Marketo reports no valid instant."""
        return _instant(self.created_at)

    @property
    def queued(self) -> datetime | None:
        """When the job was enqueued; None where Marketo reports no valid instant."""
        return _instant(self.queued_at)

    @property
    def finished(self) -> datetime | None:
        """When the job ended; None where Marketo reports no valid instant."""
        return _instant(self.finished_at)

    @property
    def is_verifiable(self) -> bool:
        """Whether Marketo reported the size, checksum and row count to verify the file with."""
        return None not in (self.records, self.size, self.sha256)


def parse_only_job(envelope: Mapping[str, object]) -> ExportJob:
    """Return the job of a response about one job.

    Raises:
        InvalidResponseError: ``result`` is not one valid job.
    """
    result = envelope.get("result")
    if not isinstance(result, list) or len(result) != 1:
        raise InvalidResponseError(
            "Marketo's response about an export job does not contain exactly one job"
        )
    return parse_job(result[0])


def parse_job(entry: object) -> ExportJob:
    """Return the job that one entry of ``result`` describes.

    Raises:
        InvalidResponseError: It has no id, or an unknown status.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("exportId"), str):
        raise InvalidResponseError("Marketo's response about an export job has no exportId")
    return ExportJob(
        export_id=without_control_characters(entry["exportId"]),
        status=_status(entry.get("status")),
        format=_text(entry.get("format")),
        records=_count(entry.get("numberOfRecords")),
        size=_count(entry.get("fileSize")),
        sha256=_sha256(entry.get("fileChecksum")),
        created_at=_text(entry.get("createdAt")),
        queued_at=_text(entry.get("queuedAt")),
        started_at=_text(entry.get("startedAt")),
        finished_at=_text(entry.get("finishedAt")),
        error=_text(entry.get("errorMsg")),
    )


def _status(value: object) -> JobStatus:
    text = clean_line(value)
    try:
        # Both "Canceled" and "Cancelled" were seen.
        return JobStatus(text.casefold().replace("canceled", "cancelled"))
    except ValueError:
        raise InvalidResponseError(
            f"Marketo reports an export job with the unknown status {text[:40]!r}"
        ) from None


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text or "")
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return None if value is None else clean_line(value)[:_MAX_TEXT_CHARACTERS]


def _sha256(checksum: object) -> str | None:
    found = _CHECKSUM.fullmatch(str(checksum))
    return found[1].lower() if found else None


def _count(number: object) -> int | None:
    # Python counts booleans as integers.
    if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
        return number
    return None
