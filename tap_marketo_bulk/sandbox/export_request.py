"""The body of a create call: read, checked against every rule, and understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from tap_marketo_bulk.sandbox.instants import parse
from tap_marketo_bulk.sandbox.kinds import DELETE_LEAD, Kind
from tap_marketo_bulk.sandbox.refusal import Code, Refusal
from tap_marketo_bulk.sandbox.world import ActivityFilter, LeadFilter, Range, World, list_id

ACTIVITY_COLUMNS = (
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValueId",
    "primaryAttributeValue",
    "attributes",
)
FORMATS = ("CSV", "TSV", "SSV")
_Item = TypeVar("_Item", int, str)
_MAX_RANGE_SECONDS = 31 * 86_400
_MAX_PRIMARY = 50
_BODY_KEYS = {"fields", "format", "columnHeaderNames", "filter"}
_LIST_FILTERS = ("staticListName", "staticListId", "smartListName", "smartListId")
_LEAD_FILTERS = ("createdAt", "updatedAt", *_LIST_FILTERS)
_ACTIVITY_FILTERS = (
    "createdAt",
    "activityTypeIds",
    "primaryAttributeValueIds",
    "primaryAttributeValues",
)


@dataclass(frozen=True)
class ExportRequest:
    """What an export job will write: these columns, under these headers, of these records."""

    columns: tuple[str, ...]
    headers: tuple[str, ...]
    file_format: str
    filter: LeadFilter | ActivityFilter


def read_export_request(kind: str, body: object, world: World) -> ExportRequest:
    """Understand the body of a create call for ``leads`` or ``activities``.

    Raises:
        Refusal: Something about it is wrong; the message names it.
    """
    request = _members(body, "request body", _BODY_KEYS)
    file_format = request.get("format", "CSV")
    if file_format not in FORMATS:
        raise Refusal(
            Code.INVALID_VALUE, f"Invalid format '{file_format}': use one of {', '.join(FORMATS)}"
        )
    if kind == "leads":
        columns = _lead_columns(request.get("fields"), world)
        wanted: LeadFilter | ActivityFilter = lead_filter(request.get("filter"), world)
    else:
        columns = _activity_columns(request.get("fields"))
        wanted = activity_filter(request.get("filter"), world)
    headers = _headers(request.get("columnHeaderNames", {}), columns)
    return ExportRequest(columns, headers, file_format, wanted)


def lead_filter(written: object, world: World) -> LeadFilter:
    """Understand the one filter of a lead export.

    Raises:
        Refusal: It is not exactly one filter, or breaks a rule of its kind.
    """
    members = _members(written, "filter", set(_LEAD_FILTERS))
    if len(members) != 1:
        raise Refusal(
            Code.INVALID_VALUE, f"Exactly one filter is needed, of: {', '.join(_LEAD_FILTERS)}"
        )
    name, value = next(iter(members.items()))
    options = world.options
    unsupported = (name == "updatedAt" and not options.updated_at_filter) or (
        name.startswith("smart") and not options.smart_lists
    )
    if unsupported:
        raise Refusal(Code.UNSUPPORTED_FILTER, "Unsupported filter type for target subscription")
    if name not in _LIST_FILTERS:
        return LeadFilter(name, _range(value, name))
    found = list_id(name, value)
    if found is None:
        raise Refusal(
            Code.INVALID_VALUE, f"Invalid value '{value}' for filter '{name}': no such list"
        )
    return LeadFilter(name, list_id=found)


def activity_filter(written: object, world: World) -> ActivityFilter:
    """Understand the filters of an activity export.

    Raises:
        Refusal: ``createdAt`` is missing, or a rule of one of the filters is broken.
    """
    members = _members(written, "filter", set(_ACTIVITY_FILTERS))
    if "createdAt" not in members:
        raise Refusal(Code.INVALID_VALUE, "The filter 'createdAt' is required")
    type_ids = _list(members, "activityTypeIds", int)
    unknown = sorted(set(type_ids) - {kind.id for kind in world.activity_types})
    if unknown:
        raise Refusal(Code.INVALID_VALUE, f"Invalid activityTypeIds {unknown}")
    if DELETE_LEAD in type_ids:
        raise Refusal(
            Code.INVALID_VALUE, "Activity type 37 is not supported: use Get Deleted Leads"
        )
    ids = _list(members, "primaryAttributeValueIds", int)
    names = _list(members, "primaryAttributeValues", str)
    if ids or names:
        _check_primary(ids, names, [kind for kind in world.activity_types if kind.id in type_ids])
    return ActivityFilter(
        _range(members["createdAt"], "createdAt"),
        frozenset(type_ids),
        frozenset(ids),
        frozenset(names),
    )


def _check_primary(ids: list[int], names: list[str], kinds: list[Kind]) -> None:
    if ids and names:
        message = "primaryAttributeValueIds and primaryAttributeValues cannot be used together"
        raise Refusal(Code.INVALID_VALUE, message)
    if len(ids or names) > _MAX_PRIMARY:
        raise Refusal(
            Code.INVALID_VALUE, f"At most {_MAX_PRIMARY} primary attribute values are allowed"
        )
    groups = {kind.assets for kind in kinds}
    if len(groups) != 1 or "" in groups:
        message = "Primary attribute filters need activityTypeIds of one asset group"
        raise Refusal(Code.INVALID_VALUE, message)


def _members(written: object, what: str, known: set[str]) -> Mapping[str, object]:
    if not isinstance(written, dict) or (what == "filter" and not written):
        raise Refusal(Code.INVALID_VALUE, f"The {what} must be a JSON object with members")
    unknown = sorted(set(written) - known)
    if unknown:
        raise Refusal(Code.INVALID_VALUE, f"Unknown members of the {what}: {', '.join(unknown)}")
    return written


def _list(members: Mapping[str, object], name: str, of: type[_Item]) -> list[_Item]:
    written = members.get(name)
    if written is None:
        return []
    # An exact comparison of types, since True is an int too.
    if not isinstance(written, list) or not written or any(type(one) is not of for one in written):
        raise Refusal(Code.INVALID_VALUE, f"'{name}' must be a list of {of.__name__} values")
    return written


def _range(written: object, name: str) -> Range:
    members = _members(written, f"filter '{name}'", {"startAt", "endAt"})
    try:
        start, end = (parse(str(members[key])) for key in ("startAt", "endAt"))
    except KeyError as missing:
        raise Refusal(Code.INVALID_VALUE, f"The filter '{name}' lacks {missing}") from None
    except ValueError as error:
        raise Refusal(Code.INVALID_VALUE, f"The filter '{name}' is wrong: {error}") from None
    if end < start:
        raise Refusal(Code.INVALID_VALUE, f"The filter '{name}' ends before it starts")
    if end - start > _MAX_RANGE_SECONDS:
        raise Refusal(Code.INVALID_VALUE, f"The filter '{name}' spans more than 31 days")
    return Range(start, end)


def _names(written: object) -> tuple[str, ...]:
    if not isinstance(written, list) or not written:
        raise Refusal(Code.INVALID_VALUE, "'fields' must be a list of field names")
    if any(not isinstance(name, str) for name in written) or len(set(written)) < len(written):
        raise Refusal(Code.INVALID_VALUE, "'fields' must hold every field name once, as text")
    return tuple(written)


def _lead_columns(written: object, world: World) -> tuple[str, ...]:
    names = _names(written)
    known = world.accepted_columns
    unknown = [name for name in names if name not in known]
    if unknown and world.options.unknown_field_style == "1006":
        raise Refusal(Code.FIELD_NOT_FOUND, f"Field '{unknown[0]}' not found")
    if unknown:
        raise Refusal(Code.INVALID_VALUE, f"Invalid fields [{', '.join(unknown)}]")
    return names


def _activity_columns(written: object) -> tuple[str, ...]:
    if written is None:
        return ACTIVITY_COLUMNS
    names = _names(written)
    unknown = [name for name in names if name not in (*ACTIVITY_COLUMNS, "actionResult")]
    if unknown:
        raise Refusal(Code.INVALID_VALUE, f"Invalid fields [{', '.join(unknown)}]")
    return names


def _headers(written: object, columns: tuple[str, ...]) -> tuple[str, ...]:
    headers = _members(written, "columnHeaderNames", set(columns))
    if any(not isinstance(header, str) for header in headers.values()):
        raise Refusal(Code.INVALID_VALUE, "columnHeaderNames must map fields to texts")
    return tuple(str(headers.get(column, column)) for column in columns)
