"""The parts of a create body: their checks, and the records that its filters select.

Each function raises ``SandboxApiError`` with a message that names the invalid member.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar

from tap_marketo_bulk.sandbox.api_errors import (
    ApiErrorCode,
    SandboxApiError,
    invalid_date,
    invalid_type,
    invalid_value,
    missing_value,
)
from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange, epoch_seconds_of
from tap_marketo_bulk.sandbox.data.activity_types import DELETE_LEAD_ID
from tap_marketo_bulk.sandbox.data.assets import PROGRAM, program_channel
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.lead_records import NORMAL_CADENCE, PAUSED_CADENCE

_MAX_RANGE_SECONDS = 31 * 86_400
_MAX_PRIMARY_VALUES = 50
_MAX_PROGRAMS = 10
_Item = TypeVar("_Item", int, str)


def check_object(
    value: object, what: str, member_names: Collection[str], *, is_strict: bool
) -> Mapping[str, object]:
    """Return ``value`` if it is a JSON object.

    If ``is_strict``, it must have no other members than ``member_names``. ``what`` describes the
    value in the error message.
    """
    if value is None:
        raise missing_value(f"Missing value for the required {what}")
    if not isinstance(value, dict):
        raise invalid_type(f"The {what} must be a JSON object with members")
    unknown = sorted(set(value) - set(member_names))
    if unknown and is_strict:
        raise invalid_value(f"Unknown members of the {what}: {', '.join(unknown)}")
    return value


def check_list(filters: Mapping[str, object], name: str, item_type: type[_Item]) -> list[_Item]:
    """Return the list in the filter ``name``; an empty list if the filter is absent.

    An empty list in the filter is an error.
    """
    value = filters.get(name)
    if value is None:
        return []
    # The types must be the same: True is an instance of int.
    if (
        not isinstance(value, list)
        or not value
        or any(type(item) is not item_type for item in value)
    ):
        raise invalid_type(f"'{name}' must be a list of {item_type.__name__} values")
    return value


def check_time_range(value: object, filter_name: str, *, is_strict: bool) -> TimeRange:
    """Return the range ``{"startAt": ..., "endAt": ...}`` of a filter, at most 31 days long."""
    names = ("startAt", "endAt")
    members = check_object(value, f"filter '{filter_name}'", names, is_strict=is_strict)
    try:
        start, end = (epoch_seconds_of(str(members[key]), is_strict=is_strict) for key in names)
    except KeyError as missing:
        raise missing_value(f"The filter '{filter_name}' has no {missing}") from None
    except ValueError as error:
        raise invalid_date(f"The filter '{filter_name}' is invalid: {error}") from None
    if end < start:
        raise invalid_value(f"The filter '{filter_name}' ends before it starts")
    if end - start > _MAX_RANGE_SECONDS:
        raise invalid_value(f"The filter '{filter_name}' is longer than 31 days")
    return TimeRange(start, end)


def check_field_names(value: object, *, is_strict: bool) -> tuple[str, ...]:
    """Return the texts of the list ``fields`` if there is at least one.

    If ``is_strict``, none may be repeated; else each is returned once.
    """
    if value is None or value == []:
        raise missing_value("'fields' must be a list of field names")
    if not isinstance(value, list):
        raise invalid_type("'fields' must be a list of field names")
    if any(not isinstance(name, str) for name in value):
        raise invalid_type("'fields' must contain texts, and each field name once")
    if is_strict and len(set(value)) < len(value):
        raise invalid_value("'fields' must contain texts, and each field name once")
    return tuple(dict.fromkeys(value))


def check_headers(value: object, columns: tuple[str, ...], *, is_strict: bool) -> tuple[str, ...]:
    """Return the header of each column; ``value`` is ``columnHeaderNames``, {} without it."""
    headers = check_object(value, "columnHeaderNames", columns, is_strict=is_strict)
    if any(not isinstance(header, str) for header in headers.values()):
        raise invalid_type("columnHeaderNames must map field names to texts")
    return tuple(str(headers.get(column, column)) for column in columns)


@dataclass
class Selection:
    """The records that filters select: those of a range and of programs that fit all predicates.

    A predicate receives a record and the instant at which the records are read.
    """

    data_set: DataSet
    at: int
    """The instant of the call: lists and programs must exist then."""
    created: TimeRange = ALL_TIME
    program_ids: frozenset[int] | None = None
    predicates: list[Callable[[Any, int], object]] = field(default_factory=list)

    def range_of(self, value: object, filter_name: str) -> TimeRange:
        """The range of a filter by date."""
        is_strict = self.data_set.options.strict
        return check_time_range(value, filter_name, is_strict=is_strict)

    def require(self, has_filter: object) -> None:
        """Check that this subscription has a filter."""
        if not has_filter:
            message = "Unsupported filter type for target subscription"
            raise SandboxApiError(ApiErrorCode.UNSUPPORTED_FILTER, message)


Filter = Callable[[Selection, str, object], None]
"""Adds the filter with a name and a value to a selection."""


def created_at(selection: Selection, name: str, value: object) -> None:
    """The filter by creation."""
    selection.created = selection.range_of(value, name)


def updated_at(attribute: str, option: str) -> Filter:
    """The filter by the instant in an attribute of the records, if the option is set."""
    instant_of = attrgetter(attribute)

    def add(selection: Selection, name: str, value: object) -> None:
        data_set = selection.data_set
        selection.require(getattr(data_set.options, option))
        updated = selection.range_of(value, name)
        selection.predicates.append(
            lambda record, _: data_set.is_in_range(instant_of(record), updated)
        )

    return add


def _list_member(selection: Selection, name: str, value: object) -> None:
    data_set = selection.data_set
    selection.require(data_set.options.smart_lists or not name.startswith("smart"))
    list_id = data_set.find_list_id(name, value, selection.at)
    if list_id is None:
        raise invalid_value(f"Invalid value '{value}' for filter '{name}': no such list")
    selection.predicates.append(lambda record, at: record.lead.is_list_member(list_id, at))


def _type_ids(selection: Selection, name: str, value: object) -> None:
    ids = check_list({name: value}, name, int)
    unknown = sorted(set(ids) - {one.id for one in selection.data_set.activity_types})
    if unknown:
        raise invalid_value(f"Invalid activityTypeIds {unknown}")
    if DELETE_LEAD_ID in ids:
        raise invalid_value("Activity type 37 is not supported: use Get Deleted Leads")
    selection.predicates.append(lambda activity, _: activity.activity_type.id in ids)


def _primary_values(item_type: type[Any], attribute: str) -> Filter:
    value_of = attrgetter(attribute)

    def add(selection: Selection, name: str, value: object) -> None:
        items = check_list({name: value}, name, item_type)
        if len(items) > _MAX_PRIMARY_VALUES:
            message = f"At most {_MAX_PRIMARY_VALUES} primary attribute values are allowed"
            raise invalid_value(message)
        selection.predicates.append(
            lambda activity, _: activity.primary_value and value_of(activity.primary_value) in items
        )

    return add


def check_activity_filters(data_set: DataSet, members: Mapping[str, object]) -> None:
    """The filter ``createdAt`` is required; primary values need types of one asset group."""
    if "createdAt" not in members:
        raise missing_value("The filter 'createdAt' is required")
    given = {"primaryAttributeValueIds", "primaryAttributeValues"} & set(members)
    if len(given) > 1:
        message = "primaryAttributeValueIds and primaryAttributeValues cannot be used together"
        raise invalid_value(message)
    type_ids = check_list(members, "activityTypeIds", int)
    groups = {one.asset_group for one in data_set.activity_types if one.id in type_ids}
    if given and (len(groups) != 1 or "" in groups):
        raise invalid_value(
            "Filters by primary attribute require activityTypeIds of one asset group"
        )


def _program_ids(selection: Selection, name: str, value: object) -> None:
    values = [value] if name == "programId" else value
    ids = frozenset(check_list({name: values}, name, int))
    if len(ids) > _MAX_PROGRAMS:
        raise invalid_value(f"'programIds' must have at most {_MAX_PROGRAMS} values")
    unknown = sorted(
        ids - {one.asset.id for one in selection.data_set.assets(PROGRAM, selection.at)}
    )
    if unknown:
        raise invalid_value(f"Invalid program ids {unknown}")
    selection.program_ids = ids


def _status_names(selection: Selection, name: str, value: object) -> None:
    names = check_list({name: value}, name, str)
    known = {
        status.name
        for one in selection.data_set.assets(PROGRAM, selection.at)
        if one.asset.id in (selection.program_ids or ())
        for status in program_channel(one).statuses
    }
    if not known.issuperset(names):
        raise invalid_value(f"Invalid statusNames {sorted(set(names) - known)}")
    selection.predicates.append(lambda member, _: member.progression_status.name in names)


def _is_exhausted(selection: Selection, name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise invalid_type(f"'{name}' must be true or false")
    selection.predicates.append(lambda member, _: member.is_exhausted is value)


def _cadence(selection: Selection, name: str, value: object) -> None:
    permitted = (NORMAL_CADENCE, PAUSED_CADENCE)
    if value not in permitted:
        raise invalid_value(f"'{name}' must be one of {', '.join(permitted)}")
    selection.predicates.append(lambda member, _: member.cadence == value)


def check_member_filters(_data_set: DataSet, members: Mapping[str, object]) -> None:
    """One of the filters by program is required."""
    count = len({"programId", "programIds"} & set(members))
    if count != 1:
        message = "Exactly one of the filters programId and programIds is required"
        raise invalid_value(message) if count else missing_value(message)


LIST_FILTERS: Mapping[str, Filter] = dict.fromkeys(
    ("staticListName", "staticListId", "smartListName", "smartListId"), _list_member
)
"""The filters that select the members of a list, with which other objects are exported too."""
ACTIVITY_FILTERS: Mapping[str, Filter] = {
    "createdAt": created_at,
    "activityTypeIds": _type_ids,
    "primaryAttributeValueIds": _primary_values(int, "id"),
    "primaryAttributeValues": _primary_values(str, "full_name"),
}
MEMBER_FILTERS: Mapping[str, Filter] = {
    "programId": _program_ids,
    "programIds": _program_ids,
    "isExhausted": _is_exhausted,
    "nurtureCadence": _cadence,
    "statusNames": _status_names,
    "updatedAt": updated_at("updated_at", "member_updated_at_filter"),
}
