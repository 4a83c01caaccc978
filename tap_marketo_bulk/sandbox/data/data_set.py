"""The data set of a subscription: its fields, and its rows at an instant.

All instants are epoch seconds.
"""

from collections.abc import Collection, Iterator
from threading import RLock

from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange
from tap_marketo_bulk.sandbox.data.activities import ActivityGenerator
from tap_marketo_bulk.sandbox.data.activity_types import Activity, activity_types
from tap_marketo_bulk.sandbox.data.assets import (
    PROGRAM,
    SMART_LIST,
    STATIC_LIST,
    AssetCatalog,
    AssetKind,
    AssetSnapshot,
)
from tap_marketo_bulk.sandbox.data.fields import (
    ECIDS_FIELD,
    EXTERNAL_COMPANY_ID_FIELD,
    CustomObjectDefinition,
    LeadField,
    lead_fields,
)
from tap_marketo_bulk.sandbox.data.lead_records import (
    CustomObjectRecord,
    LeadRecordGenerator,
    ProgramMember,
)
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadSnapshot
from tap_marketo_bulk.sandbox.data.random_values import RandomInstants
from tap_marketo_bulk.sandbox.data.value_source import ValueSource
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.options import Options


class DataSet:
    """The fields and rows of one subscription; other threads may change the fields.

    ``created_at`` is the instant at which the number of leads and of activities is as in
    ``options``; earlier and later instants have fewer and more of them.
    """

    def __init__(self, options: Options, created_at: int) -> None:
        self.options = options
        self.created_at = created_at
        self.first_instant = created_at - options.history_days * 86_400
        self.activity_types = activity_types(options)
        self._fields = lead_fields(options.many_fields)
        if EdgeCase.ARBITRARY_VALUES not in options.edge_cases:
            self._fields.append(EXTERNAL_COMPANY_ID_FIELD)
        self._fields = [one for one in self._fields if one.name not in options.left_out_fields]
        self._lock = RLock()
        for name, data_type in options.extra_fields:
            self.add_field(name, data_type)
        source = ValueSource(options.edge_cases)
        created_instants = self._random_instants(1, options.leads, options.new_leads_per_hour)
        self._leads = LeadGenerator(created_instants, options, source)
        instants = self._random_instants(2, options.activities, options.new_activities_per_hour)
        self._assets = AssetCatalog(options, created_at, created_at - self.first_instant)
        self._activities = ActivityGenerator(
            instants, self._leads, self.assets, self.activity_types, source
        )
        self._records = LeadRecordGenerator(self._leads, options, source)

    def _random_instants(self, number: int, count: int, per_hour: float) -> RandomInstants:
        return RandomInstants(
            seed=self.options.seed * 10 + number,
            created_at=self.created_at,
            count=count,
            history_seconds=self.created_at - self.first_instant,
            gap_seconds=max(1, round(3600 / per_hour)) if per_hour else 0,
        )

    @property
    def fields(self) -> tuple[LeadField, ...]:
        """The current lead fields, as Describe Lead lists them."""
        with self._lock:
            fields = tuple(self._fields)
        return (*fields, ECIDS_FIELD) if self.options.ecids_described else fields

    @property
    def lead_columns(self) -> dict[str, LeadField]:
        """The lead fields with values that a bulk export can contain now, by REST name."""
        columns = {field.name: field for field in self.fields if field.is_exportable}
        return columns | {ECIDS_FIELD.name: ECIDS_FIELD} if self.options.has_ecids else columns

    @property
    def requestable_lead_columns(self) -> dict[str, LeadField]:
        """The lead fields that a create body may contain now, by REST name."""
        return self.lead_columns | {field.name: field for field in self.fields if field.is_formula}

    def remove_field(self, name: str) -> None:
        """Remove the lead field with this REST name, as an administrator can by hiding it."""
        with self._lock:
            self._fields = [field for field in self._fields if field.name != name]

    def add_field(self, name: str, data_type: str = "string") -> None:
        """Add a custom lead field with this REST name."""
        with self._lock:
            self._fields.append(LeadField(name, name, data_type, 20_001 + len(self._fields)))

    def leads(self, at: int, created: TimeRange = ALL_TIME) -> Iterator[LeadSnapshot]:
        """The leads created in a range, as they are visible at ``at``, in creation order."""
        indexes = self._leads.indexes_created_between(created.start, min(created.end, at))
        for history in self._leads.visible_histories(at, indexes):
            if self.is_in_range(history.created_at, created):
                yield self._leads.snapshot(history, at)

    def activities(self, at: int, time_range: TimeRange = ALL_TIME) -> Iterator[Activity]:
        """The activities of a range that Marketo has stored at ``at``."""
        use_stored_at = self.options.activity_filter == "stored"
        for activity in self._activities.stored(time_range, at):
            instant = activity.stored_at if use_stored_at else activity.happened_at
            if self.is_in_range(instant, time_range):
                yield activity
        if self.options.exports_deletions:
            for activity in self.lead_deletions(time_range.start, at):
                if self.is_in_range(activity.happened_at, time_range):
                    yield activity

    def lead_deletions(self, since: int, at: int) -> list[Activity]:
        """The activities "Delete Lead" from ``since`` to ``at``, in time order."""
        return self._activities.lead_deletions(since, at)

    def custom_object_records(
        self, definition: CustomObjectDefinition, at: int
    ) -> Iterator[CustomObjectRecord]:
        """The records of a custom object, as they are visible at ``at``."""
        return self._records.records(definition, self._instant_of_objects(at))

    def program_members(
        self, at: int, program_ids: Collection[int] | None = None
    ) -> Iterator[ProgramMember]:
        """The members of these programs (None: of all), as they are visible at ``at``."""
        programs = [
            one
            for one in self.assets(PROGRAM, at)
            if program_ids is None or one.asset.id in program_ids
        ]
        return self._records.members(programs, self._instant_of_objects(at), at)

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

    def is_in_range(self, instant: int, time_range: TimeRange) -> bool:
        """Whether a filter selects ``instant``, by the option ``end_at_inclusive``."""
        return time_range.start <= instant < time_range.end + self.options.end_at_inclusive

    def _instant_of_objects(self, at: int) -> int:
        """The instant to use in place of ``at`` for everything except leads and activities."""
        return at if self.options.object_changes else min(at, self.created_at)
