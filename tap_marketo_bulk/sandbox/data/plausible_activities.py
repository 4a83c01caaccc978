"""The activities of a data set in plausible proportions and orders.

All instants are epoch seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tap_marketo_bulk.sandbox.data.activities import (
    MAX_STORAGE_DELAY,
    Activity,
    ActivityGenerator,
    activity_guid,
    storage_delay,
)
from tap_marketo_bulk.sandbox.data.activity_journeys import (
    EMAIL_TYPES,
    MAX_JOURNEY_SECONDS,
    JourneyTable,
    RandomDraws,
)
from tap_marketo_bulk.sandbox.data.activity_types import ActivityTypeDefinition
from tap_marketo_bulk.sandbox.data.activity_values import ActivityContext, plausible_attributes
from tap_marketo_bulk.sandbox.data.assets import EMAILS, Asset
from tap_marketo_bulk.sandbox.data.attribute_edge_cases import AttributeEdgeCases
from tap_marketo_bulk.sandbox.data.campaign_assets import assets_of_type
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory
from tap_marketo_bulk.sandbox.data.people import person, pick
from tap_marketo_bulk.sandbox.data.random_values import RandomInstants, random_bits
from tap_marketo_bulk.sandbox.data.value_source import ValueSource

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
