"""What a pipeline yields to the reader: verified files, and events about jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from datetime import datetime

    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.marketo.export_job import ExportJob
    from tap_marketo_bulk.marketo.exports import ExportRequest


@dataclass(frozen=True)
class VerifiedFile:
    """A file with the size and checksum that its job reported, at its beginning.

    Attributes:
        request: The task's request without fields that Marketo does not know.
    """

    task: ExportTask
    request: ExportRequest
    job: ExportJob
    content: BinaryIO


@dataclass(frozen=True)
class JobCreated:
    """A job exists whose id is not in STATE yet; it is not enqueued before it is."""

    task: ExportTask
    export_id: str
    created: datetime | None
    unknown_fields: tuple[str, ...]


@dataclass(frozen=True)
class JobUseless:
    """The job of a task must not be used by the next run."""

    task: ExportTask


Event = VerifiedFile | JobCreated | JobUseless
