"""Routes, and the dispatch of a call: token check, call limits, handler."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.http.access import AccessTokens, CallLimits
from tap_marketo_bulk.sandbox.http.call_statistics import CallStatistics
from tap_marketo_bulk.sandbox.http.messages import HttpRequest, HttpResponse
from tap_marketo_bulk.sandbox.http.permissions import Handler
from tap_marketo_bulk.sandbox.http.responses import api_error_response, json_response


@dataclass(frozen=True)
class Route:
    """The handler of the calls with this method and a path that matches ``path_pattern``.

    ``name`` is the name of the call in the request log and in faults. The pattern may have the
    groups ``object`` and ``export_id``.
    """

    name: str
    method: str
    path_pattern: str
    handler: Handler


class Dispatcher:
    """Responds to every call. ``routes`` are the calls that need a token."""

    def __init__(
        self,
        routes: Sequence[Route],
        tokens: AccessTokens,
        limits: CallLimits,
        statistics: CallStatistics,
    ) -> None:
        token_path = "/identity/oauth/token"  # noqa: S105 - a path, not a password
        token_routes = [
            Route("token", method, token_path, self._issue_token) for method in ("GET", "POST")
        ]
        self._routes = (*token_routes, *routes)
        self._handlers = {route.name: route.handler for route in routes}
        self._tokens = tokens
        self._limits = limits
        self._statistics = statistics

    def call_name_and_path_groups(self, method: str, path: str) -> tuple[str, Mapping[str, str]]:
        """The name of the call and the groups in its path; no name if there is no route."""
        for route in self._routes:
            match = re.fullmatch(route.path_pattern, path)
            if match and method == route.method:
                return route.name, match.groupdict()
        return "", {}

    def respond(self, request: HttpRequest) -> HttpResponse:
        """The response to a call, whose name ``call_name_and_path_groups`` has set."""
        if request.call.name == "token":
            return self._issue_token(request)
        try:
            client_id = self._tokens.authenticate(request.headers.get("authorization", ""))
            self._limits.count_call(client_id)
            handler = self._handlers.get(request.call.name)
            if handler is None:
                raise self._no_route_error(request.call.path)
            return handler(replace(request, client_id=client_id))
        except SandboxApiError as error:
            self._statistics.count_error(error.code)
            return api_error_response(error)

    def _no_route_error(self, path: str) -> SandboxApiError:
        """The error of a call that has no route, or none with this method."""
        if any(re.fullmatch(route.path_pattern, path) for route in self._routes):
            message = "HTTP method not supported"
            return SandboxApiError(ApiErrorCode.METHOD_NOT_SUPPORTED, message)
        return SandboxApiError(ApiErrorCode.NOT_FOUND, "Requested resource not found")

    def _issue_token(self, request: HttpRequest) -> HttpResponse:
        form = dict(parse_qsl(request.body.decode(errors="replace")))
        try:
            token, seconds = self._token_for(form or request.query)
        except SandboxApiError as error:
            content = {"error": error.code, "error_description": error.message}
            return json_response(content, error.http_status)
        return json_response(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": seconds,
                "scope": "sandbox@example.com",
            }
        )

    def _token_for(self, form: Mapping[str, str]) -> tuple[str, int]:
        if form.get("grant_type") != "client_credentials":
            message = "Unsupported grant type"
            raise SandboxApiError(ApiErrorCode.UNSUPPORTED_GRANT_TYPE, message, http_status=400)
        return self._tokens.issue(form.get("client_id", ""), form.get("client_secret", ""))
