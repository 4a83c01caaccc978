"""The activities of the world: what happened to whom, when, and when Marketo stored it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tap_marketo_bulk.sandbox import assets, nasty, values
from tap_marketo_bulk.sandbox.assets import Asset
from tap_marketo_bulk.sandbox.chance import draw
from tap_marketo_bulk.sandbox.instants import text
from tap_marketo_bulk.sandbox.kinds import DELETE_LEAD, KINDS, Kind
from tap_marketo_bulk.sandbox.leads import Leads, Life
from tap_marketo_bulk.sandbox.timeline import Timeline

Attributes = dict[str, str | int | float | bool]

_FIRST_GUID = 783_957_693
_GUID_STEP = 11
LATEST_SECONDS = 2400
"""The longest time between an activity and its being stored."""
_LATE_EVERY = 30
_LONG_EVERY = 5000
_FIRST_DELETION_GUID = 500_000_000
_DELETION = next(kind for kind in KINDS if kind.id == DELETE_LEAD)


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity, as it truly is."""

    guid: str
    lead_id: int
    happened_at: int
    stored_at: int
    kind: Kind
    campaign_id: int | None
    primary: Asset | None
    attributes: Attributes | None
    result: str | None


def deletion(life: Life) -> Activity:
    """The activity that remains of a lead that was deleted."""
    deleted_at = life.deleted_at or 0
    return Activity(
        guid=str(_FIRST_DELETION_GUID + life.index),
        lead_id=life.id,
        happened_at=deleted_at,
        stored_at=deleted_at,
        kind=_DELETION,
        campaign_id=None,
        primary=Asset(life.id, f"Person {life.id}"),
        attributes={"Remove From CRM": bool(life.chance & 1)},
        result="succeeded",
    )


class Activities:
    """All activities of one world."""

    def __init__(
        self, timeline: Timeline, leads: Leads, kinds: Sequence[Kind], *, key_case: str
    ) -> None:
        self._timeline = timeline
        self._leads = leads
        self._kinds = [kind for kind in kinds if kind.id != DELETE_LEAD]
        self._key_case = key_case
        self.activity = lru_cache(maxsize=100_000)(self._activity)

    def stored(self, at: int, indexes: Sequence[int]) -> Iterator[Activity]:
        """Those of ``indexes`` that Marketo has stored by ``at``."""
        for index in indexes:
            activity = self.activity(index)
            if activity.stored_at <= at:
                yield activity

    def between(self, start: int, end: int) -> range:
        """The indexes of which those that happened or were stored in that range are."""
        first = self._timeline.before(start - LATEST_SECONDS) - 1
        return range(max(0, first), self._timeline.before(end + 1))

    def _activity(self, index: int) -> Activity:
        chance = draw(self._timeline.seed, index, 3)
        happened_at = self._timeline.instant(index)
        kind = self._kinds[chance % len(self._kinds)]
        late = (chance >> 8) % _LATE_EVERY == 0
        people = max(1, self._leads.count_before(happened_at))
        return Activity(
            guid=str(_FIRST_GUID + index * _GUID_STEP + chance % _GUID_STEP),
            lead_id=self._leads.life((chance >> 16) % people).id,
            happened_at=happened_at,
            stored_at=happened_at + (chance >> 20) % (LATEST_SECONDS if late else 30),
            kind=kind,
            campaign_id=8000 + (chance >> 24) % 40 if (chance >> 32) % 3 else None,
            primary=_primary(kind, chance >> 12),
            attributes=self._attributes(kind, chance, index),
            result=("succeeded", "skipped", "failed", "succeeded")[(chance >> 28) % 4],
        )

    def _attributes(self, kind: Kind, chance: int, index: int) -> Attributes | None:
        if (chance >> 36) % 25 == 0:
            return None
        drawn: Attributes = {}
        for salt, (name, data_type) in enumerate(kind.attributes):
            value = _json_value(values.drawn(values.maker(data_type), draw(chance, salt)))
            if value is not None:
                drawn[name] = value
        if (chance >> 40) % 50 == 0:
            drawn["Undocumented Note"] = "not in Get Activity Types"
        if index % _LONG_EVERY == _LONG_EVERY // 4:
            drawn["Query Parameters"] = nasty.LONG_TEXT
        if self._key_case == "mixed" and (chance >> 44) % 10 == 0:
            return {name.title(): value for name, value in drawn.items()}
        return drawn


def _json_value(value: values.Value) -> str | int | float | bool | None:
    """As the JSON of an attribute holds it: dates are text."""
    if isinstance(value, datetime):
        return text(int(value.timestamp()))
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat()


def _primary(kind: Kind, chance: int) -> Asset | None:
    """What the activity was about: an asset of the kind's group where it has one."""
    if kind.primary is None:
        return None
    groups = {
        "form": assets.FORMS,
        "program": assets.PROGRAMS,
        "static list": assets.STATIC_LISTS,
        "attribute": assets.ATTRIBUTES,
        "": assets.MAILINGS,
    }
    group = groups[kind.assets]
    return group[chance % len(group)]
