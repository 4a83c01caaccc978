"""Export jobs without a server: a test sets how long each takes and how it ends."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from tap_marketo_bulk.exports.job import JobPolicy, first_state
from tap_marketo_bulk.marketo.exports import ExportJob, ExportRequest, Exports, JobStatus
from tap_marketo_bulk.plan.ledger import ALL
from tap_marketo_bulk.plan.planner import ExportTask
from tap_marketo_bulk.plan.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.exports.job import JobState
    from tap_marketo_bulk.times import Clock

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = JobPolicy(poll_seconds=60, job_timeout_seconds=4 * 3600, max_jobs_in_flight=4)


def task(day: int, stream: str = "leads", **more: Any) -> ExportTask:  # noqa: ANN401 - a task's own
    """Return the export task for one day after ``FIRST_DAY``."""
    start = FIRST_DAY + timedelta(days=day)
    end = start + timedelta(days=1)
    request = ExportRequest(stream, ("id", "city", "zip"), {"createdAt": day})
    return ExportTask(
        stream, Window(start, end), request, {stream: ALL}, end, frozenset({"id"}), **more
    )


def new_job(**more: Any) -> JobState:  # noqa: ANN401 - a task's own
    """Return the first state of the job for the task of day 1."""
    return first_state((0,), task(1, **more), 0.0)


@dataclass
class FileResponse:
    """The response to a request for a whole file."""

    content: bytes
    status: int = 200
    call: str = "GET file"
    headers: dict[str, str] = field(default_factory=dict)

    def iter_chunks(self) -> Iterator[bytes]:
        """Yield the content, a byte at a time."""
        for byte in self.content:
            yield bytes([byte])


@dataclass
class FakeExports:
    """Jobs that are complete ``seconds`` after they are enqueued, 600 by default.

    ``seconds`` and ``ends`` have the number of the day of a job's task as keys.

    Attributes:
        log: The calls in order: the name of each, and the id of the job.
        errors: By the name of a call, the errors that it raises, each once.
        response: If it is set, the description of every job.
        lost: The jobs that the list of jobs has.
        files: The content of a file by the id of its job; by default it is this id.
        ends: The final status of a job, instead of Completed.
        during: Called during each call, with its name.
    """

    clock: Clock
    seconds: dict[int, float] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    errors: dict[str, list[BaseException]] = field(default_factory=lambda: defaultdict(list))
    response: ExportJob | None = None
    ends: dict[int, JobStatus] = field(default_factory=dict)
    during: Callable[[str], object] = lambda _call: None
    lost: list[ExportJob] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    created: dict[str, ExportRequest] = field(default_factory=dict)
    queued: dict[str, float] = field(default_factory=dict)
    peak: int = 0

    @property
    def real(self) -> Exports:
        """This object, typed as the class that it replaces."""
        return cast("Exports", self)

    def create(self, request: ExportRequest) -> ExportJob:
        """Create a job."""
        self.enter("create", "")
        export_id = f"job {len(self.created) + 1}"
        self.created[export_id] = request
        return ExportJob(export_id, JobStatus.CREATED)

    def enqueue(self, object_path: str, export_id: str) -> None:
        """Enqueue a job: its seconds begin."""
        del object_path
        self.enter("enqueue", export_id)
        self.queued[export_id] = self.clock.monotonic()
        self.peak = max(self.peak, sum(not self._is_done(each) for each in self.queued))

    def status(self, object_path: str, export_id: str) -> ExportJob:
        """Return the description of a job."""
        del object_path
        self.enter("status", export_id)
        if self.response:
            return self.response
        if export_id not in self.queued:
            return ExportJob(export_id, JobStatus.CREATED)
        if not self._is_done(export_id):
            return ExportJob(export_id, JobStatus.PROCESSING)
        day = self.created[export_id].filter["createdAt"]
        content = export_id.encode()
        return ExportJob(
            export_id,
            self.ends.get(day, JobStatus.COMPLETED),
            records=1,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def cancel(self, object_path: str, export_id: str) -> None:
        """Log the call."""
        del object_path
        self.enter("cancel", export_id)

    def list_jobs(self, object_path: str) -> Iterator[ExportJob]:
        """Yield the jobs that no test created by a call."""
        self.enter("list", object_path)
        yield from self.lost

    @contextmanager
    def open_file(
        self, object_path: str, export_id: str, offset: int, end: int | None = None
    ) -> Iterator[FileResponse]:
        """Return a file, or the beginning of it."""
        del object_path
        self.enter("file", export_id)
        content = self.files.get(export_id, export_id.encode())
        yield FileResponse(content[offset:] if end is None else content[offset : end + 1])

    def ids(self, call: str) -> list[str]:
        """Return the job ids of the calls with this name, in order."""
        return [export_id for name, export_id in self.log if name == call]

    def enter(self, call: str, export_id: str) -> None:
        """Log a call; raise an error if a test wants it."""
        self.log.append((call, export_id))
        self.during(call)
        if self.errors[call]:
            raise self.errors[call].pop(0)

    def _is_done(self, export_id: str) -> bool:
        day = self.created[export_id].filter["createdAt"]
        return self.clock.monotonic() >= self.queued[export_id] + self.seconds.get(day, 600.0)
