"""All activities of a data set: generated ones, and those that follow from other data.

All instants are epoch seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange
from tap_marketo_bulk.sandbox.data.activities import (
    MAX_STORAGE_DELAY,
    Activity,
    ActivityGenerator,
    AttributeValues,
    delete_lead_activity,
)
from tap_marketo_bulk.sandbox.data.activity_types import ActivityTypeDefinition, has_more_types
from tap_marketo_bulk.sandbox.data.activity_values import ActivityContext, plausible_attributes
from tap_marketo_bulk.sandbox.data.arbitrary_activities import (
    ArbitraryActivities,
    arbitrary_attributes,
)
from tap_marketo_bulk.sandbox.data.attribute_edge_cases import AttributeEdgeCases
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory
from tap_marketo_bulk.sandbox.data.people import person
from tap_marketo_bulk.sandbox.data.plausible_activities import PlausibleActivities
from tap_marketo_bulk.sandbox.data.random_values import RandomInstants
from tap_marketo_bulk.sandbox.data.unsubscribes_and_merges import (
    merge_activity,
    unsubscribe_activity,
)
from tap_marketo_bulk.sandbox.data.value_source import ValueSource
from tap_marketo_bulk.sandbox.options import Options


@dataclass(frozen=True)
class ActivityRowFilter:
    """The filters of an activity export, combined with AND; an empty set selects everything."""

    time_range: TimeRange = ALL_TIME
    type_ids: frozenset[int] = frozenset()
    primary_ids: frozenset[int] = frozenset()
    primary_names: frozenset[str] = frozenset()

    def matches_type(self, activity: Activity) -> bool:
        """Whether all filters except the time range select ``activity``."""
        if self.type_ids and activity.activity_type.id not in self.type_ids:
            return False
        if not self.primary_ids and not self.primary_names:
            return True
        value = activity.primary_value
        return value is not None and (
            value.id in self.primary_ids or value.full_name in self.primary_names
        )


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

    def rows(
        self,
        row_filter: ActivityRowFilter,
        at: int,
        is_in_range: Callable[[int, TimeRange], bool],
    ) -> Iterator[Activity]:
        """The activities that the filter selects and that Marketo has stored at ``at``."""
        time_range = row_filter.time_range
        use_stored_at = self._options.activity_filter == "stored"
        for activity in self._stored(time_range, at):
            instant = activity.stored_at if use_stored_at else activity.happened_at
            if is_in_range(instant, time_range) and row_filter.matches_type(activity):
                yield activity
        if self._options.exports_deletions and not row_filter.type_ids:
            for activity in self.lead_deletions(time_range.start, at):
                if is_in_range(activity.happened_at, time_range):
                    yield activity

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

    def _stored(self, time_range: TimeRange, at: int) -> Iterator[Activity]:
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
