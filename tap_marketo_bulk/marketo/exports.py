"""Export requests, export jobs, and the calls that create, enqueue, poll, list and cancel them.

Marketo's names (``exportId``) become ours (``export_id``) here and nowhere else.
Sources: Adobe, "Bulk Extract", "Bulk Lead Extract" and "Bulk Activity Extract".
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_marketo_bulk.errors import (
    AlreadyQueuedError,
    ApiError,
    ExportQuotaError,
    InvalidResponseError,
    QueueFullError,
)
from tap_marketo_bulk.marketo.limits import JOBS_PER_PAGE
from tap_marketo_bulk.marketo.lists import iter_pages
from tap_marketo_bulk.marketo.responses import export_limit_error, has_result, parsing_response
from tap_marketo_bulk.marketo.transport import MAX_ATTEMPTS
from tap_marketo_bulk.texts import clean_line, without_control_characters
from tap_marketo_bulk.times import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.responses import Envelope, Response


logger = logging.getLogger("tap-marketo-bulk.marketo")
_COUNT = re.compile(r"[0-9]{1,18}")
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
        """When the job was created; None if Marketo reports no valid instant."""
        return _instant(self.created_at)

    @property
    def queued(self) -> datetime | None:
        """When the job was enqueued; None if Marketo reports no valid instant."""
        return _instant(self.queued_at)

    @property
    def started(self) -> datetime | None:
        """When Marketo began to process the job; None where it reports no valid instant."""
        return _instant(self.started_at)

    @property
    def finished(self) -> datetime | None:
        """When the job ended; None if Marketo reports no valid instant."""
        return _instant(self.finished_at)

    @property
    def is_verifiable(self) -> bool:
        """Whether Marketo reported the size, checksum and row count to verify the file with."""
        return None not in (self.records, self.size, self.sha256)

    @property
    def quota_error(self) -> ExportQuotaError | None:
        """The error of a job that Marketo ended because the daily quota is used up; else None."""
        error = export_limit_error(f"export {self.export_id}", "", self.error or "")
        return error if isinstance(error, ExportQuotaError) else None


def parse_only_job(call: str, envelope: Envelope) -> ExportJob:
    """Return the job of a response about one job.

    Raises:
        InvalidResponseError: ``result`` is not one valid job.
    """
    result = envelope["result"]
    if not isinstance(result, list) or len(result) != 1:
        raise InvalidResponseError(f"The response to {call} does not contain exactly one job")
    try:
        return _parse_job(result[0])
    except ValueError as error:
        raise InvalidResponseError(f"The response to {call} has {error}") from None


def _parse_jobs(call: str, envelope: Envelope) -> list[ExportJob]:
    """Return the jobs of a page of the job list; warn about entries that are no valid job."""
    jobs, problems = [], []
    with parsing_response(call):
        entries = iter(envelope.get("result") or [])
    for entry in entries:
        try:
            jobs.append(_parse_job(entry))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        logger.warning("Skipped in the response to %s: %s.", call, ", ".join(problems))
    return jobs


def _parse_job(entry: object) -> ExportJob:
    """Return the job that one entry of ``result`` describes.

    Raises:
        ValueError: It has no id, or an unknown status; the message continues "The response has".
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("exportId"), str):
        raise ValueError("an export job without exportId")  # noqa: TRY004 - one error for all
    export_id = without_control_characters(entry["exportId"])
    return ExportJob(
        export_id=export_id,
        status=_status(export_id, entry.get("status")),
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


def _status(export_id: str, value: object) -> JobStatus:
    text = clean_line(value)
    try:
        # Both "Canceled" and "Cancelled" were seen.
        return JobStatus(text.casefold().replace("canceled", "cancelled"))
    except ValueError:
        raise ValueError(f"export {export_id} with the unknown status {text[:40]!r}") from None


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
    # Python counts booleans as integers. A count as text was seen.
    text = "" if isinstance(number, bool) else str(number)
    return int(text) if _COUNT.fullmatch(text) else None


@dataclass(frozen=True)
class ExportRequest:
    """The definition of a job: the object to export, the fields and the filter.

    Attributes:
        object_path: The export object in paths: ``leads``, ``activities``, ``program/members``.
        fields: REST names, in the order of the file's columns.
        filter: As the body of Marketo's create call has it.
        format: ``CSV``, ``TSV`` or ``SSV``.
        column_header_names: Other headers for some fields.
    """

    object_path: str
    fields: tuple[str, ...]
    filter: Mapping[str, Any]
    format: str = "CSV"
    column_header_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The body of the create call."""
        body = {"fields": list(self.fields), "format": self.format, "filter": dict(self.filter)}
        if self.column_header_names:
            body["columnHeaderNames"] = dict(self.column_header_names)
        return body

    @property
    def digest(self) -> str:
        """A short hash of what is requested, the same in every run; headers do not count."""
        body = replace(self, column_header_names={}).body
        text = json.dumps([self.object_path, body], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def header(self) -> tuple[str, ...]:
        """The header row the file must have."""
        return tuple(self.column_header_names.get(name, name) for name in self.fields)

    def with_header(self, field_name: str, header: str) -> ExportRequest:
        """Return the same request with another header for one field."""
        headers = {**self.column_header_names, field_name: header}
        return replace(self, column_header_names=headers)

    def without(self, fields: Sequence[str]) -> ExportRequest:
        """Return the same request without some fields."""
        headers = self.column_header_names
        return replace(
            self,
            fields=tuple(name for name in self.fields if name not in fields),
            column_header_names={name: headers[name] for name in headers if name not in fields},
        )


class Exports:
    """The export jobs of one API user; every method but ``create`` takes an object path."""

    def __init__(self, client: Client, attempts: int = MAX_ATTEMPTS) -> None:
        """Make each call but ``list_jobs`` at most ``attempts`` times; see ``Client.get``."""
        self._client = client
        self._attempts = attempts

    def create(self, request: ExportRequest) -> ExportJob:
        """Create a job. It uses no quota and no place in the queue until it is enqueued."""
        path = f"/bulk/v1/{request.object_path}/export/create.json"
        envelope = self._client.post(
            path, request.body, attempts=self._attempts, is_complete=has_result
        )
        return parse_only_job(f"POST {path}", envelope)

    def enqueue(self, object_path: str, export_id: str) -> None:
        """Put a created job into the queue.

        Succeeds also if the job is in the queue already, or was: the response to an earlier
        call may have been lost.
        """
        try:
            path = _path(object_path, export_id, "enqueue")
            self._client.post(path, attempts=self._attempts)
        except AlreadyQueuedError:
            return
        except (QueueFullError, ExportQuotaError):
            raise
        except ApiError:
            # The error for a job that was processed meanwhile is not documented.
            if self.status(object_path, export_id).status is JobStatus.CREATED:
                raise

    def status(self, object_path: str, export_id: str) -> ExportJob:
        """Return the job as Marketo reports it. Marketo updates this once a minute."""
        path = _path(object_path, export_id, "status")
        envelope = self._client.get(path, attempts=self._attempts, is_complete=has_result)
        return parse_only_job(f"GET {path}", envelope)

    def cancel(self, object_path: str, export_id: str) -> None:
        """Remove a job from the queue or stop it."""
        self._client.post(_path(object_path, export_id, "cancel"), attempts=self._attempts)

    def list_jobs(self, object_path: str) -> Iterator[ExportJob]:
        """Yield this API user's jobs of the past seven days. Raises also as ``iter_pages``.

        An entry without id, or with an unknown status, is skipped with a warning.
        """
        path = f"/bulk/v1/{object_path}/export.json"
        for page in iter_pages(self._client, path, batchSize=JOBS_PER_PAGE):
            yield from _parse_jobs(f"GET {path}", page)

    @contextmanager
    def open_file(
        self, object_path: str, export_id: str, offset: int, end: int | None = None
    ) -> Iterator[Response]:
        """Request a completed job's file from byte ``offset`` on; raises ``TransientError``.

        Args:
            object_path: The export object.
            export_id: The job.
            offset: The first byte.
            end: The last byte, None for the whole rest. Marketo may send more.
        """
        is_part = offset or end is not None
        headers = {"Range": f"bytes={offset}-{'' if end is None else end}"} if is_part else {}
        with self._client.stream(_path(object_path, export_id, "file"), headers) as response:
            yield response


def _path(object_path: str, export_id: str, call: str) -> str:
    # An id can come from a state file, which can contain any text.
    return f"/bulk/v1/{object_path}/export/{quote(export_id, safe='')}/{call}.json"
