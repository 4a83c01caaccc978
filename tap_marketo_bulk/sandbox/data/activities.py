"""The activities of a data set, and those that a filter selects.

All instants are epoch seconds.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tap_marketo_bulk.sandbox.clock import TimeRange
from tap_marketo_bulk.sandbox.data.activity_types import (
    DELETE_LEAD_TYPE,
    MERGE_LEADS_TYPE,
    MORE_ACTIVITY_TYPES,
    UNSUBSCRIBE_EMAIL_TYPE,
    ActivityTypeDefinition,
    has_more_types,
)
from tap_marketo_bulk.sandbox.data.activity_values import (
    MAX_STORAGE_DELAY,
    Activity,
    ActivityContext,
    ActivityGenerator,
    AttributeValues,
    activity_guid,
    attribute_value,
    delete_lead_activity,
    plausible_attributes,
    storage_delay,
)
from tap_marketo_bulk.sandbox.data.assets import EMAILS, Asset, assets_in_group, assets_of_type
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory
from tap_marketo_bulk.sandbox.data.people import person, pick
from tap_marketo_bulk.sandbox.data.random_values import RandomInstants, combine_bits, random_bits
from tap_marketo_bulk.sandbox.data.value_source import ArbitraryValues, ValueSource
from tap_marketo_bulk.sandbox.edge_cases import LONG_TEXT, EdgeCase
from tap_marketo_bulk.sandbox.options import Options

_LONG_TEXT_EVERY = 5000


class AttributeEdgeCases:
    """Changes the attributes of some activities as the edge cases require.

    ``has_mixed_case`` is whether the option ``attribute_key_case`` permits another letter case.
    """

    def __init__(self, edge_cases: Collection[EdgeCase], *, has_mixed_case: bool) -> None:
        self._edge_cases = edge_cases
        self._has_mixed_case = has_mixed_case and EdgeCase.MIXED_CASE_ATTRIBUTES in edge_cases

    def change(self, attributes: AttributeValues, bits: int, index: int) -> AttributeValues | None:
        """The attributes of activity number ``index``, changed; the argument is changed too."""
        kinds = self._edge_cases
        if EdgeCase.NULL_ATTRIBUTES in kinds and (bits >> 36) % 25 == 0:
            return None
        if EdgeCase.UNDOCUMENTED_ATTRIBUTES in kinds and (bits >> 40) % 50 == 0:
            attributes["Undocumented Note"] = "not in Get Activity Types"
        if EdgeCase.LONG_TEXTS in kinds and index % _LONG_TEXT_EVERY == _LONG_TEXT_EVERY // 4:
            attributes["Query Parameters"] = LONG_TEXT
        if self._has_mixed_case and (bits >> 44) % 10 == 0:
            return {name.title(): value for name, value in attributes.items()}
        return attributes


_CLICK_EMAIL_ID = 11
_SALT = 9_000_011
_UNSUBSCRIBE_GUID_OFFSET = 5_000_000_000
_FIRST_MERGE_GUID = 600_000_000


def unsubscribe_activity(
    activity: Activity,
    attributes_of: Callable[[Activity, int], AttributeValues],
    *,
    one_in: int,
    seconds: int,
) -> Activity | None:
    """The activity "Unsubscribe Email" that follows ``activity``, or None.

    One click in an email in so many is followed by one, ``seconds`` later. ``attributes_of``
    computes the attributes of an activity from it and pseudo-random bits.
    """
    bits = random_bits(int(activity.guid), _SALT)
    if activity.activity_type.id != _CLICK_EMAIL_ID or bits % one_in:
        return None
    unsubscribe = replace(
        activity,
        guid=str(int(activity.guid) + _UNSUBSCRIBE_GUID_OFFSET),
        happened_at=activity.happened_at + seconds,
        stored_at=activity.stored_at + seconds,
        activity_type=UNSUBSCRIBE_EMAIL_TYPE,
    )
    return replace(unsubscribe, attributes=attributes_of(unsubscribe, bits))


def merge_activity(deleted: LeadHistory, winner: LeadHistory, name: str = "") -> Activity | None:
    """The activity "Merge Leads" of the ``winner`` that replaces a deleted lead.

    ``name`` is the name of the winner. None if the deleted lead was not merged: so are one in two.
    """
    deleted_at = deleted.deleted_at or 0
    if random_bits(deleted.bits, _SALT) % 2:
        return None
    return Activity(
        guid=str(_FIRST_MERGE_GUID + deleted.index),
        lead_id=winner.id,
        happened_at=deleted_at,
        stored_at=deleted_at,
        activity_type=MERGE_LEADS_TYPE,
        campaign_id=None,
        primary_value=Asset(winner.id, name or f"Person {winner.id}"),
        attributes={
            "Master Updated": bool(deleted.bits & 2),
            "Merge IDs": str(deleted.id),
            "Merge Source": "Web service API",
            "Merged in Sales": bool(deleted.bits & 4),
        },
        result="succeeded",
    )


def arbitrary_attributes(
    activity_type: ActivityTypeDefinition, bits: int, values: ArbitraryValues
) -> AttributeValues:
    """Arbitrary values of the attributes of a type; some attributes have no value."""
    attributes: AttributeValues = {}
    for number, (name, data_type) in enumerate(activity_type.attributes):
        value = attribute_value(values.value(data_type, random_bits(bits, number)))
        if value is not None:
            attributes[name] = value
    return attributes


class ArbitraryActivities(ActivityGenerator):
    """Computes activities of all types, each as often as the others, in any order."""

    def __init__(
        self,
        instants: RandomInstants,
        leads: LeadGenerator,
        activity_types: Sequence[ActivityTypeDefinition],
        values: ArbitraryValues,
        attribute_edge_cases: AttributeEdgeCases,
    ) -> None:
        super().__init__()
        self._instants = instants
        self._leads = leads
        derived = (DELETE_LEAD_TYPE, *MORE_ACTIVITY_TYPES)
        self._activity_types = [one for one in activity_types if one not in derived]
        self._values = values
        self._attribute_edge_cases = attribute_edge_cases

    def indexes_between(self, start: int, end: int) -> range:
        """Indexes that include every activity that happened or was stored in this range."""
        first = self._instants.max_count_before(start - MAX_STORAGE_DELAY) - 1
        return range(max(0, first), self._instants.max_count_before(end + 1))

    def _activity(self, index: int) -> Activity:
        bits = random_bits(self._instants.seed, index, 3)
        happened_at = self._instants.instant(index)
        activity_type = self._activity_types[bits % len(self._activity_types)]
        attributes = arbitrary_attributes(activity_type, bits, self._values)
        lead_count = max(1, self._leads.min_count_before(happened_at))
        return Activity(
            guid=activity_guid(index, bits),
            lead_id=self._leads.history((bits >> 16) % lead_count).id,
            happened_at=happened_at,
            stored_at=happened_at + storage_delay(bits),
            activity_type=activity_type,
            campaign_id=8000 + (bits >> 24) % 40 if (bits >> 32) % 3 else None,
            primary_value=_primary_value(activity_type, bits >> 12),
            attributes=self._attribute_edge_cases.change(attributes, bits, index),
            result=("succeeded", "skipped", "failed", "succeeded")[(bits >> 28) % 4],
        )


def _primary_value(activity_type: ActivityTypeDefinition, bits: int) -> Asset | None:
    if activity_type.primary is None:
        return None
    assets = assets_in_group(activity_type.asset_group)
    return assets[bits % len(assets)]


Journey = list[tuple[int, int]]
"""Activity type ids, each with the seconds since the first activity."""

MAX_JOURNEY_SECONDS = 2 * 86_400
_HOUR = 3600
_VISIT, _FORM, _CLICK_LINK = 1, 2, 3
_SEND, _DELIVERED, _BOUNCED, _OPEN, _CLICK = 6, 7, 8, 10, 11
_DATA_VALUE, _SCORE, _ADD_TO_LIST, _REMOVE_FROM_LIST = 13, 22, 24, 25
_MOMENT, _PROGRAM_STATUS, _PREFERENCE_CENTER = 46, 104, 160
EMAIL_TYPES = frozenset({_SEND, _DELIVERED, _BOUNCED, _OPEN, _CLICK})


class RandomDraws:
    """Pseudo-random numbers, one after the other; the same ``parts`` give the same numbers."""

    def __init__(self, *parts: int) -> None:
        self._bits = random_bits(*parts)
        self._count = 0

    def bits(self) -> int:
        """64 pseudo-random bits."""
        self._count += 1
        return combine_bits(self._bits, self._count)

    def below(self, limit: int) -> int:
        """A number from 0, below ``limit``."""
        return self.bits() % limit

    def is_drawn(self, percent: int) -> bool:
        """Whether something happens that happens in so many cases of a hundred."""
        return self.below(100) < percent


def _email(draws: RandomDraws) -> Journey:
    if draws.is_drawn(3):
        return [(_SEND, 0), (_BOUNCED, 2 + draws.below(20))]
    journey = [(_SEND, 0), (_DELIVERED, 1 + draws.below(30))]
    if not draws.is_drawn(38):
        return journey
    # Most people open an email soon, or not at all.
    opened = 60 + draws.below(1 + draws.below(30 * _HOUR))
    journey.append((_OPEN, opened))
    if draws.is_drawn(30):
        clicked = opened + 5 + draws.below(120)
        journey += [(_CLICK, clicked), (_VISIT, clicked + 1 + draws.below(3))]
        if draws.is_drawn(50):
            journey.append((_SCORE, clicked + 4 + draws.below(20)))
    return journey


def _visits(draws: RandomDraws) -> Journey:
    journey, seconds = [(_VISIT, 0)], 0
    for _ in range(draws.below(4)):
        seconds += 15 + draws.below(200)
        journey.append((_VISIT, seconds))
    if draws.is_drawn(35):
        journey.append((_CLICK_LINK, seconds + 5 + draws.below(60)))
    return journey


def _form(draws: RandomDraws) -> Journey:
    filled = 20 + draws.below(300)
    journey = [(_VISIT, 0), (_FORM, filled), (_DATA_VALUE, filled + 1), (_SCORE, filled + 2)]
    if draws.is_drawn(60):
        journey.append((_PROGRAM_STATUS, filled + 3 + draws.below(5)))
    return journey


def _list(draws: RandomDraws) -> Journey:
    journey = [(_ADD_TO_LIST, 0)]
    if draws.is_drawn(30):
        journey.append((_REMOVE_FROM_LIST, _HOUR + draws.below(40 * _HOUR)))
    return journey


def _single(*type_ids: int) -> Callable[[RandomDraws], Journey]:
    return lambda draws: [(type_ids[draws.below(len(type_ids))], 0)]


def _moment(draws: RandomDraws) -> Journey:
    return [(_VISIT, 0), (_VISIT, 30 + draws.below(90)), (_MOMENT, 130 + draws.below(20))]


class JourneyTable:
    """Draws journeys; ``custom_type_ids`` are the ids of the custom activity types."""

    def __init__(self, custom_type_ids: tuple[int, ...]) -> None:
        # How many journeys in a hundred are of each kind.
        kinds = (
            (54, _email),
            (16, _visits),
            (6, _form),
            (8, _single(_DATA_VALUE)),
            (4, _single(_PROGRAM_STATUS)),
            (5, _list),
            (2, _moment),
            (4, _single(*custom_type_ids)),
            (1, _single(_PREFERENCE_CENTER)),
        )
        self._journeys = tuple(draw for count, draw in kinds for _ in range(count))

    def draw(self, draws: RandomDraws) -> Journey:
        """A journey; it lasts at most ``MAX_JOURNEY_SECONDS``."""
        return self._journeys[draws.below(len(self._journeys))](draws)


# The activities with so many consecutive indexes are those of one email campaign and of the visits
# at that time. An activity happens at most so long after the first index of its block.
_BLOCK_SIZE = 24
_MINUTE = 60
_FIRST_CUSTOM_ID = 100_001
_FIRST_CAMPAIGN_ID = 8000
_CAMPAIGNS = 40
_FIRST_NEW_LEAD_GUID = 650_000_000
NEW_LEAD_ID = 12


@dataclass(frozen=True, slots=True)
class _Step:
    """One activity of a block."""

    happened_at: int
    lead: LeadHistory
    type_id: int
    asset: Asset
    campaign_id: int


class PlausibleActivities(ActivityGenerator):
    """Computes the activities from the seed."""

    def __init__(
        self,
        instants: RandomInstants,
        leads: LeadGenerator,
        activity_types: Sequence[ActivityTypeDefinition],
        source: ValueSource,
        attribute_edge_cases: AttributeEdgeCases,
    ) -> None:
        super().__init__()
        self._instants = instants
        self._leads = leads
        self._types = {one.id: one for one in activity_types}
        custom_ids = tuple(number for number in self._types if number >= _FIRST_CUSTOM_ID)
        self._journeys = JourneyTable(custom_ids)
        self._source = source
        self._attribute_edge_cases = attribute_edge_cases
        self._steps = lru_cache(maxsize=5000)(self._block_steps)

    def indexes_between(self, start: int, end: int) -> range:
        """Indexes that include every activity that happened or was stored in this range."""
        instants = self._instants
        earliest = start - MAX_STORAGE_DELAY - MAX_JOURNEY_SECONDS
        first = max(0, instants.max_count_before(earliest) - _BLOCK_SIZE - 1)
        if earliest <= self._leads.history(0).created_at + _MINUTE:
            first = 0
        block_end = -(-instants.max_count_before(end + 1) // _BLOCK_SIZE) * _BLOCK_SIZE
        return range(first, block_end if instants.gap_seconds else min(block_end, instants.count))

    def _activity(self, index: int) -> Activity:
        bits = random_bits(self._instants.seed, index, 3)
        step = self._steps(index // _BLOCK_SIZE)[index % _BLOCK_SIZE]
        return self._build(step, activity_guid(index, bits), bits, index)

    def _build(self, step: _Step, guid: str, bits: int, index: int) -> Activity:
        activity_type = self._types[step.type_id]
        who = person(step.lead.bits)
        context = ActivityContext(who, step.happened_at, step.asset, step.campaign_id, bits)
        attributes = plausible_attributes(activity_type, context, self._source)
        is_of_campaign = step.type_id in EMAIL_TYPES or step.type_id in (22, 24, 25, 46, 104)
        return Activity(
            guid=guid,
            lead_id=step.lead.id,
            happened_at=step.happened_at,
            stored_at=step.happened_at + storage_delay(bits),
            activity_type=activity_type,
            campaign_id=step.campaign_id if is_of_campaign else None,
            primary_value=step.asset if activity_type.primary else None,
            attributes=self._attribute_edge_cases.change(attributes, bits, index),
            result="succeeded",
        )

    def new_lead_activity(self, lead: LeadHistory) -> Activity:
        """The activity "New Lead" of a lead, at its creation."""
        asset = Asset(lead.id, person(lead.bits).name)
        step = _Step(lead.created_at, lead, NEW_LEAD_ID, asset, 0)
        guid = str(_FIRST_NEW_LEAD_GUID + lead.index)
        return self._build(step, guid, random_bits(lead.bits, 12), lead.index)

    def _block_steps(self, block: int) -> tuple[_Step, ...]:
        """The activities of a block, in time order."""
        first_index = block * _BLOCK_SIZE
        start = self._instants.instant(first_index)
        duration = self._instants.instant(first_index + _BLOCK_SIZE) - start
        draws = RandomDraws(self._instants.seed, block, 5)
        email, campaign_id = pick(EMAILS, draws.bits()), draws.below(_CAMPAIGNS)
        steps: list[_Step] = []
        while len(steps) < _BLOCK_SIZE:
            lead = self._lead(draws, start)
            # There is no lead yet before the first one was created.
            begin = max(start + draws.below(max(1, duration)), lead.created_at + _MINUTE)
            asset_bits = draws.bits()
            for type_id, seconds in self._journeys.draw(draws):
                assets = (email,) if type_id in EMAIL_TYPES else assets_of_type(type_id)
                asset = pick(assets, asset_bits if type_id in (24, 25) else draws.bits())
                campaign = _FIRST_CAMPAIGN_ID + campaign_id
                steps.append(_Step(begin + seconds, lead, type_id, asset, campaign))
        # The end of the last journey can be missing: not all people do everything.
        return tuple(sorted(steps[:_BLOCK_SIZE], key=lambda step: step.happened_at))

    def _lead(self, draws: RandomDraws, at: int) -> LeadHistory:
        """A lead that was created before ``at`` and is not deleted soon after it."""
        lead = self._leads.history(draws.below(max(1, self._leads.min_count_before(at))))
        is_deleted = lead.deleted_at is not None and lead.deleted_at < at + MAX_JOURNEY_SECONDS * 2
        return self._leads.previous_lead(lead) if is_deleted else lead


class ActivityRows:
    """The activities that a filter selects."""

    def __init__(
        self,
        instants: RandomInstants,
        leads: LeadGenerator,
        activity_types: Sequence[ActivityTypeDefinition],
        options: Options,
        source: ValueSource,
    ) -> None:
        self._leads = leads
        self._options = options
        self._source = source
        has_mixed_case = options.attribute_key_case == "mixed"
        edge_cases = AttributeEdgeCases(options.edge_cases, has_mixed_case=has_mixed_case)
        self._plausible: PlausibleActivities | None = None
        self._generator: ActivityGenerator
        if source.is_arbitrary:
            values = source.arbitrary
            self._generator = ArbitraryActivities(
                instants, leads, activity_types, values, edge_cases
            )
        else:
            self._plausible = PlausibleActivities(
                instants, leads, activity_types, source, edge_cases
            )
            self._generator = self._plausible

    def lead_deletions(self, since: int, at: int) -> list[Activity]:
        """The activities "Delete Lead" from ``since`` to ``at``, in time order."""
        return [
            delete_lead_activity(lead, self._name(lead))
            for lead in self._leads.deleted_leads(at)
            if since <= (lead.deleted_at or 0)
        ]

    def _name(self, lead: LeadHistory) -> str:
        """The name of a lead; empty if values are arbitrary."""
        return "" if self._source.is_arbitrary else person(lead.bits).name

    def stored(self, time_range: TimeRange, at: int) -> Iterator[Activity]:
        """Activities stored at ``at``: all that happened or were stored in the range, and more."""
        end = min(time_range.end, at)
        has_more = has_more_types(self._options)
        indexes = self._generator.indexes_between(time_range.start, end)
        for activity in self._generator.stored_activities(at, indexes):
            yield activity
            follower = self._unsubscribe(activity) if has_more else None
            if follower and follower.stored_at <= at:
                yield follower
        for lead in self._leads.deleted_leads(at) if has_more else ():
            winner = self._leads.previous_lead(lead)
            merge = merge_activity(lead, winner, self._name(winner))
            if merge:
                yield merge
        if self._plausible:
            yield from self._new_leads(self._plausible, time_range.start, end, at)

    def _new_leads(
        self, plausible: PlausibleActivities, start: int, end: int, at: int
    ) -> Iterator[Activity]:
        for index in self._leads.indexes_created_between(start - MAX_STORAGE_DELAY, end):
            activity = plausible.new_lead_activity(self._leads.history(index))
            if activity.stored_at <= at:
                yield activity

    def _unsubscribe(self, activity: Activity) -> Activity | None:
        if self._source.is_arbitrary:
            return unsubscribe_activity(activity, self._arbitrary_attributes, one_in=3, seconds=0)
        return unsubscribe_activity(activity, self._plausible_attributes, one_in=30, seconds=20)

    def _arbitrary_attributes(self, activity: Activity, bits: int) -> AttributeValues:
        return arbitrary_attributes(activity.activity_type, bits, self._source.arbitrary)

    def _plausible_attributes(self, activity: Activity, bits: int) -> AttributeValues:
        context = ActivityContext(
            person(self._leads.history_of_id(activity.lead_id).bits),
            activity.happened_at,
            activity.primary_value,
            activity.campaign_id or 0,
            bits,
        )
        return plausible_attributes(activity.activity_type, context, self._source)
