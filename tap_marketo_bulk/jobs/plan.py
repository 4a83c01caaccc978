"""plan: the windows and jobs that a run would ask for, without asking for any."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

from tap_marketo_bulk.jobs import words
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.extract.order import Order
    from tap_marketo_bulk.jobs.history import PastJob

_HEADER = ("stream", "from (UTC)", "to (UTC)", "what", "job")
# More types than this are counted, not named.
_TYPES_NAMED = 6


def as_words(
    orders: Sequence[Order], others: Sequence[str], jobs: Sequence[PastJob], megabytes: int | None
) -> str:
    """Return a table of what would be asked for, and what that comes to.

    Args:
        orders: Windows, in the order of reading.
        others: Selected streams that need no jobs.
        jobs: Those of the past seven days.
        megabytes: The subscription's daily allocation, where the user knows it.
    """
    parts = []
    if orders:
        parts.append(words.table(_HEADER, [_row(order) for order in orders], ()))
    parts.append(_summary(orders, others))
    new = _unpaid(orders, jobs)
    if new:
        parts.append(words.paragraph(_estimate(new, jobs, megabytes or DAILY_EXPORT_MEGABYTES)))
    return "\n\n".join(parts)


def _row(order: Order) -> tuple[str, ...]:
    chosen = dict(order.request.filter)
    spans = [name for name in ("createdAt", "updatedAt") if chosen.pop(name, None)]
    window = (words.instant(order.window.start), words.instant(order.window.end))
    job = f"of an earlier run: {order.export_id}" if order.export_id else "new"
    return (order.stream, *(window if spans else ("", "")), _what(order, spans, chosen), job)


def _what(order: Order, spans: Sequence[str], chosen: dict[str, object]) -> str:
    """Say what is chosen beside the time."""
    types = chosen.pop("activityTypeIds", None)
    told = [f"{name} {value}" for name, value in chosen.items()]
    if isinstance(types, list):
        named = len(types) <= _TYPES_NAMED
        listed = ", ".join(map(str, types)) if named else f"{len(types)} of them"
        told.insert(0, f"types {listed}")
    elif order.request.object_path == "activities":
        told.insert(0, "all types")
    elif spans:
        told.insert(0, f"by {spans[0]}")
    return ", ".join(told)


def _summary(orders: Sequence[Order], others: Sequence[str]) -> str:
    streams = Counter(order.stream for order in orders)
    left = sum(1 for order in orders if order.export_id)
    lines = ["Nothing to export: every bookmark is at the horizon, or no stream is selected."]
    if orders:
        each = ", ".join(f"{number} for {stream}" for stream, number in streams.items())
        lines = [f"{words.count(len(orders), 'job')}: {each}."]
    if left:
        lines.append(f"{words.count(left, 'job')} of an earlier run will be taken up.")
    lines += [f"{stream} is read page by page, without a job." for stream in others]
    return "\n".join(lines)


def _unpaid(orders: Sequence[Order], jobs: Sequence[PastJob]) -> Counter[str]:
    """Count the orders whose bytes are still to be paid for, by object."""
    paid = {each.job.export_id for each in jobs if each.bytes}
    return Counter(order.request.object_path for order in orders if order.export_id not in paid)


def _estimate(new: Counter[str], jobs: Sequence[PastJob], megabytes: int) -> str:
    """Say what the jobs may come to, if they are like those of the past."""
    sizes = {
        kind: [each.bytes for each in jobs if each.object == kind and each.bytes] for kind in new
    }
    unknown = [kind for kind, past in sizes.items() if not past]
    if unknown:
        return (
            f"How many bytes that is cannot be told: no export of {' or '.join(unknown)} was "
            "completed in the past 7 days. A first run with an early end_date shows what a window "
            "takes."
        )
    usual = sum(number * sum(sizes[kind]) / len(sizes[kind]) for kind, number in new.items())
    most = sum(number * max(sizes[kind]) for kind, number in new.items())
    past = words.count(sum(map(len, sizes.values())), "export")
    days = _days(usual / 1e6 / megabytes, most / 1e6 / megabytes)
    return (
        f"Going by {past} of the past 7 days, that is about {words.size(usual)}, or "
        f"{words.size(most)} if every job is as large as the largest: {days} under a quota of "
        f"{megabytes:,} MB a day. Marketo does not tell which stretch of time a past export "
        "covered, so this is rough."
    )


def _days(least: float, most: float) -> str:
    low, high = max(1, ceil(least)), max(1, ceil(most))
    return words.count(low, "day") if low == high else f"{low} to {high} days"
