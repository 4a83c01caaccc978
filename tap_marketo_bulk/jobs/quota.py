"""quota: what this API user's exports took of the day's bytes, in plain words."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.quota import US_CENTRAL, next_reset
from tap_marketo_bulk.instants import format_instant
from tap_marketo_bulk.jobs import words
from tap_marketo_bulk.marketo.limits import DAILY_EXPORT_MEGABYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.jobs.history import PastJob

_CAVEAT = (
    "That is a lower bound: Marketo shows each API user their own jobs only, and the exports of "
    "all users of the subscription count."
)
_GUESS = (
    f"A subscription has {DAILY_EXPORT_MEGABYTES} MB a day unless it bought more, which Marketo "
    "does not tell: name yours with --allocation-mb."
)


def as_words(jobs: Sequence[PastJob], now: datetime, megabytes: int | None) -> str:
    """Say how much was used, of how much, and until when that counts.

    Args:
        jobs: Those of the past seven days.
        now: The present.
        megabytes: The subscription's daily allocation, where the user knows it.
    """
    midnight = _day_began(now)
    today = [each for each in jobs if each.finished and each.finished >= midnight]
    used = sum(each.bytes for each in today)
    allocation = megabytes or DAILY_EXPORT_MEGABYTES
    reset = next_reset(now)
    left = words.duration((reset - now).total_seconds())
    exports = words.count(sum(1 for each in today if each.bytes), "export")
    return (
        f"Used today: at least {words.size(used)} of {allocation:,} MB "
        f"({used / 1e6 / allocation:.1%}), by {exports}.\n"
        f"Reset: in {left}, at {format_instant(reset)} (00:00 US Central).\n\n"
        + words.paragraph(_CAVEAT if megabytes else f"{_CAVEAT} {_GUESS}")
    )


def _day_began(now: datetime) -> datetime:
    today = now.astimezone(US_CENTRAL).date()
    return datetime.combine(today, time(), US_CENTRAL).astimezone(UTC)
