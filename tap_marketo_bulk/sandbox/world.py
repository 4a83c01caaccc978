"""The world: leads, activities and lists from one seed, selected by what a filter asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock

from tap_marketo_bulk.sandbox.activities import Activities, Activity, deletion
from tap_marketo_bulk.sandbox.assets import SMART_LISTS, STATIC_LISTS, is_member
from tap_marketo_bulk.sandbox.fields import ECIDS, LeadField, built_in_fields
from tap_marketo_bulk.sandbox.kinds import kinds
from tap_marketo_bulk.sandbox.leads import Leads, LeadState
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.timeline import Timeline

_FOR_EVER = 1 << 40


@dataclass(frozen=True)
class Range:
    """A stretch of time in epoch seconds, as a filter gives it."""

    start: int
    end: int


EVER = Range(0, _FOR_EVER)


@dataclass(frozen=True)
class LeadFilter:
    """Which leads are asked for: ``name`` as in a create body, with its range or its list."""

    name: str = "createdAt"
    range: Range = EVER
    list_id: int = 0


@dataclass(frozen=True)
class ActivityFilter:
    """Which activities are asked for; an empty set asks for all."""

    range: Range = EVER
    type_ids: frozenset[int] = frozenset()
    primary_ids: frozenset[int] = frozenset()
    primary_values: frozenset[str] = frozenset()

    def takes(self, activity: Activity) -> bool:
        """Whether everything but the time is as asked."""
        if self.type_ids and activity.kind.id not in self.type_ids:
            return False
        if not self.primary_ids and not self.primary_values:
            return True
        primary = activity.primary
        return primary is not None and (
            primary.id in self.primary_ids or primary.full_name in self.primary_values
        )


class World:
    """One subscription's records at any instant since its birth, ``birth`` in epoch seconds."""

    def __init__(self, options: Options, birth: int) -> None:
        self.options = options
        self.created_at = birth
        self._fields = [
            field
            for field in built_in_fields(options.many_fields)
            if field.name not in options.left_out_fields
        ]
        self._lock = RLock()
        self._leads = Leads(self._timeline(1, options.leads, options.new_leads_per_hour), options)
        for name, data_type in options.extra_fields:
            self.add_field(name, data_type)
        self.activity_types = kinds(options.many_types)
        self._activities = Activities(
            self._timeline(2, options.activities, options.new_activities_per_hour),
            self._leads,
            self.activity_types,
            key_case=options.attribute_key_case,
        )

    def _timeline(self, salt: int, count: int, per_hour: float) -> Timeline:
        return Timeline(
            seed=self.options.seed * 10 + salt,
            birth=self.created_at,
            count=count,
            history_seconds=self.options.history_days * 86_400,
            gap_seconds=max(1, round(3600 / per_hour)) if per_hour else 0,
        )

    @property
    def fields(self) -> tuple[LeadField, ...]:
        """What Describe Lead tells at present."""
        with self._lock:
            fields = tuple(self._fields)
        return (*fields, ECIDS) if self.options.ecids_described else fields

    @property
    def lead_columns(self) -> dict[str, LeadField]:
        """What a bulk export of leads can hold at present, by REST name."""
        columns = {field.name: field for field in self.fields if field.exportable}
        return columns | {ECIDS.name: ECIDS} if self.options.has_ecids else columns

    @property
    def accepted_columns(self) -> dict[str, LeadField]:
        """What a bulk export of leads may ask for, by REST name."""
        if self.options.formula_fields == "refused":
            return self.lead_columns
        return self.lead_columns | {field.name: field for field in self.fields if field.is_formula}

    def remove_field(self, name: str) -> None:
        """Let the field with that REST name be gone, as if an administrator had hidden it."""
        with self._lock:
            self._fields = [field for field in self._fields if field.rest_name != name]

    def add_field(self, name: str, data_type: str = "string") -> None:
        """Add a custom field with that REST name."""
        with self._lock:
            number = 20_001 + len(self._fields)
            self._fields.append(LeadField(number, name, data_type, name))

    def leads(self, wanted: LeadFilter, at: int) -> Iterator[LeadState]:
        """The leads a filter selects, as they are visible at ``at``."""
        indexes = None
        if wanted.name == "createdAt":
            indexes = self._leads.created_between(wanted.range.start, min(wanted.range.end, at))
        for lead in self._leads.visible(at, indexes):
            if self._takes(wanted, lead, at):
                yield lead

    def _takes(self, wanted: LeadFilter, lead: LeadState, at: int) -> bool:
        if wanted.name == "createdAt":
            return self._within(lead.life.created_at, wanted.range)
        if wanted.name == "updatedAt":
            return self._within(lead.changed_at, wanted.range)
        return is_member(lead, wanted.list_id, at)

    def activities(self, wanted: ActivityFilter, at: int) -> Iterator[Activity]:
        """The activities a filter selects, of those stored by ``at``."""
        by_stored = self.options.activity_filter == "stored"
        indexes = self._activities.between(wanted.range.start, min(wanted.range.end, at))
        for activity in self._activities.stored(at, indexes):
            instant = activity.stored_at if by_stored else activity.happened_at
            if self._within(instant, wanted.range) and wanted.takes(activity):
                yield activity
        if self.options.exports_deletions and not wanted.type_ids:
            for activity in self.deletions(wanted.range.start, at):
                if self._within(activity.happened_at, wanted.range):
                    yield activity

    def deletions(self, since: int, at: int) -> list[Activity]:
        """The deletions of leads from ``since`` on, by ``at``, in order of time."""
        lives = self._leads.deleted(at)
        return [deletion(life) for life in lives if since <= (life.deleted_at or 0)]

    def _within(self, instant: int, wanted: Range) -> bool:
        return wanted.start <= instant < wanted.end + self.options.end_at_inclusive


def list_id(name: str, wanted: object) -> int | None:
    """The id of the list that the filter ``name`` means by ``wanted``, None if there is none."""
    group = STATIC_LISTS if name.startswith("static") else SMART_LISTS
    for entry in group:
        if wanted in ((entry.id,) if name.endswith("Id") else (entry.name, entry.full_name)):
            return entry.id
    return None
