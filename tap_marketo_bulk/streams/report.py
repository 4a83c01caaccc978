"""The end of a run: errors that wait for the last stream, and a summary for people and machines."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TextIO

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    RefusedIdsError,
    RunEndedByExportQuotaError,
    StreamsDeniedError,
    StreamsWithoutFilterError,
    UndecodableKeysError,
)
from tap_marketo_bulk.exports.progress import LoggedProgress
from tap_marketo_bulk.exports.quota import next_reset, usage_text
from tap_marketo_bulk.marketo.limits import SHORT_RETENTION
from tap_marketo_bulk.texts import count, duration, megabytes, short_instant
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.errors import (
        ApiError,
        ExportQuotaError,
        MarketoBulkError,
        UnsupportedFilterError,
    )
    from tap_marketo_bulk.exports.progress import ProgressReporter
    from tap_marketo_bulk.plan.planner import ExportTask
    from tap_marketo_bulk.settings.settings import Settings
    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.run import Run

logger = logging.getLogger("tap-marketo-bulk")


class PostponedErrors:
    """Keeps the errors of streams until the end of the run.

    Attributes:
        quota_error: Marketo's response that the daily export quota is used up; None without one.
        incomplete: The streams that it kept from being read to their end.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._denied: dict[str, AccessDeniedError] = {}
        self._without_filter: dict[str, UnsupportedFilterError] = {}
        self._failed: list[MarketoBulkError] = []
        self._refused: dict[str, ApiError] = {}
        self._filters: set[str] = set()
        self.quota_error: ExportQuotaError | None = None
        self.incomplete: set[str] = set()

    def leave_out(
        self,
        stream: str,
        error: AccessDeniedError | UnsupportedFilterError,
        *,
        filters: Collection[str] = (),
        is_test: bool = False,
    ) -> None:
        """Keep the error of a stream that this API user, or this subscription, cannot read.

        ``filters`` are Marketo's names of the filters that the subscription may lack.

        A connection test reads every stream, selected or not: for it a warning is enough, and so
        it is where the settings say that permissions are missing on purpose.
        """
        if isinstance(error, AccessDeniedError):
            reason = f"the API user lacks the permission {error.permission or 'for it'}"
            left_out: dict[str, Any] = self._denied
        else:
            reason = f"the subscription lacks its filter ({error.code} {error.reason.rstrip('.')})"
            left_out = self._without_filter
        logger.warning("%s is left out: %s.", stream, reason)
        is_ignored = self._settings.ignore_missing_permissions and left_out is self._denied
        if not is_test and not is_ignored:
            left_out[stream] = error
            self._filters |= set(filters)

    def fail(self, stream: str, error: MarketoBulkError) -> None:
        """Keep the error of a stream whose jobs or files cannot be used."""
        logger.warning("%s ends with an error; the other streams are read. %s", stream, error)
        self._failed.append(error)

    def refuse(self, filtered: str, error: ApiError) -> None:
        """Keep the error of one program or list, as ``programIds 1002 of program_members``."""
        if filtered not in self._refused:
            logger.warning("%s is left out; the others are read. %s", filtered, error)
        self._refused[filtered] = error

    @property
    def _filters_of_settings(self) -> dict[str, str]:
        filters = self._settings.filters_of_settings
        return {name: each for name, each in filters.items() if each in self._filters}

    def report(
        self,
        bookmarks: Mapping[str, datetime | None],
        now: datetime,
        skipped_rows: Sequence[str] = (),
    ) -> None:
        """Report what was not read.

        Args:
            bookmarks: Up to where each stream is complete; one that is neither complete nor
                incomplete has no bookmark.
            now: The present, which determines the next reset of the quota.
            skipped_rows: The rows that no record was made of, as text.

        Raises:
            RunEndedByExportQuotaError: The quota was used up and ``on_quota_exceeded`` is ``fail``.
            StreamsDeniedError, StreamsWithoutFilterError: Streams were left out.
            RefusedIdsError: Single programs or lists were left out.
            UndecodableKeysError: Single rows were left out.
            MarketoBulkError: A stream failed.
        """
        errors = list(self._failed)
        if self.quota_error:
            megabytes = self.quota_error.quota_megabytes
            until = {
                stream: bookmark
                for stream, bookmark in bookmarks.items()
                if bookmark or stream in self.incomplete
            }
            ended = RunEndedByExportQuotaError(megabytes, until, next_reset(now))
            if self._settings.on_quota_exceeded == "fail":
                ended.__cause__ = self.quota_error
                errors.append(ended)
            else:
                logger.warning("%s", ended)
        if self._refused:
            errors.append(RefusedIdsError(self._refused))
        if skipped_rows:
            errors.append(UndecodableKeysError(skipped_rows))
        if self._denied:
            errors.append(StreamsDeniedError(self._denied))
        if self._without_filter:
            errors.append(
                StreamsWithoutFilterError(self._without_filter, self._filters_of_settings)
            )
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


def log_summary(run: Run, streams: Sequence[MarketoStream], error: BaseException | None) -> None:
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
    run: Run, streams: Sequence[MarketoStream], error: BaseException | None
) -> RunSummary:
    """Return what the run has counted."""
    statistics, store = run.statistics, run.state_store
    return RunSummary(
        outcome=outcome_of(error, is_quota_used_up=run.postponed_errors.quota_error is not None),
        streams=tuple(_stream_summary(run, each) for each in streams),
        waiting_seconds=statistics.waiting_seconds,
        reading_seconds=statistics.reading_seconds,
        unfinished_jobs=sum(len(store[each.name].jobs) for each in streams),
        bytes_today=run.bytes_today(),
    )


def _stream_summary(run: Run, stream: MarketoStream) -> StreamSummary:
    counts = asdict(run.statistics.counts[stream.name])
    until = run.bookmark_of(stream)
    return StreamSummary(stream.name, stream.selected, **counts, complete_until=until)


def retention_note(tasks: Iterable[ExportTask], horizon: datetime) -> str | None:
    """Return a sentence if some windows of activities may have no records any more; else None."""
    oldest = horizon - SHORT_RETENTION
    if not any(
        task.request.object_path == "activities" and task.window.start < oldest for task in tasks
    ):
        return None
    return (
        f"Marketo keeps activities of some types, for example Send Email, for "
        f"{SHORT_RETENTION.days} days, and most others for 25 months, unless your subscription "
        f"keeps them for longer. Windows before {format_instant(oldest)} lack the first."
    )


def choose_reporter(
    out: TextIO | None = None,
    errors: TextIO | None = None,
    environment: Mapping[str, str] = os.environ,
) -> ProgressReporter:
    """Return a display for a terminal; everywhere else the progress is logged.

    There is a display if a person sees stderr, and nothing else writes to the terminal: neither
    the records on stdout nor Meltano, which prints the lines of all its plugins.

    Args:
        out: Where records are written, by default stdout.
        errors: Where the log is written, by default stderr.
        environment: The environment variables.
    """
    out, errors = out or sys.stdout, errors or sys.stderr
    is_seen = errors is not None and errors.isatty() and not out.isatty()
    if is_seen and "MELTANO_PROJECT_ROOT" not in environment and environment.get("TERM") != "dumb":
        # Not where it is never shown: importing rich takes a tenth of the start of the process.
        from tap_marketo_bulk.streams.display import display_in  # noqa: PLC0415

        return display_in(errors)
    return LoggedProgress()
