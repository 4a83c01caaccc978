"""The export of program members."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tap_marketo_bulk.sandbox.api_errors import invalid_type, invalid_value, missing_value
from tap_marketo_bulk.sandbox.clock import ALL_TIME
from tap_marketo_bulk.sandbox.data.lead_fields import LeadFieldDefinition
from tap_marketo_bulk.sandbox.data.member_fields import MEMBER_FIELDS
from tap_marketo_bulk.sandbox.data.program_members import (
    NORMAL_CADENCE,
    MemberRowFilter,
    ProgramMember,
    program_channel,
)
from tap_marketo_bulk.sandbox.data.random_values import Value
from tap_marketo_bulk.sandbox.exports.checks import (
    check_field_names,
    check_filter_is_supported,
    check_filters,
    check_known_fields,
    check_list,
    check_object,
    check_time_range,
)
from tap_marketo_bulk.sandbox.exports.definition import (
    CREATE_BODY_MEMBERS,
    CreateBody,
    ExpectedRow,
    ExportDefinition,
    json_value,
)
from tap_marketo_bulk.sandbox.exports.file_writer import format_value
from tap_marketo_bulk.sandbox.options import READ_LEAD

FILTERS = (
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
        if "programIds" not in check_filters(members["filter"], FILTERS):
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
        members = check_filters(filters, FILTERS)
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
