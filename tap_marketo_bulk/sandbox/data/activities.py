"""The activities of a data set. All instants are epoch seconds.

Consecutive indexes make a block: the activities of one run of an email campaign, and of the visits
at that time. A lead does something in a sequence, a journey: an email is sent, delivered, opened
and clicked. With the edge case "arbitrary values" each activity has any type instead.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from tap_marketo_bulk.sandbox.clock import TimeRange
from tap_marketo_bulk.sandbox.data import assets
from tap_marketo_bulk.sandbox.data.activity_types import (
    DELETE_LEAD_ID,
    Activity,
    ActivityContext,
    ActivityTypeDefinition,
    AttributeValues,
    arbitrary_attributes,
    plausible_attributes,
    with_edge_cases,
)
from tap_marketo_bulk.sandbox.data.assets import Asset, AssetKind, AssetSnapshot, assets_of_type
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory
from tap_marketo_bulk.sandbox.data.people import person, pick
from tap_marketo_bulk.sandbox.data.random_values import RandomInstants, combine_bits, random_bits
from tap_marketo_bulk.sandbox.data.value_source import ValueSource

_VISIT, _FORM, _CLICK_LINK = 1, 2, 3
_SEND, _DELIVERED, _BOUNCED, _UNSUBSCRIBE, _OPEN, _CLICK, _NEW_LEAD = 6, 7, 8, 9, 10, 11, 12
_DATA_VALUE, _SCORE, _ADD_TO_LIST, _REMOVE_FROM_LIST, _MERGE = 13, 22, 24, 25, 32
_MOMENT, _PROGRAM_STATUS, _PREFERENCE_CENTER = 46, 104, 160
_FIRST_CUSTOM_ID = 100_001
_EMAIL_TYPES = frozenset({_SEND, _DELIVERED, _BOUNCED, _UNSUBSCRIBE, _OPEN, _CLICK})
_LIST_TYPES = frozenset({_ADD_TO_LIST, _REMOVE_FROM_LIST})
# The types of activities that campaigns cause.
_CAMPAIGN_TYPES = _EMAIL_TYPES | _LIST_TYPES | {_SCORE, _MOMENT, _PROGRAM_STATUS}
# The kinds of the assets that the primary attribute of a type names, once they are created.
_KINDS = {
    **dict.fromkeys(_EMAIL_TYPES, assets.EMAIL),
    **dict.fromkeys(_LIST_TYPES, assets.STATIC_LIST),
    _FORM: assets.FORM,
    _PROGRAM_STATUS: assets.PROGRAM,
}
_NAMED = tuple(dict.fromkeys(_KINDS.values()))
_MINUTE = 60
_HOUR = 3600
_BLOCK_SIZE = 24
_MAX_JOURNEY_SECONDS = 2 * 86_400
_MAX_STORAGE_DELAY = 2400
_USUAL_STORAGE_DELAY = 30
_LATE_EVERY = 30
_FIRST_DELETION_GUID = 500_000_000
_FIRST_MERGE_GUID = 600_000_000
_FIRST_NEW_LEAD_GUID = 650_000_000
_FIRST_GUID = 783_957_693
_GUID_STEP = 11
_MERGE_SALT = 9_000_011

Journey = list[tuple[int, int]]
"""Activity type ids, each with the seconds since the first activity."""
AssetsAt = Callable[[AssetKind, int], Sequence[AssetSnapshot]]
"""Returns the assets of a kind that exist at an instant."""


class _Draws:
    """Pseudo-random numbers, one after the other; the same ``parts`` give the same numbers."""

    def __init__(self, *parts: int) -> None:
        start = random_bits(*parts)
        numbers = (combine_bits(start, number) for number in count(1))
        self.bits = numbers.__next__

    def below(self, limit: int) -> int:
        return self.bits() % limit

    def is_drawn(self, percent: int) -> bool:
        return self.below(100) < percent


def _email(draws: _Draws) -> Journey:
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
        if draws.is_drawn(4):
            journey.append((_UNSUBSCRIBE, clicked + 20))
    return journey


def _visits(draws: _Draws) -> Journey:
    journey, seconds = [(_VISIT, 0)], 0
    for _ in range(draws.below(4)):
        seconds += 15 + draws.below(200)
        journey.append((_VISIT, seconds))
    if draws.is_drawn(35):
        journey.append((_CLICK_LINK, seconds + 5 + draws.below(60)))
    return journey


def _form(draws: _Draws) -> Journey:
    filled = 20 + draws.below(300)
    journey = [(_VISIT, 0), (_FORM, filled), (_DATA_VALUE, filled + 1), (_SCORE, filled + 2)]
    if draws.is_drawn(60):
        journey.append((_PROGRAM_STATUS, filled + 3 + draws.below(5)))
    return journey


def _list(draws: _Draws) -> Journey:
    journey = [(_ADD_TO_LIST, 0)]
    if draws.is_drawn(30):
        journey.append((_REMOVE_FROM_LIST, _HOUR + draws.below(40 * _HOUR)))
    return journey


def _moment(draws: _Draws) -> Journey:
    return [(_VISIT, 0), (_VISIT, 30 + draws.below(90)), (_MOMENT, 130 + draws.below(20))]


def _single(*type_ids: int) -> Callable[[_Draws], Journey]:
    return lambda draws: [(type_ids[draws.below(len(type_ids))], 0)]


@dataclass(frozen=True, slots=True)
class _Step:
    """One activity, without its attributes; ``run_id`` is the run of the campaign."""

    happened_at: int
    lead: LeadHistory
    activity_type: ActivityTypeDefinition
    asset: Asset
    campaign_id: int | None = None
    run_id: int = 0
    result: str = "succeeded"


@dataclass(frozen=True)
class _Run:
    """One run of a campaign, and the assets that its activities can name."""

    id: int
    campaign_id: int | None
    assets: dict[AssetKind, list[Asset]]


class ActivityGenerator:
    """Computes the activities from the seed, the leads and the assets."""

    def __init__(
        self,
        instants: RandomInstants,
        leads: LeadGenerator,
        assets_at: AssetsAt,
        activity_types: Sequence[ActivityTypeDefinition],
        source: ValueSource,
    ) -> None:
        self._instants = instants
        self._leads = leads
        self._assets_at = assets_at
        self._types = {one.id: one for one in activity_types}
        self._source = source
        custom_ids = [number for number in self._types if number >= _FIRST_CUSTOM_ID]
        # How many journeys in a hundred are of each kind.
        kinds = (
            (54, _email),
            (16, _visits),
            (6, _form),
            (8, _single(_DATA_VALUE)),
            (4, _single(_PROGRAM_STATUS)),
            (5, _list),
            (2, _moment),
            (4, _single(*custom_ids)),
            (1, _single(_PREFERENCE_CENTER)),
        )
        self._journeys = [draw for count, draw in kinds for _ in range(count)]
        derived = (DELETE_LEAD_ID, _MERGE)
        self._arbitrary_types = [one for one in activity_types if one.id not in derived]
        self._activity = lru_cache(maxsize=100_000)(self._computed_activity)
        self._steps = lru_cache(maxsize=5000)(self._block_steps)

    def stored(self, time_range: TimeRange, at: int) -> Iterator[Activity]:
        """Activities stored at ``at``: all that happened or were stored in the range, and more."""
        end = min(time_range.end, at)
        yield from filter(
            lambda activity: activity.stored_at <= at,
            map(self._activity, self._indexes_between(time_range.start, end)),
        )
        if _MERGE in self._types:
            yield from self._merges(at)
        if not self._source.is_arbitrary:
            start = time_range.start - _MAX_STORAGE_DELAY
            for index in self._leads.indexes_created_between(start, end):
                activity = self._new_lead(self._leads.history(index))
                if activity.stored_at <= at:
                    yield activity

    def lead_deletions(self, since: int, at: int) -> list[Activity]:
        """The activities "Delete Lead" from ``since`` to ``at``, in time order."""
        return [
            _activity(
                _FIRST_DELETION_GUID + lead.index,
                self._step_of_deletion(lead, lead, DELETE_LEAD_ID),
                {"Remove From CRM": bool(lead.bits & 1)},
            )
            for lead in self._leads.deleted_leads(at)
            if since <= (lead.deleted_at or 0)
        ]

    def _merges(self, at: int) -> Iterator[Activity]:
        """One deleted lead in two was merged into the one before it."""
        for lead in self._leads.deleted_leads(at):
            if random_bits(lead.bits, _MERGE_SALT) % 2 == 0:
                # It is not deleted: one lead in a hundred is.
                winner = self._leads.history(lead.index - 1)
                yield _activity(
                    _FIRST_MERGE_GUID + lead.index,
                    self._step_of_deletion(lead, winner, _MERGE),
                    {
                        "Master Updated": bool(lead.bits & 2),
                        "Merge IDs": str(lead.id),
                        "Merge Source": "Web service API",
                        "Merged in Sales": bool(lead.bits & 4),
                    },
                )

    def _step_of_deletion(self, deleted: LeadHistory, named: LeadHistory, type_id: int) -> _Step:
        name = f"Person {named.id}" if self._source.is_arbitrary else person(named.bits).name
        asset = Asset(named.id, name)
        return _Step(deleted.deleted_at or 0, named, self._types[type_id], asset)

    def _new_lead(self, lead: LeadHistory) -> Activity:
        asset = Asset(lead.id, person(lead.bits).name)
        step = _Step(lead.created_at, lead, self._types[_NEW_LEAD], asset)
        bits = random_bits(lead.bits, 12)
        return self._built(_FIRST_NEW_LEAD_GUID + lead.index, step, bits, lead.index)

    def _indexes_between(self, start: int, end: int) -> range:
        """Indexes that include every activity that happened or was stored in this range."""
        instants = self._instants
        earliest = start - _MAX_STORAGE_DELAY - _MAX_JOURNEY_SECONDS
        first = max(0, instants.max_count_before(earliest) - _BLOCK_SIZE - 1)
        if earliest <= self._leads.history(0).created_at + _MINUTE:
            first = 0
        block_end = -(-instants.max_count_before(end + 1) // _BLOCK_SIZE) * _BLOCK_SIZE
        return range(first, block_end if instants.gap_seconds else min(block_end, instants.count))

    def _computed_activity(self, index: int) -> Activity:
        bits = random_bits(self._instants.seed, index, 3)
        if self._source.is_arbitrary:
            step = self._arbitrary_step(index, bits)
        else:
            step = self._steps(index // _BLOCK_SIZE)[index % _BLOCK_SIZE]
        guid = _FIRST_GUID + index * _GUID_STEP + bits % _GUID_STEP
        return self._built(guid, step, bits, index)

    def _built(self, guid: int, step: _Step, bits: int, index: int) -> Activity:
        if self._source.is_arbitrary:
            attributes = arbitrary_attributes(step.activity_type, bits, self._source)
        else:
            who = person(step.lead.bits)
            context = ActivityContext(who, step.happened_at, step.asset, step.run_id, bits)
            attributes = plausible_attributes(step.activity_type, context, self._source)
        is_late = (bits >> 8) % _LATE_EVERY == 0
        delay = (bits >> 20) % (_MAX_STORAGE_DELAY if is_late else _USUAL_STORAGE_DELAY)
        changed = with_edge_cases(attributes, self._source.edge_cases, bits, index)
        return _activity(guid, step, changed, delay)

    def _arbitrary_step(self, index: int, bits: int) -> _Step:
        """An activity of any type; each is as often as the others."""
        happened_at = self._instants.instant(index)
        activity_type = pick(self._arbitrary_types, bits)
        lead_count = max(1, self._leads.min_count_before(happened_at))
        return _Step(
            happened_at,
            self._leads.history((bits >> 16) % lead_count),
            activity_type,
            pick(assets.assets_in_group(activity_type.asset_group), bits >> 12),
            campaign_id=8000 + (bits >> 24) % 40 if (bits >> 32) % 3 else None,
            result=("succeeded", "skipped", "failed", "succeeded")[(bits >> 28) % 4],
        )

    def _block_steps(self, block: int) -> tuple[_Step, ...]:
        """The activities of a block, in time order. No lead gets its email twice."""
        first_index = block * _BLOCK_SIZE
        start = self._instants.instant(first_index)
        duration = self._instants.instant(first_index + _BLOCK_SIZE) - start
        draws = _Draws(self._instants.seed, block, 5)
        run = self._run(draws, start, block)
        steps: list[_Step] = []
        mailed: set[int] = set()
        while len(steps) < _BLOCK_SIZE:
            lead = self._lead(draws, start)
            journey = pick(self._journeys, draws.bits())(draws)
            # There is no lead yet before the first one was created.
            begin = max(start + draws.below(max(1, duration)), lead.created_at + _MINUTE)
            if journey[0][0] == _SEND and lead.id in mailed:
                continue
            new_steps = self._journey_steps(journey, lead, begin, run, draws.bits())
            steps += new_steps
            mailed |= {lead.id} if new_steps and journey[0][0] == _SEND else set()
        # The end of the last journey can be missing: not all people do everything.
        return tuple(sorted(steps[:_BLOCK_SIZE], key=lambda step: step.happened_at))

    def _run(self, draws: _Draws, start: int, block: int) -> _Run:
        """The email and the campaign of a block, and the other assets that exist at its start."""
        existing = {
            kind: [
                one.asset
                for one in self._assets_at(kind, start)
                if kind is not assets.STATIC_LIST or one.asset.id not in assets.EMPTY_LIST_IDS
            ]
            for kind in _NAMED
        }
        emails, campaigns = existing[assets.EMAIL], self._assets_at(assets.CAMPAIGN, start)
        email_bits, campaign_bits = draws.bits(), draws.bits()
        existing[assets.EMAIL] = [pick(emails, email_bits)] if emails else []
        campaign_id = pick(campaigns, campaign_bits).asset.id if campaigns else None
        return _Run(block + 1, campaign_id, existing)

    def _journey_steps(
        self, journey: Journey, lead: LeadHistory, begin: int, run: _Run, bits: int
    ) -> list[_Step]:
        """The steps of a journey; none if it names an asset that is not created yet."""
        steps = []
        for number, (type_id, seconds) in enumerate(journey):
            kind = _KINDS.get(type_id)
            known = run.assets[kind] if kind else assets_of_type(type_id)
            if not known:
                return []
            # A lead leaves the list to which it was added.
            asset = pick(known, bits if type_id in _LIST_TYPES else combine_bits(bits, number))
            campaign_id = run.campaign_id if type_id in _CAMPAIGN_TYPES else None
            activity_type = self._types[type_id]
            steps.append(_Step(begin + seconds, lead, activity_type, asset, campaign_id, run.id))
        return steps

    def _lead(self, draws: _Draws, at: int) -> LeadHistory:
        """A lead that was created before ``at`` and is not deleted soon after it."""
        lead = self._leads.history(draws.below(max(1, self._leads.min_count_before(at))))
        is_deleted = lead.deleted_at is not None and lead.deleted_at < at + _MAX_JOURNEY_SECONDS * 2
        return self._leads.history(lead.index - 1) if is_deleted else lead


def _activity(
    guid: int, step: _Step, attributes: AttributeValues | None, storage_delay: int = 0
) -> Activity:
    return Activity(
        guid=str(guid),
        lead_id=step.lead.id,
        happened_at=step.happened_at,
        stored_at=step.happened_at + storage_delay,
        activity_type=step.activity_type,
        campaign_id=step.campaign_id,
        primary_value=step.asset if step.activity_type.primary else None,
        attributes=attributes,
        result=step.result,
    )
