"""The data set of a subscription, and the rows that a filter selects at an instant.

All instants are epoch seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock

from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange
from tap_marketo_bulk.sandbox.data.activities import ActivityRowFilter, ActivityRows
from tap_marketo_bulk.sandbox.data.activity_types import activity_types
from tap_marketo_bulk.sandbox.data.activity_values import Activity
from tap_marketo_bulk.sandbox.data.assets import (
    PROGRAM,
    SMART_LIST,
    STATIC_LIST,
    AssetCatalog,
    AssetKind,
    AssetSnapshot,
)
from tap_marketo_bulk.sandbox.data.custom_objects import (
    CustomObjectDefinition,
    CustomObjectGenerator,
    CustomObjectRecord,
    CustomObjectRowFilter,
)
from tap_marketo_bulk.sandbox.data.fields import (
    ECIDS_FIELD,
    EXTERNAL_COMPANY_ID_FIELD,
    LeadFieldDefinition,
    built_in_fields,
)
from tap_marketo_bulk.sandbox.data.leads import (
    LeadGenerator,
    LeadHistory,
    LeadSnapshot,
    is_list_member,
)
from tap_marketo_bulk.sandbox.data.program_members import (
    MemberRowFilter,
    ProgramMember,
    ProgramMemberGenerator,
)
from tap_marketo_bulk.sandbox.data.random_values import RandomInstants
from tap_marketo_bulk.sandbox.data.value_source import ValueSource
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options


@dataclass(frozen=True)
class LeadRowFilter:
    """The filter of a lead export: its ``name`` in the create body, and its range or its list."""

    name: str = "createdAt"
    time_range: TimeRange = ALL_TIME
    list_id: int = 0


class DataSet:
    """The fields, leads and activities of one subscription; other threads may change the fields.

    ``created_at`` is the instant at which the number of leads and of activities is as in
    ``options``; earlier and later instants have fewer and more of them.
    """

    def __init__(self, options: Options, created_at: int) -> None:
        self.options = options
        self.created_at = created_at
        self.activity_types = activity_types(options)
        self._fields = [
            field for field in self._all_fields() if field.name not in options.left_out_fields
        ]
        self._lock = RLock()
        for name, data_type in options.extra_fields:
            self.add_field(name, data_type)
        source = ValueSource(options.edge_cases)
        self._leads = LeadGenerator(
            self._random_instants(1, options.leads, options.new_leads_per_hour), options, source
        )
        self._activities = ActivityRows(
            self._random_instants(2, options.activities, options.new_activities_per_hour),
            self._leads,
            self.activity_types,
            options,
            source,
        )
        self._custom_objects = CustomObjectGenerator(self._leads, options, source)
        self._members = ProgramMemberGenerator(self._leads, options, source)
        self._assets = AssetCatalog(options, created_at, created_at - self.first_instant)

    def _all_fields(self) -> list[LeadFieldDefinition]:
        fields = built_in_fields(self.options.many_fields)
        if EdgeCase.ARBITRARY_VALUES in self.options.edge_cases:
            return fields
        return [*fields, EXTERNAL_COMPANY_ID_FIELD]

    def _random_instants(self, number: int, count: int, per_hour: float) -> RandomInstants:
        return RandomInstants(
            seed=self.options.seed * 10 + number,
            created_at=self.created_at,
            count=count,
            history_seconds=self.options.history_days * 86_400,
            gap_seconds=max(1, round(3600 / per_hour)) if per_hour else 0,
        )

    @property
    def first_instant(self) -> int:
        """The start of the history of the data set."""
        return self.created_at - self.options.history_days * 86_400

    @property
    def fields(self) -> tuple[LeadFieldDefinition, ...]:
        """The current lead fields, as Describe Lead lists them."""
        with self._lock:
            fields = tuple(self._fields)
        return (*fields, ECIDS_FIELD) if self.options.ecids_described else fields

    @property
    def lead_columns(self) -> dict[str, LeadFieldDefinition]:
        """The lead fields with values that a bulk export can contain now, by REST name."""
        columns = {field.name: field for field in self.fields if field.is_exportable}
        return columns | {ECIDS_FIELD.name: ECIDS_FIELD} if self.options.has_ecids else columns

    @property
    def requestable_lead_columns(self) -> dict[str, LeadFieldDefinition]:
        """The lead fields that a create body may contain now, by REST name."""
        if self.options.formula_fields == "rejected":
            return self.lead_columns
        return self.lead_columns | {field.name: field for field in self.fields if field.is_formula}

    def remove_field(self, name: str) -> None:
        """Remove the lead field with this REST name, as an administrator can by hiding it."""
        with self._lock:
            self._fields = [field for field in self._fields if field.rest_name != name]

    def add_field(self, name: str, data_type: str = "string") -> None:
        """Add a custom lead field with this REST name."""
        with self._lock:
            field_id = 20_001 + len(self._fields)
            self._fields.append(LeadFieldDefinition(field_id, name, data_type, name))

    def leads(self, row_filter: LeadRowFilter, at: int) -> Iterator[LeadSnapshot]:
        """The leads that the filter selects, as they are visible at ``at``, in creation order."""
        indexes = None
        if row_filter.name == "createdAt":
            end = min(row_filter.time_range.end, at)
            indexes = self._leads.indexes_created_between(row_filter.time_range.start, end)
        for lead in self._leads.visible_leads(at, indexes):
            if self._matches(row_filter, lead, at):
                yield lead

    def _matches(self, row_filter: LeadRowFilter, lead: LeadSnapshot, at: int) -> bool:
        if row_filter.name == "createdAt":
            return self._is_in_range(lead.history.created_at, row_filter.time_range)
        if row_filter.name == "updatedAt":
            return self._is_in_range(lead.changed_at, row_filter.time_range)
        return is_list_member(lead.history, row_filter.list_id, at)

    def activities(self, row_filter: ActivityRowFilter, at: int) -> Iterator[Activity]:
        """The activities that the filter selects and that Marketo has stored at ``at``."""
        return self._activities.rows(row_filter, at, self._is_in_range)

    def lead_deletions(self, since: int, at: int) -> list[Activity]:
        """The activities "Delete Lead" from ``since`` to ``at``, in time order."""
        return self._activities.lead_deletions(since, at)

    def custom_object_records(
        self, definition: CustomObjectDefinition, row_filter: CustomObjectRowFilter, at: int
    ) -> Iterator[CustomObjectRecord]:
        """The records of a custom object that the filter selects, as they are visible at ``at``."""
        instant = self._instant_of_objects(at)
        return self._custom_objects.records(definition, row_filter, instant, self._is_in_range)

    def program_members(self, row_filter: MemberRowFilter, at: int) -> Iterator[ProgramMember]:
        """The members of programs that the filter selects, as they are visible at ``at``."""
        program_ids = row_filter.program_ids
        programs = [
            one for one in self.programs(at) if program_ids is None or one.asset.id in program_ids
        ]
        for member in self._members.members(programs, self._instant_of_objects(at)):
            is_in_range = self._is_in_range(member.updated_at, row_filter.time_range)
            if is_in_range and row_filter.matches(member):
                yield member

    def lead_snapshot(self, lead: LeadHistory, at: int) -> LeadSnapshot:
        """The lead as it is visible at ``at``."""
        return self._leads.snapshot(lead, at)

    def programs(self, at: int) -> list[AssetSnapshot]:
        """The programs that exist at ``at``."""
        return self.assets(PROGRAM, at)

    def assets(self, kind: AssetKind, at: int) -> list[AssetSnapshot]:
        """The assets of a kind that exist at ``at``, in order of creation."""
        return self._assets.assets(kind, self._instant_of_objects(at))

    def find_list_id(self, filter_name: str, value: object, at: int) -> int | None:
        """The id of the list that a list filter selects and that exists at ``at``, or None.

        ``filter_name`` is ``staticListId``, ``staticListName``, ``smartListId`` or
        ``smartListName``; ``value`` is an id, a name or a full name.
        """
        kind = STATIC_LIST if filter_name.startswith("static") else SMART_LIST
        for one in (snapshot.asset for snapshot in self.assets(kind, at)):
            keys = (one.id,) if filter_name.endswith("Id") else (one.name, one.full_name)
            if value in keys:
                return one.id
        return None

    def _instant_of_objects(self, at: int) -> int:
        """The instant to use in place of ``at`` for everything except leads and activities."""
        return at if self.options.object_changes else min(at, self.created_at)

    def _is_in_range(self, instant: int, time_range: TimeRange) -> bool:
        return time_range.contains(instant, includes_end=self.options.end_at_inclusive)
