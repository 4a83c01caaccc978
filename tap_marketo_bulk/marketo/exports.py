"""Bulk export jobs: what is asked for, what Marketo says of it, and the calls of its life.

Marketo's spelling (``exportId``) becomes ours (``export_id``) here and nowhere else.
Sources: Adobe, "Bulk Lead Extract" and "Bulk Activity Extract".
"""

from __future__ import annotations

import hashlib
import json
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
from tap_marketo_bulk.marketo.envelope import understanding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_marketo_bulk.marketo.answer import Answer
    from tap_marketo_bulk.marketo.client import Client

# Adobe: no more than 300 jobs on a page.
LIST_PAGE = 300
_CHECKSUM = re.compile(r"sha256:([0-9a-f]{64})", re.IGNORECASE)


class JobStatus(StrEnum):
    """Where a job is in its life."""

    CREATED = "created"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Tell whether the job will not change any more."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

    @property
    def is_in_queue(self) -> bool:
        """Tell whether the job takes one of the subscription's ten places."""
        return self in (JobStatus.QUEUED, JobStatus.PROCESSING)


@dataclass(frozen=True)
class ExportRequest:
    """What a job is asked to export.

    Attributes:
        object: ``leads`` or ``activities``.
        fields: REST names, in the order of the file's columns.
        filter: As Marketo's create body has it.
        format: ``CSV``, ``TSV`` or ``SSV``.
        column_header_names: Another header for some fields; the tap itself never asks for it.
    """

    object: str
    fields: tuple[str, ...]
    filter: Mapping[str, Any]
    format: str = "CSV"
    column_header_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The create call's body."""
        body = {"fields": list(self.fields), "format": self.format, "filter": dict(self.filter)}
        if self.column_header_names:
            body["columnHeaderNames"] = dict(self.column_header_names)
        return body

    @property
    def digest(self) -> str:
        """A short name for exactly this request, the same in every run."""
        text = json.dumps([self.object, self.body], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def header(self) -> tuple[str, ...]:
        """The header row the file must have."""
        return tuple(self.column_header_names.get(name, name) for name in self.fields)

    def without(self, fields: Sequence[str]) -> ExportRequest:
        """Return the same request without some fields."""
        headers = self.column_header_names
        return replace(
            self,
            fields=tuple(name for name in self.fields if name not in fields),
            column_header_names={name: headers[name] for name in headers if name not in fields},
        )


@dataclass(frozen=True)
class ExportJob:
    """What Marketo last said of a job.

    Attributes:
        records: Rows in the file; None until Marketo says so.
        size: Bytes of the file; None until Marketo says so.
        sha256: Hex digest of the file in lower case; None until Marketo says so.
        created_at, queued_at, started_at, finished_at: As Marketo wrote them, or None.
        error: Marketo's words on a failed job.
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
    def is_verifiable(self) -> bool:
        """Tell whether Marketo said all that a finished file is proven by."""
        return None not in (self.records, self.size, self.sha256)


class Exports:
    """The export jobs of one subscription, as its API user sees them."""

    def __init__(self, client: Client) -> None:
        """Make no call yet."""
        self._client = client

    def create(self, request: ExportRequest) -> ExportJob:
        """Define a job. It costs nothing and takes no place in the queue until enqueued."""
        path = f"/bulk/v1/{request.object}/export/create.json"
        return _only_job(self._client.post(path, request.body))

    def enqueue(self, kind: str, export_id: str) -> None:
        """Have a created job processed.

        Enqueuing twice is no error: a call whose answer was lost may have worked.
        """
        try:
            self._client.post(_path(kind, export_id, "enqueue"))
        except AlreadyQueuedError:
            return
        except (QueueFullError, ExportQuotaError):
            raise
        except ApiError:
            # How Marketo refuses a job that has left the queue by now, nobody has seen.
            if self.status(kind, export_id).status is JobStatus.CREATED:
                raise

    def status(self, kind: str, export_id: str) -> ExportJob:
        """Ask how a job is doing. Marketo updates this once a minute."""
        return _only_job(self._client.get(_path(kind, export_id, "status")))

    def cancel(self, kind: str, export_id: str) -> None:
        """Take a job out of the queue or stop it."""
        self._client.post(_path(kind, export_id, "cancel"))

    def list(self, kind: str) -> Iterator[ExportJob]:
        """Yield this API user's jobs of the past seven days."""
        query: dict[str, str | int] = {"batchSize": LIST_PAGE}
        while True:
            path = f"/bulk/v1/{kind}/export.json"
            page = self._client.get(path, **query)
            with understanding(f"GET {path}"):
                jobs = [_job(entry) for entry in page.get("result") or []]
            yield from jobs
            if not page.get("nextPageToken"):
                return
            query["nextPageToken"] = page["nextPageToken"]

    @contextmanager
    def open_file(self, kind: str, export_id: str, offset: int) -> Iterator[Answer]:
        """Start reading a completed job's file at byte ``offset``; raises ``TransientError``."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._client.open(_path(kind, export_id, "file"), headers) as answer:
            yield answer


def _path(kind: str, export_id: str, call: str) -> str:
    # An id can come from a state file, where anything may stand.
    return f"/bulk/v1/{kind}/export/{quote(export_id, safe='')}/{call}.json"


def _only_job(envelope: Mapping[str, Any]) -> ExportJob:
    result = envelope.get("result")
    if not isinstance(result, list) or len(result) != 1:
        message = "Marketo's answer about an export job does not name exactly one job"
        raise InvalidResponseError(message)
    return _job(result[0])


def _job(entry: object) -> ExportJob:
    """Translate one entry of ``result``.

    Raises:
        InvalidResponseError: It has no id, or an unknown status.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("exportId"), str):
        message = "Marketo's answer about an export job has no exportId"
        raise InvalidResponseError(message)
    return ExportJob(
        export_id=entry["exportId"],
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


def _status(word: object) -> JobStatus:
    # Both "Canceled" and "Cancelled" were seen.
    folded = str(word).casefold().replace("canceled", "cancelled")
    try:
        return JobStatus(folded)
    except ValueError:
        message = f"Marketo reports an export job in the unknown status {str(word)[:40]!r}"
        raise InvalidResponseError(message) from None


def _text(words: object) -> str | None:
    return None if words is None else str(words)


def _sha256(checksum: object) -> str | None:
    found = _CHECKSUM.fullmatch(str(checksum))
    return found[1].lower() if found else None


def _count(number: object) -> int | None:
    # Never a boolean, although Python counts those as integers.
    if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
        return number
    return None
