"""What a run counts of each stream, and what it warns of.

The errors that end a run only after its last stream: all other streams are loaded first.

The summary of a run, as lines for people and as fields for machines.

The end of a run: what is logged, whatever the outcome.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    RunEndedByExportQuotaError,
    StreamsDeniedError,
    StreamsWithoutFilterError,
)
from tap_marketo_bulk.exports.quota import next_reset, usage_text
from tap_marketo_bulk.rows.values import InvalidValueHandler, InvalidValuePolicy
from tap_marketo_bulk.texts import count, duration, megabytes, short_instant
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.errors import ExportQuotaError, MarketoBulkError, UnsupportedFilterError
    from tap_marketo_bulk.exports.job import VerifiedFile
    from tap_marketo_bulk.rows.csv_file import FileStats
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.run import SyncRun
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk")


_T = TypeVar("_T")


@dataclass
class StreamCounts:
    """The counts of one stream.

    Attributes:
        records: Records of the stream.
        bytes: Bytes of the files of its jobs.
        jobs: Jobs whose files were read to their end.
        resumed_jobs: Those of them that an earlier run created.
        invalid_values: Values that do not fit their types and are null.
    """

    records: int = 0
    bytes: int = 0
    jobs: int = 0
    resumed_jobs: int = 0
    invalid_values: int = 0


class RunStatistics:
    """The counts of one run, by stream, and its times.

    Attributes:
        counts: Stream -> its counts.
        waiting_seconds: How long the run has waited for Marketo.
        reading_seconds: How long it has read files and pages, and written records.
    """

    def __init__(self, policy: InvalidValuePolicy, clock: Clock) -> None:
        """Count from zero.

        Args:
            policy: What to do with values that do not fit their types.
            clock: Measures the times.
        """
        self.counts: defaultdict[str, StreamCounts] = defaultdict(StreamCounts)
        self.waiting_seconds = self.reading_seconds = 0.0
        self._policy = policy
        self._clock = clock
        self._invalid_values: dict[str, InvalidValueHandler] = {}
        self._nul_bytes: Counter[str] = Counter()

    def invalid_value_handler(self, stream: str) -> InvalidValueHandler:
        """Return where the invalid values of a stream are counted."""
        return self._invalid_values.setdefault(stream, InvalidValueHandler(self._policy))

    def add_records(self, stream: str, number: int) -> None:
        """Add records of a stream: those of a block or a page."""
        self.counts[stream].records += number

    def add_file(self, stream: str, stats: FileStats) -> None:
        """Add what was counted in a file of a stream's jobs."""
        self._nul_bytes[stream] += stats.nul_bytes

    def add_job(self, file: VerifiedFile) -> None:
        """Add a job whose file was read to its end."""
        counts = self.counts[file.task.stream]
        counts.jobs += 1
        counts.bytes += file.job.size or 0
        counts.resumed_jobs += file.job.export_id == file.task.export_id

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Add the time that this lasts to the time of waiting for Marketo."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self.waiting_seconds += self._clock.monotonic() - began

    @contextmanager
    def reading(self) -> Generator[None]:
        """Add the time that this lasts to the time of reading."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self.reading_seconds += self._clock.monotonic() - began

    def timed(self, items: Iterable[_T]) -> Iterator[_T]:
        """Yield items that Marketo is waited for; the time between them is that of reading."""
        iterator = iter(items)
        while True:
            with self.waiting():
                item = next(iterator, None)
            if item is None:
                return
            with self.reading():
                yield item

    def warn_of_altered_values(self, streams: Collection[str]) -> None:
        """Warn once of everything that is not in the records of these streams as it was."""
        for stream in streams:
            if self._nul_bytes[stream]:
                count = self._nul_bytes.pop(stream)
                logger.warning("%s: removed %d NUL bytes from values.", stream, count)
            invalid = self._invalid_values.pop(stream, None)
            for field, count in invalid.counts.items() if invalid else ():
                self.counts[stream].invalid_values += count
                logger.warning(
                    "%s: %d values of %s do not fit their type and are null, the first in %s. The "
                    "originals are in _invalid_values where that column is selected.",
                    stream,
                    count,
                    field,
                    invalid.samples[field] if invalid else "",
                )


class PostponedErrors:
    """Keeps the errors of streams until the end of the run.

    Attributes:
        quota_error: Marketo's response that the daily export quota is used up; None without one.
    """

    def __init__(self, on_quota_exceeded: str) -> None:
        """Begin without errors.

        Args:
            on_quota_exceeded: The setting: with ``fail`` a used-up quota is an error at the end.
        """
        self._on_quota_exceeded = on_quota_exceeded
        self._denied: dict[str, AccessDeniedError] = {}
        self._without_filter: dict[str, UnsupportedFilterError] = {}
        self.quota_error: ExportQuotaError | None = None

    def leave_out(
        self,
        stream: str,
        error: AccessDeniedError | UnsupportedFilterError,
        *,
        is_test: bool = False,
    ) -> None:
        """Keep the error of a stream that this API user, or this subscription, cannot read.

        A connection test reads every stream, selected or not: for it a warning is enough.
        """
        if isinstance(error, AccessDeniedError):
            reason = f"the API user lacks the permission {error.permission or 'for it'}"
            left_out: dict[str, Any] = self._denied
        else:
            reason = f"the subscription lacks its filter ({error.code} {error.reason.rstrip('.')})"
            left_out = self._without_filter
        logger.warning("%s is left out: %s.", stream, reason)
        if not is_test:
            left_out[stream] = error

    def report(self, bookmarks: Mapping[str, datetime | None], now: datetime) -> None:
        """Report what was not read.

        Args:
            bookmarks: Up to where each stream is complete.
            now: The present, which determines the next reset of the quota.

        Raises:
            RunEndedByExportQuotaError: The quota was used up and ``on_quota_exceeded`` is ``fail``.
            StreamsDeniedError, StreamsWithoutFilterError: Streams were left out.
        """
        errors: list[MarketoBulkError] = []
        if self.quota_error:
            megabytes = self.quota_error.quota_megabytes
            ended = RunEndedByExportQuotaError(megabytes, dict(bookmarks), next_reset(now))
            if self._on_quota_exceeded == "fail":
                ended.__cause__ = self.quota_error
                errors.append(ended)
            else:
                logger.warning("%s", ended)
        if self._denied:
            errors.append(StreamsDeniedError(self._denied))
        if self._without_filter:
            errors.append(StreamsWithoutFilterError(self._without_filter))
        for error in errors[1:]:
            logger.error("%s", error)
        if errors:
            raise errors[0]


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


# The field of the log record that has the summary as a JSON object.
SUMMARY_FIELD = "run_summary"


def log_summary(
    run: SyncRun, streams: Sequence[MarketoStream], error: BaseException | None
) -> None:
    """Log the summary of a run as lines, the first of which also has it as a field.

    Args:
        run: The run.
        streams: The selected streams, in the order of reading.
        error: What ended the run; None without an error.
    """
    summary = summary_of(run, streams, error)
    headline, *lines = summary.lines()
    logger.info("%s", headline, extra={SUMMARY_FIELD: summary.fields()})
    for line in lines:
        logger.info("%s", line)


def summary_of(
    run: SyncRun, streams: Sequence[MarketoStream], error: BaseException | None
) -> RunSummary:
    """Return what the run has counted."""
    statistics, store = run.statistics, run.state_store
    return RunSummary(
        outcome=outcome_of(error, is_quota_used_up=run.postponed_errors.quota_error is not None),
        streams=tuple(_stream_summary(run, each) for each in streams),
        waiting_seconds=statistics.waiting_seconds,
        reading_seconds=statistics.reading_seconds,
        unfinished_jobs=sum(len(store[each.name].exports) for each in streams),
        bytes_today=run.bytes_today(),
    )


def _stream_summary(run: SyncRun, stream: MarketoStream) -> StreamSummary:
    counts = asdict(run.statistics.counts[stream.name])
    until = run.bookmark_of(stream)
    return StreamSummary(stream.name, stream.selected, **counts, complete_until=until)
