"""Exports of leads: a request, the entry of a completed job, and a job whose file is downloaded."""

from __future__ import annotations

import io
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from tap_marketo_bulk.marketo.download import download_verified
from tap_marketo_bulk.marketo.exports import ExportRequest, Exports
from tap_marketo_bulk.sandbox import Options

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock

FEBRUARY = {"createdAt": {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}}
LEADS = ExportRequest("leads", ("id", "email"), FEBRUARY)
FIELDS = ("id", "email", "createdAt", "updatedAt", "firstName", "lastName", "company")
# The entry of a completed job, in a response of Marketo.
COMPLETED = {
    "exportId": "1",
    "status": "Completed",
    "numberOfRecords": 7,
    "fileSize": 70,
    "fileChecksum": "sha256:" + "ab" * 32,
}


def small(**options: Any) -> pytest.MarkDecorator:  # noqa: ANN401 - any options
    """Give the sandbox of a test few leads and activities, and these options."""
    return pytest.mark.parametrize("options", [Options(leads=20, activities=20, **options)])


class CompletedExport:
    """A completed job of the sandbox.

    Attributes:
        content: The bytes of its file.
    """

    def __init__(self, exports: Exports, clock: TapClock) -> None:
        """Create the job and wait until it is completed."""
        self._exports, self._clock = exports, clock
        self._id = exports.create(ExportRequest("leads", FIELDS, FEBRUARY)).export_id
        exports.enqueue("leads", self._id)
        clock.sleep(60)
        with exports.open_file("leads", self._id, 0) as response:
            self.content = response.read_body()

    def download(self, target: BinaryIO | None = None) -> bytes:
        """Return the bytes that arrive."""
        with target or io.BytesIO() as file:
            download_verified(
                partial(self._exports.open_file, "leads", self._id),
                file,
                self._clock,
                size=len(self.content),
                sha256=sha256(self.content).hexdigest(),
            )
            file.seek(0)
            return file.read()


def count_downloads(sandbox: Sandbox) -> int:
    """Return the number of requests for a file since its ``CompletedExport`` was created."""
    return sum(call.name == "file" for call in sandbox.calls) - 1
