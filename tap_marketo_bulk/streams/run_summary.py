"""The summary of a run, as lines for people and as fields for machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import RunEndedByExportQuotaError
from tap_marketo_bulk.extract.quantities import count, duration, megabytes, short_instant
from tap_marketo_bulk.extract.quota import usage_text
from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from datetime import datetime

_OUTCOMES = {
    "success": "Run completed",
    "quota": "Run ended: the daily export quota is used up",
    "interrupted": "Run interrupted",
    "error": "Run ended with an error",
}


@dataclass(frozen=True)
class StreamSummary:
    """What a run read of one stream.

    Attributes:
        stream: Its name.
        is_selected: Whether it has records; otherwise its jobs are for its typed streams only.
        records, bytes, jobs, resumed_jobs, invalid_values: See ``StreamCounts``.
        complete_until: Its bookmark; None without one.
    """

    stream: str
    is_selected: bool = True
    records: int = 0
    bytes: int = 0
    jobs: int = 0
    resumed_jobs: int = 0
    invalid_values: int = 0
    complete_until: datetime | None = None

    def line(self) -> str:
        """Return the summary as text; what there was none of is left out."""
        parts = [count(self.records, "record")] if self.is_selected else []
        if self.jobs:
            resumed = f" ({self.resumed_jobs} resumed)" if self.resumed_jobs else ""
            parts += [megabytes(self.bytes), f"{count(self.jobs, 'job')}{resumed}"]
        if self.invalid_values:
            parts.append(count(self.invalid_values, "invalid value"))
        if self.complete_until:
            parts.append(f"complete until {short_instant(self.complete_until)}")
        return f"{self.stream}: {', '.join(parts) or 'no job completed'}"

    def fields(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        until = self.complete_until
        return asdict(self) | {"complete_until": format_instant(until) if until else None}


@dataclass(frozen=True)
class RunSummary:
    """What a run read, and how it ended.

    Attributes:
        outcome: ``success``, ``quota``, ``interrupted`` or ``error``.
        streams: The streams in the order of reading.
        waiting_seconds: How long it waited for Marketo.
        reading_seconds: How long it read files and pages, and wrote records.
        unfinished_jobs: The jobs that STATE keeps for the next run.
        bytes_today: What the API user exported since 00:00 US Central, as far as it is known.
    """

    outcome: str
    streams: tuple[StreamSummary, ...]
    waiting_seconds: float
    reading_seconds: float
    unfinished_jobs: int = 0
    bytes_today: int | None = None

    def headline(self) -> str:
        """Return the outcome and the totals as text."""
        jobs = sum(each.jobs for each in self.streams)
        size = sum(each.bytes for each in self.streams)
        records = sum(each.records for each in self.streams)
        waiting, reading = duration(self.waiting_seconds), duration(self.reading_seconds)
        parts = [
            f"{count(records, 'record')}, {megabytes(size)} in {count(jobs, 'job')}",
            f"{waiting} waiting for Marketo, {reading} reading",
        ]
        if self.unfinished_jobs:
            parts.append(f"the next run resumes {count(self.unfinished_jobs, 'job')}")
        if self.bytes_today is not None:
            parts.append(usage_text(self.bytes_today))
        return f"{_OUTCOMES[self.outcome]}: {'; '.join(parts)}"

    def lines(self) -> list[str]:
        """Return the headline, and a line for each stream."""
        return [self.headline(), *(f"  {each.line()}" for each in self.streams)]

    def fields(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        seconds = {
            "waiting_seconds": round(self.waiting_seconds, 3),
            "reading_seconds": round(self.reading_seconds, 3),
        }
        return asdict(self) | seconds | {"streams": [each.fields() for each in self.streams]}


def outcome_of(error: BaseException | None, *, is_quota_used_up: bool) -> str:
    """Return how a run ended.

    Args:
        error: What ended it; None without an error.
        is_quota_used_up: Whether it ended early because the daily export quota is used up.
    """
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return "interrupted"
    is_quota_error = isinstance(error, RunEndedByExportQuotaError)
    if is_quota_error or (is_quota_used_up and error is None):
        return "quota"
    return "error" if error else "success"
