"""The end of a run: what is logged, whatever the outcome."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from tap_marketo_bulk.streams.run_summary import RunSummary, StreamSummary, outcome_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.streams.base import MarketoStream
    from tap_marketo_bulk.streams.sync_run import SyncRun

logger = logging.getLogger("tap-marketo-bulk")

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
