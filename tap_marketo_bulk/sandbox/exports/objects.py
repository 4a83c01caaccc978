"""The export objects: the columns, the filters and the records of each."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from tap_marketo_bulk.sandbox.api_errors import invalid_type, invalid_value, missing_value
from tap_marketo_bulk.sandbox.clock import ALL_TIME, format_epoch_seconds
from tap_marketo_bulk.sandbox.data.activity_types import DELETE_LEAD_ID
from tap_marketo_bulk.sandbox.data.activity_values import Activity
from tap_marketo_bulk.sandbox.data.assets import program_channel
from tap_marketo_bulk.sandbox.data.custom_objects import CUSTOM_OBJECTS, CustomObjectDefinition
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.fields import MEMBER_FIELDS
from tap_marketo_bulk.sandbox.data.lead_records import (
    NORMAL_CADENCE,
    PAUSED_CADENCE,
    CustomObjectRecord,
    ProgramMember,
)
from tap_marketo_bulk.sandbox.data.leads import LeadSnapshot
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.exports.checks import (
    LIST_FILTERS,
    check_filter_is_supported,
    check_filters,
    check_list,
    check_list_exists,
    parse_only_filter,
)
from tap_marketo_bulk.sandbox.exports.definition import (
    CreateBody,
    ExportObject,
    ReadValues,
    Select,
)
from tap_marketo_bulk.sandbox.exports.file_writer import format_value
from tap_marketo_bulk.sandbox.options import READ_ACTIVITY, READ_CUSTOM_OBJECT, READ_LEAD

_MAX_PRIMARY_VALUES = 50
_MAX_PROGRAMS = 10


class LeadExport(ExportObject[LeadSnapshot, int]):
    """The object ``leads``: the fields are those of Describe Lead, with exactly one filter."""

    name = "leads"
    permission = READ_LEAD

    def column_types(self) -> Mapping[str, str]:
        """See the base class. Formula fields are not in the expected rows."""
        return {name: field.data_type for name, field in self.data_set.lead_columns.items()}

    def requestable_columns(self) -> Collection[str]:
        """See the base class."""
        return self.data_set.requestable_lead_columns

    def parse_filter(self, filters: object, at: int) -> Select[LeadSnapshot]:
        """See the base class."""
        name, value = parse_only_filter(filters, ("createdAt", "updatedAt", *LIST_FILTERS))
        data_set = self.data_set
        if name in LIST_FILTERS:
            list_id = check_list_exists(data_set, name, value, at)
            return lambda at: (
                lead for lead in data_set.leads(at) if lead.history.is_list_member(list_id, at)
            )
        if name == "createdAt":
            created = self.parse_range(value, name)
            return lambda at: data_set.leads(at, created)
        check_filter_is_supported(is_supported=self.options.updated_at_filter)
        updated = self.parse_range(value, name)
        return lambda at: (
            lead for lead in data_set.leads(at) if data_set.is_in_range(lead.changed_at, updated)
        )

    def all_records(self, at: int) -> Iterable[LeadSnapshot]:
        """See the base class."""
        return self.data_set.leads(at)

    def values_reader(self, columns: Sequence[str], _at: int) -> ReadValues[LeadSnapshot]:
        """See the base class."""
        known = self.data_set.requestable_lead_columns
        fields = [known[name] for name in columns]
        return lambda lead: lead.values(fields)

    def key(self, record: LeadSnapshot) -> int:
        """The id of a lead."""
        return record.history.id

    def format_cell(self, column: str, value: Any) -> str:  # noqa: ANN401 - see the base class
        """See the base class. Some scores are written with a decimal point."""
        has_decimals = EdgeCase.DECIMAL_SCORES in self.options.edge_cases
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if has_decimals and is_number and value % 3 == 0 and self._is_score(column):
            return f"{value}.0"
        return format_value(value)

    def _is_score(self, column: str) -> bool:
        return self.data_set.requestable_lead_columns[column].data_type == "score"


class ActivityExport(ExportObject[Activity, str]):
    """The object ``activities``: fields are optional, the filter ``createdAt`` is required."""

    name = "activities"
    permission = READ_ACTIVITY
    _columns: Mapping[str, Callable[[Activity], Any]] = {
        "marketoGUID": lambda one: one.guid,
        "leadId": lambda one: one.lead_id,
        "activityDate": lambda one: format_epoch_seconds(one.happened_at),
        "activityTypeId": lambda one: one.activity_type.id,
        "campaignId": lambda one: one.campaign_id,
        "primaryAttributeValueId": lambda one: one.primary_value and one.primary_value.id,
        "primaryAttributeValue": lambda one: one.primary_value and one.primary_value.full_name,
        "attributes": lambda one: one.attributes,
        "actionResult": lambda one: one.result,
    }
    default_columns = tuple(_columns)[:-1]

    def column_types(self) -> Mapping[str, str]:
        """See the base class."""
        return dict.fromkeys(self._columns, "string")

    def parse_filter(self, filters: object, _at: int) -> Select[Activity]:
        """See the base class."""
        primary_filters = ("primaryAttributeValueIds", "primaryAttributeValues")
        members = check_filters(filters, ("createdAt", "activityTypeIds", *primary_filters))
        if "createdAt" not in members:
            raise missing_value("The filter 'createdAt' is required")
        type_ids = check_list(members, "activityTypeIds", int)
        self._check_type_ids(type_ids)
        ids = check_list(members, "primaryAttributeValueIds", int)
        names = check_list(members, "primaryAttributeValues", str)
        if ids or names:
            self._check_primary_values(ids, names, type_ids)
        created = self.parse_range(members["createdAt"], "createdAt")

        def is_selected(activity: Activity) -> bool:
            value = activity.primary_value
            has_value = value and (value.id in ids or value.full_name in names)
            has_type = not type_ids or activity.activity_type.id in type_ids
            return has_type and bool(has_value or not (ids or names))

        return lambda at: filter(
            is_selected,
            self.data_set.activities(at, created, has_type_filter=bool(type_ids)),
        )

    def _check_type_ids(self, type_ids: list[int]) -> None:
        unknown = sorted(set(type_ids) - {one.id for one in self.data_set.activity_types})
        if unknown:
            raise invalid_value(f"Invalid activityTypeIds {unknown}")
        if DELETE_LEAD_ID in type_ids:
            raise invalid_value("Activity type 37 is not supported: use Get Deleted Leads")

    def _check_primary_values(self, ids: list[int], names: list[str], type_ids: list[int]) -> None:
        if ids and names:
            message = "primaryAttributeValueIds and primaryAttributeValues cannot be used together"
            raise invalid_value(message)
        if len(ids or names) > _MAX_PRIMARY_VALUES:
            message = f"At most {_MAX_PRIMARY_VALUES} primary attribute values are allowed"
            raise invalid_value(message)
        groups = {one.asset_group for one in self.data_set.activity_types if one.id in type_ids}
        if len(groups) != 1 or "" in groups:
            raise invalid_value(
                "Filters by primary attribute require activityTypeIds of one asset group"
            )

    def all_records(self, at: int) -> Iterable[Activity]:
        """See the base class."""
        return self.data_set.activities(at)

    def values_reader(self, columns: Sequence[str], _at: int) -> ReadValues[Activity]:
        """See the base class."""
        readers = [self._columns[name] for name in columns]
        return lambda activity: [read(activity) for read in readers]

    def key(self, record: Activity) -> str:
        """The ``marketoGUID``."""
        return record.guid

    def format_cell(self, _column: str, value: Any) -> str:  # noqa: ANN401 - see the base class
        """See the base class."""
        return format_value(value)


class MemberExport(ExportObject[ProgramMember, tuple[int, int]]):
    """The object ``program/members``: fields of members and of leads, filters combined with AND.

    One of the filters ``programId`` and ``programIds`` is required. ``programIds`` adds the column
    ``programId`` before all others.
    """

    name = "program/members"
    permission = READ_LEAD
    _fields: Mapping[str, Any] = {field.name: field for field in MEMBER_FIELDS}
    _other_filters = ("isExhausted", "nurtureCadence", "statusNames", "updatedAt")

    def column_types(self) -> Mapping[str, str]:
        """See the base class. The expected rows have no lead fields."""
        return {field.name: field.data_type for field in MEMBER_FIELDS}

    def requestable_columns(self) -> Collection[str]:
        """See the base class."""
        return {*self._fields, *self.data_set.requestable_lead_columns}

    def parse_create_body(self, body: object, at: int) -> CreateBody[ProgramMember]:
        """See the base class. The columns include the added one."""
        parsed = super().parse_create_body(body, at)
        if not isinstance(body, dict) or "programIds" not in body["filter"]:
            return parsed
        columns = list(zip(parsed.columns, parsed.headers, strict=True))
        added = ("programId", "programId")
        if self.options.program_id_column == "once":
            requested = [column for column in columns if column[0] == "programId"]
            added = requested[0] if requested else added
            columns = [column for column in columns if column not in requested]
        names, headers = zip(added, *columns, strict=True)
        return CreateBody(names, headers, parsed.file_format, parsed.select)

    def parse_filter(self, filters: object, at: int) -> Select[ProgramMember]:
        """See the base class."""
        members = check_filters(filters, ("programId", "programIds", *self._other_filters))
        is_supported = self.options.member_updated_at_filter or "updatedAt" not in members
        check_filter_is_supported(is_supported=is_supported)
        program_ids = _check_program_ids(members)
        programs = [one for one in self.data_set.programs(at) if one.asset.id in program_ids]
        unknown = sorted(program_ids - {one.asset.id for one in programs})
        if unknown:
            raise invalid_value(f"Invalid program ids {unknown}")
        status_names = check_list(members, "statusNames", str)
        known = {status.name for one in programs for status in program_channel(one).statuses}
        if not known.issuperset(status_names):
            raise invalid_value(f"Invalid statusNames {sorted(set(status_names) - known)}")
        updated = ALL_TIME
        if "updatedAt" in members:
            updated = self.parse_range(members["updatedAt"], "updatedAt")
        is_exhausted = _check_boolean(members, "isExhausted")
        cadence = self._check_cadence(members)

        def is_selected(member: ProgramMember) -> bool:
            return (
                self.data_set.is_in_range(member.updated_at, updated)
                and is_exhausted in (None, member.is_exhausted)
                and cadence in (None, member.cadence)
                and (not status_names or member.progression_status.name in status_names)
            )

        return lambda at: filter(is_selected, self.data_set.program_members(at, program_ids))

    def _check_cadence(self, members: Mapping[str, object]) -> object:
        cadence = members.get("nurtureCadence")
        permitted = (NORMAL_CADENCE, PAUSED_CADENCE)
        if cadence is not None and cadence not in permitted:
            raise invalid_value(f"'nurtureCadence' must be one of {', '.join(permitted)}")
        return cadence

    def all_records(self, at: int) -> Iterable[ProgramMember]:
        """See the base class."""
        return self.data_set.program_members(at)

    def values_reader(self, columns: Sequence[str], at: int) -> ReadValues[ProgramMember]:
        """See the base class. A name that members and leads have is the field of members."""
        member_fields = [self._fields[name] for name in columns if name in self._fields]
        lead_columns = self.data_set.requestable_lead_columns
        lead_fields = [lead_columns[name] for name in columns if name not in self._fields]

        def read_values(member: ProgramMember) -> list[Any]:
            values = iter(member.values(member_fields))
            lead_values: Iterable[Any] = ()
            if lead_fields:
                lead_values = self.data_set.lead_snapshot(member.lead, at).values(lead_fields)
            more = iter(lead_values)
            return [next(values if name in self._fields else more) for name in columns]

        return read_values

    def key(self, record: ProgramMember) -> tuple[int, int]:
        """The lead id and the program id."""
        return record.lead.id, record.program.asset.id

    def format_cell(self, column: str, value: Any) -> str:  # noqa: ANN401 - see the base class
        """See the base class."""
        style = self.options.member_true_text if column in self._fields else "true"
        return format_value(value, true_text=style)


def _check_program_ids(members: Mapping[str, object]) -> frozenset[int]:
    count = len({"programId", "programIds"} & set(members))
    if count != 1:
        message = "Exactly one of the filters programId and programIds is required"
        raise invalid_value(message) if count else missing_value(message)
    program_ids = check_list(members, "programIds", int)
    if len(program_ids) > _MAX_PROGRAMS:
        raise invalid_value(f"'programIds' must have at most {_MAX_PROGRAMS} values")
    if "programId" in members:
        program_ids = check_list({"programId": [members["programId"]]}, "programId", int)
    return frozenset(program_ids)


def _check_boolean(members: Mapping[str, object], name: str) -> bool | None:
    value = members.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid_type(f"'{name}' must be true or false")
    return value


class CustomObjectExport(ExportObject[CustomObjectRecord, str]):
    """The object ``customobjects/<apiName>``: ``fields`` and exactly one filter are required.

    No field is added to ``fields``, neither ``marketoGUID`` nor ``updatedAt``.
    """

    permission = READ_CUSTOM_OBJECT

    def __init__(self, data_set: DataSet, definition: CustomObjectDefinition) -> None:
        super().__init__(data_set)
        self.name = f"customobjects/{definition.api_name}"
        self._definition = definition
        self._fields = {field.name: field for field in definition.fields}

    def check_error(self) -> str:
        """See the base class."""
        return self._definition.export_error

    def column_types(self) -> Mapping[str, str]:
        """See the base class."""
        return {name: field.data_type for name, field in self._fields.items()}

    def parse_filter(self, filters: object, at: int) -> Select[CustomObjectRecord]:
        """See the base class."""
        name, value = parse_only_filter(filters, ("updatedAt", *LIST_FILTERS))
        is_in_range = self.data_set.is_in_range
        if name in LIST_FILTERS:
            list_id = check_list_exists(self.data_set, name, value, at)
            return lambda at: (
                one for one in self.all_records(at) if one.lead.is_list_member(list_id, at)
            )
        check_filter_is_supported(is_supported=self.options.custom_object_updated_at_filter)
        updated = self.parse_range(value, name)
        return lambda at: (
            one for one in self.all_records(at) if is_in_range(one.updated_at, updated)
        )

    def all_records(self, at: int) -> Iterable[CustomObjectRecord]:
        """See the base class."""
        return self.data_set.custom_object_records(self._definition, at)

    def values_reader(self, columns: Sequence[str], _at: int) -> ReadValues[CustomObjectRecord]:
        """See the base class."""
        fields = [self._fields[name] for name in columns]
        return lambda record: record.values(fields)

    def key(self, record: CustomObjectRecord) -> str:
        """The ``marketoGUID``."""
        return record.guid

    def format_cell(self, _column: str, value: Any) -> str:  # noqa: ANN401 - see the base class
        """See the base class."""
        return format_value(value)


def export_objects(data_set: DataSet) -> dict[str, ExportObject[Any, Any]]:
    """All objects that a create call can name, by name."""
    objects: tuple[ExportObject[Any, Any], ...] = (
        LeadExport(data_set),
        ActivityExport(data_set),
        MemberExport(data_set),
        *(CustomObjectExport(data_set, one) for one in CUSTOM_OBJECTS.values()),
    )
    return {one.name: one for one in objects}
