"""The handlers of the Lead Database API: leads, activities, custom objects, lists, usage."""

from collections.abc import Mapping

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.activity_values import Activity
from tap_marketo_bulk.sandbox.data.asset_entries import (
    Entry,
    lead_database_campaigns,
    lead_database_lists,
)
from tap_marketo_bulk.sandbox.data.custom_objects import CUSTOM_OBJECTS, find_custom_object
from tap_marketo_bulk.sandbox.data.fields import (
    describe_companies,
    describe_leads,
    describe_members,
    describe_named_accounts,
)
from tap_marketo_bulk.sandbox.http.messages import (
    MAX_PAGE_SIZE,
    HttpRequest,
    HttpResponse,
    batch_size,
    decode_page_token,
    encode_page_token,
    page_by_token,
    result_response,
    success_response,
)
from tap_marketo_bulk.sandbox.http.rest_context import (
    RestContext,
    instant_parameter,
    required_parameter,
    values_parameter,
)

# Pages of deleted leads can be short or empty although there are more pages.
_DELETED_LEADS_PAGE_SIZES = (11, 0, MAX_PAGE_SIZE)


def describe_lead_fields(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Describe Lead: the current lead fields."""
    return result_response([field.describe_entry() for field in context.data_set.fields])


def describe_leads_2(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Describe Lead 2: the lead fields in the format of other objects."""
    return result_response([describe_leads(context.data_set.fields)])


def describe_company(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Describe Companies."""
    created_at = format_epoch_seconds(context.data_set.first_instant)
    return result_response([describe_companies(created_at)])


def describe_named_account(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Describe Named Accounts."""
    created_at = format_epoch_seconds(context.data_set.first_instant)
    return result_response([describe_named_accounts(created_at)])


def get_activity_types(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Activity Types."""
    return result_response([one.describe_entry() for one in context.data_set.activity_types])


def get_paging_token(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Paging Token: a token for Get Deleted Leads from ``sinceDatetime`` on."""
    since = instant_parameter(
        required_parameter(request.query, "sinceDatetime"),
        "sinceDatetime",
        is_strict=context.data_set.options.strict,
    )
    return success_response(nextPageToken=encode_page_token(since, 0, 0))


def get_deleted_leads(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Deleted Leads: one page from the position in ``nextPageToken`` on."""
    token = required_parameter(request.query, "nextPageToken")
    since, start, page_number = decode_page_token(token, 3)
    deletions = context.data_set.lead_deletions(since, context.now)
    page_size = _DELETED_LEADS_PAGE_SIZES[page_number % len(_DELETED_LEADS_PAGE_SIZES)]
    end = start + min(page_size, batch_size(request.query))
    members: dict[str, object] = {
        "nextPageToken": encode_page_token(since, min(end, len(deletions)), page_number + 1),
        "moreResult": end < len(deletions),
    }
    entries = [_deletion_entry(activity) for activity in deletions[start:end]]
    # Marketo omits an empty result.
    return result_response(entries, **members) if entries else success_response(**members)


def get_lists(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Lists: one page of the static lists, selected by ``id``, ``name`` or ``programName``."""
    return _selected_page(lead_database_lists(context.data_set, context.now), request)


def get_campaigns(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Get Campaigns: one page of them, selected by ``id``, ``name`` or ``programName``."""
    return _selected_page(lead_database_campaigns(context.data_set, context.now), request)


def _selected_page(entries: Mapping[int, Entry], request: HttpRequest) -> HttpResponse:
    selected = list(entries.values())
    for name in ("id", "name", "programName"):
        values = values_parameter(request.query, name)
        selected = [one for one in selected if not values or str(one.get(name)) in values]
    page, next_page = page_by_token(selected, request.query)
    return result_response(page, **next_page)


def get_daily_usage(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Daily Usage: the number of calls today, in total and by API user."""
    return result_response(context.statistics.usage(days=1))


def get_weekly_usage(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Weekly Usage: the number of calls on each of the last 7 days."""
    return result_response(context.statistics.usage())


def get_daily_errors(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Daily Errors: the number of API errors today, in total and by code."""
    return result_response(context.statistics.errors(days=1))


def get_weekly_errors(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Get Weekly Errors: the number of API errors on each of the last 7 days."""
    return result_response(context.statistics.errors())


def list_custom_objects(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """List Custom Objects: all of them, without pages and without fields."""
    created_at = format_epoch_seconds(context.data_set.first_instant)
    return result_response([one.list_entry(created_at) for one in CUSTOM_OBJECTS])


def describe_custom_object(context: RestContext, request: HttpRequest) -> HttpResponse:
    """Describe Custom Object: the object in the path, with its fields."""
    api_name = request.call.object.rpartition("/")[2]
    definition = find_custom_object(api_name)
    if definition is None:
        message = f"Object '{api_name}' not found"
        raise SandboxApiError(ApiErrorCode.OBJECT_NOT_FOUND, message)
    created_at = format_epoch_seconds(context.data_set.first_instant)
    return result_response([definition.describe_entry(created_at)])


def describe_program_member(context: RestContext, _request: HttpRequest) -> HttpResponse:
    """Describe Program Member."""
    return result_response([describe_members(format_epoch_seconds(context.data_set.first_instant))])


def _deletion_entry(activity: Activity) -> dict[str, object]:
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
