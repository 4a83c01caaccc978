"""The routes of the REST API: the path, the handler and the permission of each GET call."""

from functools import partial

from tap_marketo_bulk.sandbox.data import asset_reads as reads
from tap_marketo_bulk.sandbox.http import asset_api
from tap_marketo_bulk.sandbox.http import lead_database_api as lead_api
from tap_marketo_bulk.sandbox.http.access import RolePermissions
from tap_marketo_bulk.sandbox.http.asset_api import browse
from tap_marketo_bulk.sandbox.http.dispatcher import Route
from tap_marketo_bulk.sandbox.http.rest_context import RestContext, RestHandler
from tap_marketo_bulk.sandbox.options import (
    READ_ACTIVITY,
    READ_ASSETS,
    READ_CAMPAIGNS,
    READ_COMPANY,
    READ_CUSTOM_OBJECT,
    READ_LEAD,
    READ_NAMED_ACCOUNT,
)

_NO_PERMISSION = ""
_LEAD_DATABASE: tuple[tuple[str, str, RestHandler, str], ...] = (
    ("describe", "leads/describe", lead_api.describe_lead_fields, READ_LEAD),
    ("describe_2", "leads/describe2", lead_api.describe_leads_2, READ_LEAD),
    ("describe_companies", "companies/describe", lead_api.describe_company, READ_COMPANY),
    (
        "describe_named_accounts",
        "namedaccounts/describe",
        lead_api.describe_named_account,
        READ_NAMED_ACCOUNT,
    ),
    ("types", "activities/types", lead_api.get_activity_types, READ_ACTIVITY),
    ("paging_token", "activities/pagingtoken", lead_api.get_paging_token, READ_ACTIVITY),
    (
        "deleted_leads",
        "activities/deletedleads",
        lead_api.get_deleted_leads,
        READ_ACTIVITY,
    ),
    ("lists", "lists", lead_api.get_lists, READ_LEAD),
    ("campaigns", "campaigns", lead_api.get_campaigns, READ_CAMPAIGNS),
    ("custom_objects", "customobjects", lead_api.list_custom_objects, READ_CUSTOM_OBJECT),
    (
        "describe_custom_object",
        "(?P<object>customobjects/[^/]+)/describe",
        lead_api.describe_custom_object,
        READ_CUSTOM_OBJECT,
    ),
    (
        "describe_members",
        "programs/members/describe",
        lead_api.describe_program_member,
        READ_LEAD,
    ),
    ("usage", "stats/usage", lead_api.get_daily_usage, _NO_PERMISSION),
    ("weekly_usage", "stats/usage/last7days", lead_api.get_weekly_usage, _NO_PERMISSION),
    ("errors", "stats/errors", lead_api.get_daily_errors, _NO_PERMISSION),
    (
        "weekly_errors",
        "stats/errors/last7days",
        lead_api.get_weekly_errors,
        _NO_PERMISSION,
    ),
)
_ASSETS: tuple[tuple[str, str, RestHandler], ...] = (
    ("programs", "programs", browse(reads.PROGRAMS)),
    ("smart_campaigns", "smartCampaigns", browse(reads.CAMPAIGNS)),
    ("static_lists", "staticLists", browse(reads.STATIC_LISTS)),
    ("smart_lists", "smartLists", browse(reads.SMART_LISTS)),
    ("emails", "emails", browse(reads.EMAILS)),
    ("email_templates", "emailTemplates", browse(reads.EMAIL_TEMPLATES)),
    ("landing_pages", "landingPages", browse(reads.LANDING_PAGES)),
    ("forms", "forms", asset_api.get_forms),
    ("segmentations", "segmentation", asset_api.get_segmentations),
    ("segments", r"segmentation/\d+/segments", asset_api.get_segments),
    ("channels", "channels", asset_api.get_channels),
    ("tag_types", "tagTypes", asset_api.get_tag_types),
    ("folders", "folders", asset_api.get_folders),
)

REST_ROUTES: tuple[tuple[str, str, RestHandler, str], ...] = (
    *(
        (name, rf"/rest/v1/{path}\.json", handler, permission)
        for name, path, handler, permission in _LEAD_DATABASE
    ),
    *(
        (name, rf"/rest/asset/v1/{path}\.json", handler, READ_ASSETS)
        for name, path, handler in _ASSETS
    ),
)
"""The name, the path pattern, the handler and the permission of each GET call."""


def rest_routes(context: RestContext, permissions: RolePermissions) -> list[Route]:
    """The routes in ``REST_ROUTES``, with handlers that read from ``context``."""
    needed = {name: permission for name, _, _, permission in REST_ROUTES}
    return [
        Route(
            name,
            "GET",
            path_pattern,
            permissions.guard(partial(handler, context), lambda request: needed[request.call.name]),
        )
        for name, path_pattern, handler, _ in REST_ROUTES
    ]
