"""How long Marketo keeps activities, by their type.

Source: Adobe's knowledge base, "Marketo Activities Data Retention Policy". Subscriptions can buy
longer retention.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# 25 months, and no day less.
STANDARD_RETENTION = timedelta(days=25 * 31)
SHORT_RETENTION = timedelta(days=90)
SHORT_LIVED_TYPES = (
    "Add to List",
    "Change Data Value",
    "Change Score",
    "Click Link",
    "Click Link on Webpage",
    "Email Delivered",
    "Request Campaign",
    "Send Email",
    "Sync Lead to Microsoft",
    "Sync Lead to SFDC",
    "Sync Lead Updates to SFDC",
    "Update Opportunity",
    "Visit Webpage",
)
PERMANENT_TYPE = "New Lead"

_BY_NAME = {
    **{name.casefold(): SHORT_RETENTION for name in SHORT_LIVED_TYPES},
    PERMANENT_TYPE.casefold(): None,
}


@dataclass(frozen=True)
class Retention:
    """How long Marketo keeps the records of a stream, by its standard.

    Attributes:
        longest: How long it keeps any of them; None for ever.
        shortest: How long it keeps all of them; None for ever.
        advice: What to do about records that are lost, as a sentence.
    """

    longest: timedelta | None
    shortest: timedelta | None
    advice: str = ""


def retention_of(type_names: Iterable[str]) -> Retention:
    """Return how long Marketo keeps the activities of these types; none means all types."""
    names = list(type_names) or [*_BY_NAME, "any other"]
    lengths = [_BY_NAME.get(name.casefold(), STANDARD_RETENTION) for name in names]
    finite = [length for length in lengths if length is not None]
    longest = max(finite) if len(finite) == len(lengths) else None
    return Retention(longest, min(finite, default=None))
