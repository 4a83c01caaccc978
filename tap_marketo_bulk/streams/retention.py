"""Records that Marketo does not keep any more: what is not read, and what may be lost."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_marketo_bulk.plan.ledger import bookmark_of, owed_windows
from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from tap_marketo_bulk.plan.ledger import ReadMode, StreamState
    from tap_marketo_bulk.plan.windows import SyncPeriod
    from tap_marketo_bulk.streams.base import MarketoStream

logger = logging.getLogger("tap-marketo-bulk")


def read_start(stream: MarketoStream, period: SyncPeriod) -> datetime:
    """Return where the first read of a stream begins: the start date, or later by the setting."""
    retention = stream.spec.retention
    if not period.leaves_out_expired or retention is None or retention.longest is None:
        return period.start
    return max(period.start, period.horizon - retention.longest)


def retention_note(
    stream: MarketoStream, mode: ReadMode, state: StreamState, period: SyncPeriod
) -> str | None:
    """Return a sentence about windows that are older than what Marketo keeps; None for none."""
    retention = stream.spec.retention
    owed = owed_windows(state, mode, start=period.start, horizon=period.horizon)
    if not retention or not owed:
        return None
    if retention.longest and owed[0].start < period.horizon - retention.longest:
        end = format_instant(period.horizon - retention.longest)
        advice = (
            f"Windows before {end} are left out."
            if period.leaves_out_expired
            else f"Windows before {end} have no records unless your subscription keeps them for "
            "longer."
        )
        return f"{stream.name}: Marketo keeps {_days(retention.longest)} by its standard. {advice}"
    if retention.shortest and owed[0].start < period.horizon - retention.shortest:
        end = format_instant(period.horizon - retention.shortest)
        return (
            f"{stream.name}: Marketo keeps {_days(retention.shortest)} of some types, for example "
            f"Send Email, by its standard. Windows before {end} have records of other types only, "
            "unless your subscription keeps them for longer."
        )
    return None


def warn_of_lost_records(
    stream: MarketoStream, mode: ReadMode, state: StreamState, period: SyncPeriod
) -> None:
    """Warn where the bookmark is older than what Marketo keeps."""
    retention, bookmark = stream.spec.retention, bookmark_of(state, mode)
    if not retention or not retention.longest or not bookmark:
        return
    oldest = period.horizon - retention.longest
    if bookmark < oldest:
        message = (
            f"The bookmark of {stream.name} is {format_instant(bookmark)}, and Marketo keeps "
            f"{_days(retention.longest)} by its standard: those between the bookmark and "
            f"{format_instant(oldest)} may be lost for good. {retention.advice}"
        )
        logger.warning("%s", message.rstrip())


def _days(length: timedelta) -> str:
    return f"the records of {length.days} days"
