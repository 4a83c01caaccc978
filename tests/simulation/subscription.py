"""The subscription of a history: tens of leads, of activities and of members of programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.sandbox.data.fields import lead_fields
from tap_marketo_bulk.times import format_instant
from tests.support.reference_tables import expected_record
from tests.support.typed_activities import expected_records, types_by_stream

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox

Rows = dict[Any, dict[str, Any]]

STREAMS = ("activities", "leads", "program_members")
# Further streams: of one activity type each, of a custom object, and of the REST API.
TYPED_STREAMS = {"activities_send_email": 6, "activities_new_lead": 12}
CUSTOM_OBJECT, REST_STREAM = "custom_purchase_order_c", "programs"
MORE_STREAMS = (*TYPED_STREAMS, CUSTOM_OBJECT, REST_STREAM)
_LEAD_FIELDS = ("id", "createdAt", "updatedAt", "email", "firstName", "leadScore")
HISTORY_DAYS = 60
# The most frequent activity types, and those of one asset group with its primary attributes.
FREQUENT_TYPES = (12, 6, 7, 1, 10)
LIST_TYPES, LISTS = (24, 25), (2001, 2002, 2003)


def subscription_options(seed: int, **changes: Any) -> Options:  # noqa: ANN401 - options
    """Return the options of a small subscription whose records change every day."""
    few_fields = [each.name for each in lead_fields(0) if each.name not in _LEAD_FIELDS]
    values: dict[str, Any] = {
        "seed": seed,
        "leads": 15,
        "activities": 50,
        "history_days": HISTORY_DAYS,
        "new_leads_per_hour": 0.03,
        "new_activities_per_hour": 0.1,
        "programs": 2,
        "new_assets_per_day": 0.1,
        "left_out_fields": tuple(few_fields),
        "edge_cases": frozenset(),
        "strict": True,
        "job_seconds": 120,
    }
    return Options(**values | changes)


def expected_rows(sandbox: Sandbox, stream: str, since: datetime, until: datetime) -> Rows:
    """Return the present rows of a stream by key: those that changed last between two instants."""
    if stream == "leads":
        return _leads_changed_between(sandbox, since, until)
    column = "activityDate" if stream.startswith("activities") else "updatedAt"
    rows = _present_rows(sandbox, stream)
    start, end = format_instant(since), format_instant(until)
    return {key: row for key, row in rows.items() if start <= str(row[column]) < end}


def all_keys(sandbox: Sandbox, stream: str) -> set[Any]:
    """Return the keys of all present rows of a stream."""
    return set(_present_rows(sandbox, stream))


def _present_rows(sandbox: Sandbox, stream: str) -> Rows:
    expected = sandbox.expected
    if stream == CUSTOM_OBJECT:
        return dict(expected.custom_objects("purchaseOrder_c"))
    if stream in TYPED_STREAMS:
        activity_type = types_by_stream(sandbox)[stream]
        return dict(expected_records(activity_type, expected.activities()))
    rows: Rows = getattr(expected, stream)()
    if stream == REST_STREAM:
        return {key: expected_record(stream, row) for key, row in rows.items()}
    return rows


def next_late_activity(sandbox: Sandbox, delay_seconds: float) -> datetime | None:
    """Return when the next activity happens that is stored so many seconds later, in ten days."""
    now = int(sandbox.clock.now().timestamp())
    activities = sandbox.data_set.activities(now + 10 * 86_400)
    late = [
        each.happened_at
        for each in activities
        if each.happened_at > now and each.stored_at - each.happened_at > delay_seconds
    ]
    return datetime.fromtimestamp(min(late), UTC) if late else None


def _leads_changed_between(sandbox: Sandbox, since: datetime, until: datetime) -> Rows:
    # The column updatedAt does not show the change of every field, but the filter does.
    rows: Rows = {}
    start = since
    while start < until:
        end = min(start + timedelta(days=31), until)
        window = {"startAt": format_instant(start), "endAt": format_instant(end)}
        rows |= sandbox.expected.leads({"updatedAt": window})
        start = end
    return rows
