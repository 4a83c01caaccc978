"""What a stream asks of the pipeline, and on which terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.marketo.exports import ExportRequest


@dataclass(frozen=True)
class Order:
    """One window of one stream, to be exported.

    Attributes:
        stream: Whose window it is.
        window: The stretch of time.
        request: What Marketo is asked for.
        required: Fields without which the file is of no use.
        export_id: The job an earlier run made for exactly this request.
        without: Fields of the request that its job does without: Marketo did not know them.
    """

    stream: str
    window: Window
    request: ExportRequest
    required: frozenset[str] = frozenset()
    export_id: str | None = None
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Name the order in a log line."""
        return f"{self.stream} {self.window}"


@dataclass(frozen=True)
class JobPolicy:
    """How patiently jobs are treated, and how many at a time."""

    poll_seconds: float
    job_timeout_seconds: float
    max_jobs_in_flight: int
