"""What a run warns of before it reads a stream: records that it does not read, or may have lost."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from tap_marketo_bulk.plan.ledger import Goal
    from tap_marketo_bulk.plan.state_format import StreamState
    from tap_marketo_bulk.streams.base import MarketoStream

logger = logging.getLogger("tap-marketo-bulk")


def warn_of_skipped_changes(stream: str, state: StreamState, goal: Goal) -> None:
    """Warn if the start date leaves out what happened since the bookmark."""
    bookmark = state.ledger(goal.ledger).bookmark
    if bookmark and goal.start > bookmark and goal.since is None:
        logger.warning(
            "start_date %s is after the bookmark of %s, so changes since %s are skipped. Set "
            "start_date back to load them.",
            format_instant(goal.start),
            stream,
            format_instant(bookmark),
        )


def warn_of_unknown_reads(stream: str, state: StreamState) -> None:
    """Warn if the state has a bookmark, but not what was read before it."""
    if bookmark := state.bookmark_without_reads:
        logger.warning(
            "The state of %s has the bookmark %s, but not what was read before it: everything "
            "counts as read. If an earlier start_date, or more activity types, programs or values "
            "are selected since then, load them with a run without the state of %s.",
            stream,
            format_instant(bookmark),
            stream,
        )


def warn_of_unread_fields(stream: MarketoStream, state: StreamState) -> None:
    """Warn if fields are selected that the records read so far do not have."""
    names, known = stream.spec.names, state.fields or frozenset()
    missing = sorted(map(names.column_in_state, stream.read_fields - known))
    if missing:
        needed = [*stream.spec.key_columns, *filter(None, [stream.replication_key]), *missing]
        logger.warning(
            "%s was read without %s so far: these columns are null until a record changes. To fill "
            "them for little quota, run once with the replication method FULL_TABLE, and select "
            "%s only.",
            stream.name,
            ", ".join(missing),
            ", ".join(f"{stream.name}.{column}" for column in dict.fromkeys(needed)),
        )


def warn_of_missing_fields(stream: MarketoStream, state: StreamState) -> None:
    """Warn if records were read with fields that the catalog does not have any more."""
    names = stream.spec.names
    described = set(map(names.in_state, stream.field_schemas))
    gone = sorted(map(names.column_in_state, (state.fields or frozenset()) - described))
    if gone:
        logger.warning(
            "%s was read with %s so far, which Marketo does not describe any more: these columns "
            "get no values from now on. If a field was renamed, its later values are in a new "
            "column; the setting stream_maps can give it the old name.",
            stream.name,
            ", ".join(gone),
        )


def warn_of_lost_records(stream: MarketoStream, state: StreamState, goal: Goal) -> None:
    """Warn if the bookmark is older than what Marketo keeps."""
    kept_for, bookmark = stream.spec.kept_for, state.ledger(goal.ledger).bookmark
    if kept_for and bookmark and bookmark < goal.horizon - kept_for:
        logger.warning(
            "The bookmark of %s is %s, and Marketo keeps the records of %d days by its standard: "
            "those between the bookmark and %s may be lost for good. %s",
            stream.name,
            format_instant(bookmark),
            kept_for.days,
            format_instant(goal.horizon - kept_for),
            stream.spec.advice_if_lost,
        )
