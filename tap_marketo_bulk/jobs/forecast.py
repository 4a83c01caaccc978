"""The quota forecast of ``plan``: the bytes that jobs take, and the nights until all are read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from tap_marketo_bulk.exports.quota import estimate_size
from tap_marketo_bulk.jobs import formatting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.exports.quota import SizeEstimate
    from tap_marketo_bulk.jobs.past_jobs import PastJob
    from tap_marketo_bulk.jobs.quota_usage import QuotaUsage
    from tap_marketo_bulk.plan.planner import ExportTask


@dataclass(frozen=True)
class Forecast:
    """How long the quota makes the jobs of a plan take, with one run a night.

    Attributes:
        fits_today: Whether the rest of today's quota is enough, as far as it is known.
        nights: The nights by the average of past exports.
        most_nights: The nights by the largest of past exports.
    """

    fits_today: bool
    nights: int
    most_nights: int


def estimate_bytes(tasks: Sequence[ExportTask], jobs: Sequence[PastJob]) -> SizeEstimate | None:
    """Return an estimate of the bytes that are not charged yet; None where there are none.

    Args:
        tasks: The tasks of a run.
        jobs: The jobs of the past seven days.
    """
    sizes: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for each in jobs:
        if each.charged_bytes:
            sizes[each.object_path][each.job.export_id] = each.charged_bytes
    return estimate_size(tasks, sizes)


def forecast(estimate: SizeEstimate, usage: QuotaUsage) -> Forecast:
    """Return how long the jobs take, after what was used of today's quota."""
    return Forecast(
        fits_today=estimate.largest_bytes <= usage.remaining_bytes,
        nights=_nights(estimate.average_bytes, usage),
        most_nights=_nights(estimate.largest_bytes, usage),
    )


def forecast_text(estimate: SizeEstimate, usage: QuotaUsage) -> str:
    """Return the estimate and the forecast as text."""
    if estimate.unknown_objects:
        return (
            "There is no estimate of the bytes: no export of "
            f"{' or '.join(estimate.unknown_objects)} was completed in the past 7 days. A first "
            "run with an early end_date shows the size of a window."
        )
    past = formatting.count(estimate.past_files, "export")
    return (
        f"{_time_text(forecast(estimate, usage), usage)} By the {past} of the past 7 days, the "
        f"estimate is {formatting.size(estimate.average_bytes)}, or "
        f"{formatting.size(estimate.largest_bytes)} if every job is as large as the largest. "
        "Marketo does not return the dates that a past export covered, so the estimate is rough."
    )


def _nights(size: float, usage: QuotaUsage) -> int:
    return max(1, ceil(size / usage.allocation_bytes))


def _time_text(found: Forecast, usage: QuotaUsage) -> str:
    megabytes = f"{usage.allocation_bytes // 1_000_000:,} MB"
    if found.fits_today:
        left = formatting.size(usage.remaining_bytes)
        return f"All jobs fit in today's quota: at most {left} of {megabytes} are left."
    nights = f"About {formatting.count(found.nights, 'night')} left"
    if found.most_nights > found.nights:
        nights += f", at most {found.most_nights}"
    return f"{nights}, with one run a night and a quota of {megabytes} a day."
