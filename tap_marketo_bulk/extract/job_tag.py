"""The tag by which an export job describes itself: a header of its file.

Marketo's job list does not return the filter of a job. So the header of a file's first column
holds what the job was created for, in letters, digits and underscores::

    id__20260101T000000Z_20260201T000000Z_20260301T000000Z_a1b2c3d4e5f60718_0

That is the field, the window's start and end, the horizon of the run that created the job, the
digest of the request as the catalog asked for it, and the number of its fields that Marketo did
not know. A run that has lost its state finds its jobs by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.windows import Window

if TYPE_CHECKING:
    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.marketo.exports import ExportRequest

_INSTANT = r"(\d{8}T\d{6}Z)"
_TAG = re.compile(
    rf"(?<!\w)(\w+?)__{_INSTANT}_{_INSTANT}_{_INSTANT}_([0-9a-f]{{16}})_(\d+)(?!\w)", re.ASCII
)
_NOT_IN_TAGS = re.compile(r"\W", re.ASCII)
_FORMAT = "%Y%m%dT%H%M%SZ"
# The longest tag of a field name of 60 characters is shorter.
TAG_BYTES = 256


@dataclass(frozen=True)
class JobTag:
    """What a job's file says that the job was created for.

    Attributes:
        field: The field of the column that has the tag as its header.
        window: The stretch of time that the file covers.
        horizon: The horizon of the run that created the job.
        digest: The digest of the request as the catalog asked for it.
        unknown_fields: The number of its fields that the job lacks.
    """

    field: str
    window: Window
    horizon: datetime
    digest: str
    unknown_fields: int

    def __str__(self) -> str:
        """Return the tag as a header."""
        instants = (self.window.start, self.window.end, self.horizon)
        texts = "_".join(instant.astimezone(UTC).strftime(_FORMAT) for instant in instants)
        return f"{self.field}__{texts}_{self.digest}_{self.unknown_fields}"


def tag_of(task: ExportTask, field: str, unknown_fields: int) -> JobTag:
    """Return the tag of the job of a task whose file begins with ``field``."""
    return JobTag(
        tag_safe_field_name(field), task.window, task.horizon, task.request.digest, unknown_fields
    )


def with_tag(task: ExportTask, request: ExportRequest) -> ExportRequest:
    """Return a request of a task with the job's tag as the header of its first column.

    Args:
        task: The task.
        request: Its request, which may lack fields that Marketo does not know.
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
