"""The checks of a create body that export objects share.

Each check raises ``SandboxApiError`` with a message that names the invalid member.
"""

from collections.abc import Collection, Mapping
from typing import TypeVar

from tap_marketo_bulk.sandbox.api_errors import (
    ApiErrorCode,
    SandboxApiError,
    invalid_date,
    invalid_type,
    invalid_value,
    missing_value,
)
from tap_marketo_bulk.sandbox.clock import TimeRange, epoch_seconds_of
from tap_marketo_bulk.sandbox.data.data_set import DataSet

LIST_FILTERS = ("staticListName", "staticListId", "smartListName", "smartListId")
"""The filters that select the members of a list, with which other objects are exported too."""

_MAX_RANGE_SECONDS = 31 * 86_400
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


def check_filters(value: object, filter_names: Collection[str]) -> Mapping[str, object]:
    """Return ``value`` if it is the ``filter`` of a create body with at least one filter."""
    if value == {}:
        raise missing_value("The filter must be a JSON object with members")
    return check_object(value, "filter", filter_names, is_strict=True)


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


def parse_only_filter(value: object, filter_names: Collection[str]) -> tuple[str, object]:
    """Return the name and the value of the only filter."""
    members = check_filters(value, filter_names)
    if len(members) != 1:
        names = ", ".join(filter_names)
        raise invalid_value(f"Exactly one filter is required, one of: {names}")
    return next(iter(members.items()))


def check_filter_is_supported(*, is_supported: bool) -> None:
    """Check that this subscription has a filter."""
    if not is_supported:
        message = "Unsupported filter type for target subscription"
        raise SandboxApiError(ApiErrorCode.UNSUPPORTED_FILTER, message)


def check_list_exists(data_set: DataSet, filter_name: str, value: object, at: int) -> int:
    """Return the id of the list that the filter selects; the list must exist at ``at``."""
    is_smart = filter_name.startswith("smart")
    check_filter_is_supported(is_supported=data_set.options.smart_lists or not is_smart)
    list_id = data_set.find_list_id(filter_name, value, at)
    if list_id is None:
        raise invalid_value(f"Invalid value '{value}' for filter '{filter_name}': no such list")
    return list_id
