"""The quota forecast of ``plan``: the bytes that jobs take, and the nights until all are read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from tap_marketo_bulk.jobs import formatting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.extract.tasks import ExportTask
    from tap_marketo_bulk.jobs.past_jobs import PastJob
    from tap_marketo_bulk.jobs.quota_usage import QuotaUsage


@dataclass(frozen=True)
class Estimate:
    """The bytes that the jobs of a plan take if they are like those of the past.

    Attributes:
        average_bytes: If each is as large as the average of its object.
        largest_bytes: If each is as large as the largest of its object.
        past_exports: The number of exports that were compared.
        unknown_objects: The objects of which no export was completed, so that nothing is known.
    """

    average_bytes: float
    largest_bytes: float
    past_exports: int
    unknown_objects: tuple[str, ...] = ()


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


def estimate_bytes(tasks: Sequence[ExportTask], jobs: Sequence[PastJob]) -> Estimate | None:
    """Return an estimate of the bytes that are not charged yet; None where there are none.

    Args:
        tasks: The tasks of a run.
        jobs: The jobs of the past seven days.
    """
    charged = [each for each in jobs if each.charged_bytes]
    paid = {each.job.export_id for each in charged}
    unpaid = Counter(task.request.object_path for task in tasks if task.export_id not in paid)
    if not unpaid:
        return None
    sizes = {
        path: [each.charged_bytes for each in charged if each.object_path == path]
        for path in unpaid
    }
    known = {path: past for path, past in sizes.items() if past}
    return Estimate(
        average_bytes=sum(unpaid[path] * sum(past) / len(past) for path, past in known.items()),
        largest_bytes=sum(unpaid[path] * max(past) for path, past in known.items()),
        past_exports=sum(map(len, known.values())),
        unknown_objects=tuple(path for path in sizes if path not in known),
    )


def forecast(estimate: Estimate, usage: QuotaUsage) -> Forecast:
    """Return how long the jobs take, after what was used of today's quota."""
    return Forecast(
        fits_today=estimate.largest_bytes <= usage.remaining_bytes,
        nights=_nights(estimate.average_bytes, usage),
        most_nights=_nights(estimate.largest_bytes, usage),
    )


def forecast_text(estimate: Estimate, usage: QuotaUsage) -> str:
    """Return the estimate and the forecast as text."""
    if estimate.unknown_objects:
        return (
            "There is no estimate of the bytes: no export of "
            f"{' or '.join(estimate.unknown_objects)} was completed in the past 7 days. A first "
            "run with an early end_date shows the size of a window."
        )
    past = formatting.count(estimate.past_exports, "export")
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
