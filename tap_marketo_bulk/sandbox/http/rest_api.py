"""The REST API: each GET call with its path, its permission, its entries and its response.

A read is one row of ``READS``. Its entries are those of the responses and, for reads that have a
stream, the expected rows.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock, epoch_seconds_of, format_epoch_seconds
from tap_marketo_bulk.sandbox.data import asset_entries as entries
from tap_marketo_bulk.sandbox.data.activity_types import Activity
from tap_marketo_bulk.sandbox.data.asset_entries import Entry, folder_entries
from tap_marketo_bulk.sandbox.data.assets import ASSET_KINDS
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.fields import CUSTOM_OBJECTS, describe_leads, describe_object
from tap_marketo_bulk.sandbox.http.access import CallCounter
from tap_marketo_bulk.sandbox.http.messages import (
    MAX_BATCH_SIZE,
    HttpRequest,
    HttpResponse,
    Route,
    batch_size,
    decode_page_token,
    encode_page_token,
    folder_parameter,
    instant_parameter,
    integer_parameter,
    page_by_token,
    required_parameter,
    success_response,
    updated_range,
    values_parameter,
)

_DEFAULT_PAGE_SIZE = 20
_MAX_PAGE_SIZE = 200
_DEFAULT_DEPTH = 2
_NO_ASSETS = "No assets found for the given search criteria."
# Pages of deleted leads can be short or empty although there are more pages.
_DELETED_LEADS_PAGE_SIZES = (11, 0, MAX_BATCH_SIZE)


@dataclass(frozen=True)
class RestContext:
    """What reads return entries of: the subscription at the instant ``at``, in epoch seconds.

    The entry with the key ``hidden_key`` is left out.
    """

    data_set: DataSet
    counter: CallCounter
    at: int
    hidden_key: object = None

    @property
    def first_instant(self) -> str:
        """The instant at which custom objects and the like were created."""
        return format_epoch_seconds(self.data_set.first_instant)


@dataclass(frozen=True)
class Read:
    """A GET call, whose path is ``/rest/<path>.json``; a row of the table ``reads``.

    ``respond`` names the kind of its responses. ``stream`` is the name of the expected rows that
    are its entries, and ``key`` the member that identifies one. ``kind`` is the kind of assets, if
    the entries are assets.
    """

    name: str
    path: str
    permission: str
    respond: str
    stream: str = ""
    key: str = "id"
    kind: str = ""
    has_date_filter: bool = False
    """Whether it has ``earliestUpdatedAt`` and ``latestUpdatedAt``."""
    can_list_drafts: bool = False
    """Whether the option ``draft_entries`` applies to it."""
    changes_over_time: bool = True

    def key_of(self, entry: Entry) -> object:
        """The key of an entry; a folder and a program can have the same id."""
        key = entry[self.key]
        return tuple(key.values()) if isinstance(key, dict) else key

    def entries(self, context: RestContext) -> list[Entry]:
        """All entries at the instant of the context."""
        if self.kind:
            found = entries.asset_entries(ASSET_KINDS[self.kind], context.data_set, context.at)
        else:
            found = _ENTRIES[self.name](context)
        hidden = context.hidden_key
        return [one for one in found if hidden is None or self.key_of(one) != hidden]


def _get_batch(read: Read, context: RestContext, request: HttpRequest) -> HttpResponse:
    """A page of the Lead Database API, selected by ``id``, ``name`` or ``programName``."""
    selected = read.entries(context)
    for name in ("id", "name", "programName"):
        values = values_parameter(request.query, name)
        selected = [one for one in selected if not values or str(one.get(name)) in values]
    page, next_page = page_by_token(selected, request.query)
    return success_response(result=page, **next_page)


def _get_page(read: Read, context: RestContext, request: HttpRequest) -> HttpResponse:
    """A page of the Asset API, selected by date, folder and status where the read has them."""
    query = request.query
    found = read.entries(context)
    if read.has_date_filter:
        updated = updated_range(query, is_strict=context.data_set.options.strict)
        found = [
            one
            for one in found
            if context.data_set.is_in_range(epoch_seconds_of(str(one["updatedAt"])), updated)
        ]
    folder = folder_parameter(query, "folder")
    if folder:
        found = [one for one in found if _folder_key(one) == folder]
    if read.can_list_drafts:
        found = [
            version for one in found for version in entries.version_entries(one, context.data_set)
        ]
    status = query.get("status", "").casefold()
    return _asset_page([one for one in found if not status or _has_status(one, status)], request)


def _asset_page(found: list[Entry], request: HttpRequest) -> HttpResponse:
    """The page that ``offset`` and ``maxReturn`` select."""
    query = request.query
    size = integer_parameter(query, "maxReturn", _DEFAULT_PAGE_SIZE, low=1, high=_MAX_PAGE_SIZE)
    offset = integer_parameter(query, "offset", 0)
    return _asset_response(found[offset : offset + size])


def _asset_response(found: list[Entry]) -> HttpResponse:
    """The envelope of the Asset API, whose instants end in ``Z+0000``.

    Without entries it has a warning and no result.
    """
    if not found:
        return success_response(errors=[], warnings=[_NO_ASSETS])
    names = ("createdAt", "updatedAt")
    result = [
        {name: f"{value}+0000" if name in names else value for name, value in one.items()}
        for one in found
    ]
    return success_response(errors=[], warnings=[], result=result)


def _folder_key(entry: Entry) -> tuple[object, object] | None:
    folder = entry.get("folder")
    if not isinstance(folder, dict):
        return None
    return folder.get("id", folder.get("value")), folder["type"]


def _has_status(entry: Entry, status: str) -> bool:
    """Whether an entry has a status; "approved with draft" is approved and has a draft."""
    text = str(entry.get("status")).casefold()
    is_draft = status == entries.DRAFT and status in text
    return text == status or text.startswith(f"{status} ") or is_draft


def _get_forms(read: Read, context: RestContext, request: HttpRequest) -> HttpResponse:
    if context.data_set.options.forms_need_folder and "folder" not in request.query:
        raise SandboxApiError(ApiErrorCode.BLANK_PARAMETER, "folder cannot be blank")
    return _get_page(read, context, request)


def _get_segments(_read: Read, context: RestContext, request: HttpRequest) -> HttpResponse:
    segmentation_id = int(request.call.path.split("/")[-2])
    found = entries.segment_entries(context.data_set, context.at, segmentation_id)
    return _asset_page(found, request)


def _get_folders(_read: Read, context: RestContext, request: HttpRequest) -> HttpResponse:
    root = folder_parameter(request.query, "root")
    max_depth = integer_parameter(request.query, "maxDepth", _DEFAULT_DEPTH)
    found = folder_entries(context.data_set, context.at, root, max_depth)
    return _asset_page(list(found.values()), request)


def _get_paging_token(_read: Read, context: RestContext, request: HttpRequest) -> HttpResponse:
    since = instant_parameter(
        required_parameter(request.query, "sinceDatetime"),
        "sinceDatetime",
        is_strict=context.data_set.options.strict,
    )
    return success_response(nextPageToken=encode_page_token(since, 0, 0))


def _get_deleted_leads(_read: Read, context: RestContext, request: HttpRequest) -> HttpResponse:
    token = required_parameter(request.query, "nextPageToken")
    since, start, page_number = decode_page_token(token, 3)
    deletions = context.data_set.lead_deletions(since, context.at)
    page_size = _DELETED_LEADS_PAGE_SIZES[page_number % len(_DELETED_LEADS_PAGE_SIZES)]
    end = start + min(page_size, batch_size(request.query))
    members: dict[str, object] = {
        "nextPageToken": encode_page_token(since, min(end, len(deletions)), page_number + 1),
        "moreResult": end < len(deletions),
    }
    found = [_deletion_entry(activity) for activity in deletions[start:end]]
    # Marketo omits an empty result.
    return success_response(result=found, **members) if found else success_response(**members)


def _deletion_entry(activity: Activity) -> Entry:
    """A deletion as in Get Deleted Leads, where attributes are a list."""
    attributes = activity.attributes or {}
    value = activity.primary_value
    return {
        "id": int(activity.guid),
        "marketoGUID": activity.guid,
        "leadId": activity.lead_id,
        "activityDate": format_epoch_seconds(activity.happened_at),
        "activityTypeId": activity.activity_type.id,
        "primaryAttributeValueId": value and value.id,
        "primaryAttributeValue": value and value.name,
        "attributes": [{"name": name, "value": value} for name, value in attributes.items()],
    }


def _describe_custom_object(
    _read: Read, context: RestContext, request: HttpRequest
) -> HttpResponse:
    api_name = request.call.object.rpartition("/")[2]
    if api_name not in CUSTOM_OBJECTS:
        message = f"Object '{api_name}' not found"
        raise SandboxApiError(ApiErrorCode.OBJECT_NOT_FOUND, message)
    return success_response(result=[CUSTOM_OBJECTS[api_name].describe_entry(context.first_instant)])


_RESPONSES: dict[str, Callable[[Read, RestContext, HttpRequest], HttpResponse]] = {
    "all": lambda read, one, _: success_response(result=read.entries(one)),
    "all assets": lambda read, one, _: _asset_response(read.entries(one)),
    "batch": _get_batch,
    "page": _get_page,
    "forms": _get_forms,
    "segments": _get_segments,
    "folders": _get_folders,
    "paging token": _get_paging_token,
    "deleted leads": _get_deleted_leads,
    "describe custom object": _describe_custom_object,
}
# The entries of each read that is not one of a kind of assets.
_ENTRIES: dict[str, Callable[[RestContext], list[Entry]]] = {
    "describe": lambda one: [each.describe_entry() for each in one.data_set.fields],
    "describe_2": lambda one: [describe_leads(one.data_set.fields)],
    "describe_companies": lambda one: [describe_object("company", one.first_instant)],
    "describe_named_accounts": lambda one: [describe_object("named account", one.first_instant)],
    "describe_members": lambda one: [describe_object("member", one.first_instant)],
    "types": lambda one: [each.describe_entry() for each in one.data_set.activity_types],
    "lists": lambda one: entries.lead_database_lists(one.data_set, one.at),
    "campaigns": lambda one: entries.lead_database_campaigns(one.data_set, one.at),
    "custom_objects": lambda one: [
        each.list_entry(one.first_instant) for each in CUSTOM_OBJECTS.values()
    ],
    "usage": lambda one: one.counter.usage(days=1),
    "weekly_usage": lambda one: one.counter.usage(),
    "errors": lambda one: one.counter.errors(days=1),
    "weekly_errors": lambda one: one.counter.errors(),
    "segments": lambda one: entries.segment_entries(one.data_set, one.at),
    "channels": lambda one: entries.channel_entries(one.data_set),
    "tag_types": lambda one: entries.tag_entries(one.data_set),
    "folders": lambda one: list(folder_entries(one.data_set, one.at).values()),
}
READS = tuple(
    Read(**row)
    for row in json.loads(Path(__file__).with_name("reads.json").read_text(encoding="utf-8"))
)
"""All GET calls."""


def rest_routes(data_set: DataSet, counter: CallCounter, clock: SandboxClock) -> list[Route]:
    """The routes of all GET calls."""

    def respond(read: Read, request: HttpRequest) -> HttpResponse:
        at = int(clock.now().timestamp())
        context = RestContext(data_set, counter, at, request.hidden_key)
        return _RESPONSES[read.respond](read, context, request)

    return [
        Route(
            read.name,
            "GET",
            rf"/rest/{read.path}\.json",
            partial(respond, read),
            partial(lambda permission, _: permission, read.permission),
        )
        for read in READS
    ]
