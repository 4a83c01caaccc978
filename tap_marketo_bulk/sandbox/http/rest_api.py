"""The routes of the REST API: the path, the handler and the permission of each GET call."""

from functools import partial

from tap_marketo_bulk.sandbox.http.dispatcher import Route
from tap_marketo_bulk.sandbox.http.lead_database_api import (
    describe_custom_object,
    describe_leads,
    describe_program_member,
    get_activity_types,
    get_daily_usage,
    get_deleted_leads,
    get_paging_token,
    get_static_lists,
    list_custom_objects,
)
from tap_marketo_bulk.sandbox.http.permissions import RolePermissions
from tap_marketo_bulk.sandbox.http.rest_context import RestContext, RestHandler
from tap_marketo_bulk.sandbox.options import READ_ACTIVITY, READ_CUSTOM_OBJECT, READ_LEAD

REST_ROUTES: tuple[tuple[str, str, RestHandler, str], ...] = (
    ("describe", r"/rest/v1/leads/describe\.json", describe_leads, READ_LEAD),
    ("types", r"/rest/v1/activities/types\.json", get_activity_types, READ_ACTIVITY),
    ("paging_token", r"/rest/v1/activities/pagingtoken\.json", get_paging_token, READ_ACTIVITY),
    ("deleted_leads", r"/rest/v1/activities/deletedleads\.json", get_deleted_leads, READ_ACTIVITY),
    ("lists", r"/rest/v1/lists\.json", get_static_lists, READ_LEAD),
    ("custom_objects", r"/rest/v1/customobjects\.json", list_custom_objects, READ_CUSTOM_OBJECT),
    (
        "describe_custom_object",
        r"/rest/v1/(?P<object>customobjects/[^/]+)/describe\.json",
        describe_custom_object,
        READ_CUSTOM_OBJECT,
    ),
    (
        "describe_members",
        r"/rest/v1/programs/members/describe\.json",
        describe_program_member,
        READ_LEAD,
    ),
    ("usage", r"/rest/v1/stats/usage\.json", get_daily_usage, ""),
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
