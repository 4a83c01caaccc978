"""The paths of the API and the names of its calls."""

import re
from dataclasses import dataclass

_EXPORT = r"/bulk/v1/(?P<object>leads|activities)/export"
_JOB = _EXPORT + r"/(?P<export_id>[^/]+)"


@dataclass(frozen=True)
class Route:
    """Where a call is found: its name, its methods and the pattern of its path."""

    name: str
    methods: str
    pattern: str


ROUTES = (
    Route("token", "GET POST", "/identity/oauth/token"),
    Route("describe", "GET", r"/rest/v1/leads/describe\.json"),
    Route("types", "GET", r"/rest/v1/activities/types\.json"),
    Route("paging_token", "GET", r"/rest/v1/activities/pagingtoken\.json"),
    Route("deleted_leads", "GET", r"/rest/v1/activities/deletedleads\.json"),
    Route("lists", "GET", r"/rest/v1/lists\.json"),
    Route("usage", "GET", r"/rest/v1/stats/usage\.json"),
    Route("create", "POST", _EXPORT + r"/create\.json"),
    Route("enqueue", "POST", _JOB + r"/enqueue\.json"),
    Route("status", "GET", _JOB + r"/status\.json"),
    Route("file", "GET", _JOB + r"/file\.json"),
    Route("cancel", "POST", _JOB + r"/cancel\.json"),
    Route("list", "GET", _EXPORT + r"\.json"),
)


def find_route(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The name of the call and what its path holds; no name when there is no such call."""
    for route in ROUTES:
        match = re.fullmatch(route.pattern, path)
        if match and method in route.methods.split():
            return route.name, match.groupdict()
    return "", {}
