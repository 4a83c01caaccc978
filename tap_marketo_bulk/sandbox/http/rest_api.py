"""The handlers of the REST API: one for each route in ``REST_ROUTES``."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tap_marketo_bulk.sandbox.api_errors import invalid_value
from tap_marketo_bulk.sandbox.clock import SandboxClock, format_instant, parse_instant
from tap_marketo_bulk.sandbox.data.activities import Activity
from tap_marketo_bulk.sandbox.data.assets import STATIC_LISTS, Asset
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.http.access import CallLimits
from tap_marketo_bulk.sandbox.http.dispatcher import Route
from tap_marketo_bulk.sandbox.http.messages import HttpRequest, HttpResponse
from tap_marketo_bulk.sandbox.http.responses import (
    MAX_PAGE_SIZE,
    decode_page_token,
    encode_page_token,
    result_response,
    select_page,
    success_response,
)

# Pages of deleted leads can be short or empty although there are more pages.
_DELETED_LEADS_PAGE_SIZES = (11, 0, MAX_PAGE_SIZE)


@dataclass(frozen=True)
class RestContext:
    """What the handlers read."""

    data_set: DataSet
    limits: CallLimits
    clock: SandboxClock


RestHandler = Callable[[RestContext, HttpRequest], HttpResponse]


def describe_leads(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Describe Lead: the current lead fields."""
    return result_response([field.describe_entry() for field in context.data_set.fields])


def get_activity_types(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Activity Types."""
    return result_response([one.describe_entry() for one in context.data_set.activity_types])


def get_paging_token(_context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Paging Token: a token for Get Deleted Leads from ``sinceDatetime`` on."""
    try:
        # The plus sign of an offset is decoded to a space if a client did not encode it.
        since = parse_instant(request.query.get("sinceDatetime", "").replace(" ", "+"))
    except ValueError as error:
        raise invalid_value(f"sinceDatetime: {error}") from None
    return success_response(nextPageToken=encode_page_token(since, 0, 0))


def get_deleted_leads(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Deleted Leads: one page from the position in ``nextPageToken`` on."""
    since, start, page_number = decode_page_token(request.query.get("nextPageToken", ""), 3)
    deletions = context.data_set.lead_deletions(since, int(context.clock.now().timestamp()))
    end = start + _DELETED_LEADS_PAGE_SIZES[page_number % len(_DELETED_LEADS_PAGE_SIZES)]
    members: dict[str, object] = {
        "nextPageToken": encode_page_token(since, min(end, len(deletions)), page_number + 1),
        "moreResult": end < len(deletions),
    }
    entries = [_deletion_entry(activity) for activity in deletions[start:end]]
    # Marketo omits an empty result.
    return result_response(entries, **members) if entries else success_response(**members)


def get_static_lists(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Lists: one page of the static lists."""
    lists, next_page = select_page(STATIC_LISTS, request.query)
    created_at = format_instant(context.data_set.created_at)
    return result_response([_list_entry(one, created_at) for one in lists], **next_page)


def get_daily_usage(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Daily Usage: the number of calls today, in total and by API user."""
    date, calls = context.limits.calls_today()
    users = [{"userId": client_id, "count": count} for client_id, count in calls.items()]
    return result_response([{"date": date, "total": sum(calls.values()), "users": users}])


REST_ROUTES: tuple[tuple[str, str, RestHandler], ...] = (
    ("describe", r"/rest/v1/leads/describe\.json", describe_leads),
    ("types", r"/rest/v1/activities/types\.json", get_activity_types),
    ("paging_token", r"/rest/v1/activities/pagingtoken\.json", get_paging_token),
    ("deleted_leads", r"/rest/v1/activities/deletedleads\.json", get_deleted_leads),
    ("lists", r"/rest/v1/lists\.json", get_static_lists),
    ("usage", r"/rest/v1/stats/usage\.json", get_daily_usage),
)
"""The name, the path pattern and the handler of each GET call."""


def rest_routes(context: RestContext) -> list[Route]:
    """The routes in ``REST_ROUTES``, with handlers that read from ``context``."""
    return [
        Route(name, "GET", path_pattern, partial(handler, context))
        for name, path_pattern, handler in REST_ROUTES
    ]


def _list_entry(static_list: Asset, created_at: str) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": static_list.id,
        "name": static_list.name,
        "workspaceName": "Default",
    }
    if static_list.program:
        entry["programName"] = static_list.program
    return entry | {"createdAt": created_at, "updatedAt": created_at}


def _deletion_entry(activity: Activity) -> dict[str, object]:
    """A deletion as in Get Deleted Leads, where attributes are a list."""
    attributes = activity.attributes or {}
    value = activity.primary_value
    return {
        "id": int(activity.guid),
        "marketoGUID": activity.guid,
        "leadId": activity.lead_id,
        "activityDate": format_instant(activity.happened_at),
        "activityTypeId": activity.activity_type.id,
        "primaryAttributeValueId": value and value.id,
        "primaryAttributeValue": value and value.name,
        "attributes": [{"name": name, "value": value} for name, value in attributes.items()],
    }
