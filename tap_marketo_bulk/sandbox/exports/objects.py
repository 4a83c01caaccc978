"""The export objects: the fields, the filters and the rows of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from tap_marketo_bulk.sandbox.api_errors import invalid_type, invalid_value, missing_value
from tap_marketo_bulk.sandbox.clock import ALL_TIME, format_epoch_seconds
from tap_marketo_bulk.sandbox.data.activities import ActivityRowFilter
from tap_marketo_bulk.sandbox.data.activity_types import DELETE_LEAD_ID
from tap_marketo_bulk.sandbox.data.activity_values import Activity, AttributeValues
from tap_marketo_bulk.sandbox.data.custom_objects import (
    CustomObjectDefinition,
    CustomObjectRowFilter,
)
from tap_marketo_bulk.sandbox.data.data_set import DataSet, LeadRowFilter
from tap_marketo_bulk.sandbox.data.fields import MEMBER_FIELDS, LeadFieldDefinition, ObjectField
from tap_marketo_bulk.sandbox.data.program_members import (
    NORMAL_CADENCE,
    MemberRowFilter,
    ProgramMember,
    program_channel,
)
from tap_marketo_bulk.sandbox.data.random_values import Value
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.exports.definition import (
    CREATE_BODY_MEMBERS,
    LIST_FILTERS,
    CreateBody,
    ExpectedRow,
    ExportDefinition,
    check_field_names,
    check_filter_is_supported,
    check_filters,
    check_known_fields,
    check_list,
    check_list_exists,
    check_object,
    check_time_range,
    json_value,
    parse_only_filter,
)
from tap_marketo_bulk.sandbox.exports.file_writer import format_json, format_value
from tap_marketo_bulk.sandbox.options import READ_ACTIVITY, READ_CUSTOM_OBJECT, READ_LEAD

LEAD_FILTERS = ("createdAt", "updatedAt", *LIST_FILTERS)


class LeadExport(ExportDefinition[LeadRowFilter, int]):
    """The object ``leads``: the fields are those of Describe Lead, with exactly one filter."""

    name = "leads"
    permission = READ_LEAD

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``, which is required; see the base class."""
        names = check_field_names(fields, is_strict=self.is_strict)
        check_known_fields(names, self.data_set.requestable_lead_columns, self.data_set.options)
        return names

    def parse_filter(self, filters: object, at: int) -> LeadRowFilter:
        """Parse the one filter; see the base class."""
        name, value = parse_only_filter(filters, LEAD_FILTERS)
        options = self.data_set.options
        if name == "updatedAt":
            check_filter_is_supported(is_supported=options.updated_at_filter)
        if name not in LIST_FILTERS:
            return LeadRowFilter(name, check_time_range(value, name, is_strict=self.is_strict))
        return LeadRowFilter(name, list_id=check_list_exists(self.data_set, name, value, at))

    def file_rows(
        self, columns: tuple[str, ...], row_filter: LeadRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each lead; see the base class."""
        known = self.data_set.requestable_lead_columns
        fields = [known[name] for name in columns]
        for lead in self.data_set.leads(row_filter, at):
            yield map(self._format, fields, lead.values(fields))

    def _format(self, field: LeadFieldDefinition, value: Value) -> str:
        has_decimals = EdgeCase.DECIMAL_SCORES in self.data_set.options.edge_cases
        is_score = has_decimals and field.data_type == "score"
        if is_score and isinstance(value, int) and value % 3 == 0:
            return f"{value}.0"
        return format_value(value, true_text=self.data_set.options.boolean_style)

    def expected_rows(self, row_filter: LeadRowFilter | None, at: int) -> dict[int, ExpectedRow]:
        """The leads by id; see the base class. Formula fields are not in them."""
        columns = self.data_set.lead_columns
        fields = tuple(columns.values())
        return {
            lead.history.id: dict(zip(columns, map(json_value, lead.values(fields)), strict=True))
            for lead in self.data_set.leads(row_filter or LeadRowFilter(), at)
        }


_ActivityValue = str | int | AttributeValues | None
_COLUMNS: dict[str, Callable[[Activity], _ActivityValue]] = {
    "marketoGUID": lambda activity: activity.guid,
    "leadId": lambda activity: activity.lead_id,
    "activityDate": lambda activity: format_epoch_seconds(activity.happened_at),
    "activityTypeId": lambda activity: activity.activity_type.id,
    "campaignId": lambda activity: activity.campaign_id,
    "primaryAttributeValueId": lambda activity: (
        activity.primary_value.id if activity.primary_value else None
    ),
    "primaryAttributeValue": lambda activity: (
        activity.primary_value.full_name if activity.primary_value else None
    ),
    "attributes": lambda activity: activity.attributes,
    "actionResult": lambda activity: activity.result,
}
DEFAULT_COLUMNS = tuple(name for name in _COLUMNS if name != "actionResult")
"""The columns of an export without ``fields``."""
ACTIVITY_FILTERS = (
    "createdAt",
    "activityTypeIds",
    "primaryAttributeValueIds",
    "primaryAttributeValues",
)
_MAX_PRIMARY_VALUES = 50


class ActivityExport(ExportDefinition[ActivityRowFilter, str]):
    """The object ``activities``: fields are optional, the filter ``createdAt`` is required."""

    name = "activities"
    permission = READ_ACTIVITY

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``; see the base class.

        None gives ``DEFAULT_COLUMNS``, and so does an empty list (seen).
        """
        if fields is None or (fields == [] and not self.is_strict):
            return DEFAULT_COLUMNS
        names = check_field_names(fields, is_strict=self.is_strict)
        unknown = [name for name in names if name not in _COLUMNS]
        if unknown:
            raise invalid_value(f"Invalid fields [{', '.join(unknown)}]")
        return names

    def parse_filter(self, filters: object, _at: int) -> ActivityRowFilter:
        """Parse the filters; see the base class."""
        members = check_filters(filters, ACTIVITY_FILTERS)
        if "createdAt" not in members:
            raise missing_value("The filter 'createdAt' is required")
        type_ids = check_list(members, "activityTypeIds", int)
        self._check_type_ids(type_ids)
        ids = check_list(members, "primaryAttributeValueIds", int)
        names = check_list(members, "primaryAttributeValues", str)
        if ids or names:
            self._check_primary_values(ids, names, type_ids)
        return ActivityRowFilter(
            check_time_range(members["createdAt"], "createdAt", is_strict=self.is_strict),
            frozenset(type_ids),
            frozenset(ids),
            frozenset(names),
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

    def file_rows(
        self, columns: tuple[str, ...], row_filter: ActivityRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each activity; see the base class."""
        get_values = [_COLUMNS[name] for name in columns]
        for activity in self.data_set.activities(row_filter, at):
            yield [_format(get_value(activity)) for get_value in get_values]

    def expected_rows(
        self, row_filter: ActivityRowFilter | None, at: int
    ) -> dict[str, ExpectedRow]:
        """The activities by ``marketoGUID``; see the base class."""
        activities = self.data_set.activities(row_filter or ActivityRowFilter(), at)
        return {activity.guid: expected_activity(activity) for activity in activities}


def expected_activity(activity: Activity) -> ExpectedRow:
    """All columns of an activity; ``attributes`` is a dictionary of JSON values, or None."""
    return {name: _json_value(get_value(activity)) for name, get_value in _COLUMNS.items()}


def _format(value: _ActivityValue) -> str:
    return format_json(value) if isinstance(value, dict) else format_value(value)


def _json_value(value: _ActivityValue) -> object:
    if isinstance(value, dict):
        return {name: json_value(attribute) for name, attribute in value.items()}
    return json_value(value)


MEMBER_FILTERS = (
    "programId",
    "programIds",
    "isExhausted",
    "nurtureCadence",
    "statusNames",
    "updatedAt",
)
_MAX_PROGRAMS = 10
_MEMBER_FIELDS = {field.name: field for field in MEMBER_FIELDS}


class MemberExport(ExportDefinition[MemberRowFilter, tuple[int, int]]):
    """The object ``program/members``: fields of members and of leads, filters combined with AND.

    ``fields`` and one of ``programId`` and ``programIds`` are required. ``programIds`` adds the
    column ``programId`` before all others.
    """

    name = "program/members"
    permission = READ_LEAD

    def parse_create_body(self, body: object, at: int) -> CreateBody[MemberRowFilter]:
        """Parse a create body; see the base class. The columns include the added one."""
        parsed = super().parse_create_body(body, at)
        members = check_object(body, "request body", CREATE_BODY_MEMBERS, is_strict=self.is_strict)
        if "programIds" not in check_filters(members["filter"], MEMBER_FILTERS):
            return parsed
        columns = list(zip(parsed.columns, parsed.headers, strict=True))
        added = ("programId", "programId")
        if self.data_set.options.program_id_column == "once":
            requested = [column for column in columns if column[0] == "programId"]
            added = requested[0] if requested else added
            columns = [column for column in columns if column not in requested]
        names, headers = zip(added, *columns, strict=True)
        return replace(parsed, columns=names, headers=headers)

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``, which is required; see the base class."""
        names = check_field_names(fields, is_strict=self.is_strict)
        known = {*_MEMBER_FIELDS, *self.data_set.requestable_lead_columns}
        check_known_fields(names, known, self.data_set.options)
        return names

    def parse_filter(self, filters: object, at: int) -> MemberRowFilter:
        """Parse the filters; see the base class."""
        members = check_filters(filters, MEMBER_FILTERS)
        if "updatedAt" in members:
            options = self.data_set.options
            check_filter_is_supported(is_supported=options.member_updated_at_filter)
        program_ids = _check_program_ids(members)
        programs = [one for one in self.data_set.programs(at) if one.asset.id in program_ids]
        unknown = sorted(program_ids - {one.asset.id for one in programs})
        if unknown:
            raise invalid_value(f"Invalid program ids {unknown}")
        status_names = check_list(members, "statusNames", str)
        known = {status.name for one in programs for status in program_channel(one).statuses}
        if not known.issuperset(status_names):
            raise invalid_value(f"Invalid statusNames {sorted(set(status_names) - known)}")
        time_range = ALL_TIME
        if "updatedAt" in members:
            time_range = check_time_range(
                members["updatedAt"], "updatedAt", is_strict=self.is_strict
            )
        return MemberRowFilter(
            program_ids,
            _check_boolean(members, "isExhausted"),
            self._check_cadence(members),
            frozenset(status_names) if status_names else None,
            time_range,
        )

    def _check_cadence(self, members: Mapping[str, object]) -> str | None:
        cadence = members.get("nurtureCadence")
        permitted = (NORMAL_CADENCE, self.data_set.options.paused_cadence)
        if cadence is not None and cadence not in permitted:
            raise invalid_value(f"'nurtureCadence' must be one of {', '.join(permitted)}")
        return None if cadence is None else str(cadence)

    def file_rows(
        self, columns: tuple[str, ...], row_filter: MemberRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each member; see the base class."""
        options = self.data_set.options
        lead_columns = self.data_set.requestable_lead_columns
        lead_fields = [lead_columns[name] for name in columns if name not in _MEMBER_FIELDS]
        for member in self.data_set.program_members(row_filter, at):
            lead_values = self._lead_values(member, lead_fields, at)
            yield [
                format_value(member.value(_MEMBER_FIELDS[name]), true_text=options.member_true_text)
                if name in _MEMBER_FIELDS
                else format_value(lead_values[name], true_text=options.boolean_style)
                for name in columns
            ]

    def _lead_values(
        self, member: ProgramMember, fields: list[LeadFieldDefinition], at: int
    ) -> dict[str, Value]:
        if not fields:
            return {}
        values = self.data_set.lead_snapshot(member.lead, at).values(fields)
        return {field.name: value for field, value in zip(fields, values, strict=True)}

    def expected_rows(
        self, row_filter: MemberRowFilter | None, at: int
    ) -> dict[tuple[int, int], ExpectedRow]:
        """The members by lead id and program id, with all member fields; see the base class."""
        return {
            (member.lead.id, member.program.asset.id): {
                name: json_value(member.value(field)) for name, field in _MEMBER_FIELDS.items()
            }
            for member in self.data_set.program_members(row_filter or MemberRowFilter(), at)
        }


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


CUSTOM_OBJECT_FILTERS = ("updatedAt", *LIST_FILTERS)


class CustomObjectExport(ExportDefinition[CustomObjectRowFilter, str]):
    """The object ``customobjects/<apiName>``: ``fields`` and exactly one filter are required.

    No field is added to ``fields``, neither ``marketoGUID`` nor ``updatedAt``.
    """

    permission = READ_CUSTOM_OBJECT

    def __init__(self, data_set: DataSet, definition: CustomObjectDefinition) -> None:
        super().__init__(data_set)
        self.name = f"customobjects/{definition.api_name}"
        self._definition = definition

    def parse_create_body(self, body: object, at: int) -> CreateBody[CustomObjectRowFilter]:
        """Parse a create body; see the base class.

        Raises:
            SandboxApiError: Bulk Extract does not export this object, or the body is invalid.
        """
        if self._definition.export_error:
            raise invalid_value(self._definition.export_error)
        return super().parse_create_body(body, at)

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``, which is required; see the base class."""
        names = check_field_names(fields, is_strict=self.is_strict)
        known = {self._key(field.name) for field in self._definition.fields}
        unknown = [name for name in names if self._key(name) not in known]
        check_known_fields(unknown, (), self.data_set.options)
        return names

    def parse_filter(self, filters: object, at: int) -> CustomObjectRowFilter:
        """Parse the one filter; see the base class."""
        name, value = parse_only_filter(filters, CUSTOM_OBJECT_FILTERS)
        if name == "updatedAt":
            options = self.data_set.options
            check_filter_is_supported(is_supported=options.custom_object_updated_at_filter)
            return CustomObjectRowFilter(check_time_range(value, name, is_strict=self.is_strict))
        return CustomObjectRowFilter(list_id=check_list_exists(self.data_set, name, value, at))

    def file_rows(
        self, columns: tuple[str, ...], row_filter: CustomObjectRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each record; see the base class."""
        known = {self._key(field.name): field for field in self._definition.fields}
        fields = [known[self._key(name)] for name in columns]
        for record in self.data_set.custom_object_records(self._definition, row_filter, at):
            yield map(format_value, record.values(fields))

    def expected_rows(
        self, row_filter: CustomObjectRowFilter | None, at: int
    ) -> dict[str, ExpectedRow]:
        """The records by ``marketoGUID``; see the base class."""
        fields = self._definition.fields
        names = [field.name for field in fields]
        row_filter = row_filter or CustomObjectRowFilter()
        return {
            record.guid: dict(zip(names, map(json_value, record.values(fields)), strict=True))
            for record in self.data_set.custom_object_records(self._definition, row_filter, at)
        }

    def column_fields(self) -> dict[str, ObjectField]:
        """All fields by name."""
        return {field.name: field for field in self._definition.fields}

    def _key(self, name: str) -> str:
        ignores_case = self.data_set.options.custom_object_field_case == "ignored"
        return name.casefold() if ignores_case else name
