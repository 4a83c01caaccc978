"""Orders in, proven files out, in order."""

from __future__ import annotations

import logging
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import ExportFailedError, ExportTimeoutError, MarketoBulkError
from tap_marketo_bulk.marketo.download import download
from tap_marketo_bulk.marketo.exports import ExportJob, ExportRequest, Exports, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.extract.windows import Window

logger = logging.getLogger("tap-marketo-bulk.pipeline")

# A job that Marketo fails, or that somebody cancels, is asked for this often.
JOB_TRIES = 3


@dataclass(frozen=True)
class Order:
    """One window of one stream, to be exported."""

    stream: str
    window: Window
    request: ExportRequest


@dataclass(frozen=True)
class ProvenFile:
    """A file with the size and checksum its job promised, at its beginning."""

    order: Order
    job: ExportJob
    content: BinaryIO


class Pipeline:
    """Turns orders into proven files."""

    def __init__(
        self, exports: Exports, clock: Clock, *, poll_seconds: float, job_timeout_seconds: float
    ) -> None:
        """Make no call yet."""
        self._exports = exports
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._job_timeout_seconds = job_timeout_seconds

    def files(self, orders: Iterable[Order]) -> Iterator[ProvenFile]:
        """Yield one proven file per order, in order."""
        for order in orders:
            with tempfile.TemporaryFile(prefix="tap-marketo-bulk-") as content:
                job = self._completed(order)
                if job.records:
                    open_at = partial(self._exports.open_file, order.request.object, job.export_id)
                    download(
                        open_at, content, self._clock, size=job.size or 0, sha256=job.sha256 or ""
                    )
                content.seek(0)
                yield ProvenFile(order, job, content)

    def _completed(self, order: Order) -> ExportJob:
        for _ in range(JOB_TRIES):
            job = self._exports.create(order.request)
            logger.info("%s %s: export %s created", order.stream, order.window, job.export_id)
            try:
                self._exports.enqueue(order.request.object, job.export_id)
                job = self._finished(order, job.export_id)
            except BaseException:
                with suppress(MarketoBulkError):
                    self._exports.cancel(order.request.object, job.export_id)
                raise
            if job.status is Status.COMPLETED:
                return job
        message = f"Export {job.export_id} {job.status}: {job.error}"
        raise ExportFailedError(message)

    def _finished(self, order: Order, export_id: str) -> ExportJob:
        started = self._clock.monotonic()
        while self._clock.monotonic() - started < self._job_timeout_seconds:
            self._clock.sleep(self._poll_seconds)
            job = self._exports.status(order.request.object, export_id)
            if job.status.is_terminal:
                return job
        message = f"Export {export_id} was not finished in time"
        raise ExportTimeoutError(message)
