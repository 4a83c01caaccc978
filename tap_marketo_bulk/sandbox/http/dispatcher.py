"""A call without a socket: the request log, Marketo's limits, the token check, the route."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import format_datetime
from threading import Lock
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.http.access import AccessTokens, CallLimits, CallStatistics, Handler
from tap_marketo_bulk.sandbox.http.messages import (
    BEFORE_HEADERS,
    Call,
    HttpRequest,
    HttpResponse,
    api_error_response,
    json_response,
)


def resolve_dot_segments(path: str) -> str:
    """The path without the segments ``.`` and ``..``: some clients send ``/rest/../bulk/v1``."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:1] + segments[1:-1]
        elif segment != ".":
            segments.append(segment)
    return "/".join(segments)


def method_and_query(method: str, query_text: str, body: bytes) -> tuple[str, dict[str, str]]:
    """The method of a call and its parameters.

    A POST call with the parameter ``_method=GET`` is a GET call; its parameters are also in the
    body, because they can be too long for a URL.
    """
    query = _parse_query(query_text)
    if method != "POST":
        return method, query
    parameters = query | _parse_query(body.decode(errors="replace"))
    if parameters.get("_method", "").upper() == "GET":
        return "GET", parameters
    return method, query


def _parse_query(text: str) -> dict[str, str]:
    """The parameters of a query; the values of a repeated parameter are joined with commas."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(text):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


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


# Marketo's limits: 1 MB of request body, 8 KB of URI.
_MAX_BODY_BYTES = 1_000_000
_MAX_URI_BYTES = 8192


class ReceivedCalls:
    """All calls in order of arrival; threads can share it."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = Lock()

    def all_calls(self) -> list[Call]:
        """The calls up to now."""
        with self._lock:
            return list(self._calls)

    def add(self, call: Call) -> int:
        """Add a call; return its index."""
        with self._lock:
            self._calls.append(call)
            return len(self._calls) - 1

    def set_status(self, index: int, status: int) -> None:
        """Set the HTTP status of the response to a call."""
        with self._lock:
            self._calls[index] = replace(self._calls[index], status=status)


@dataclass(frozen=True)
class CallHandler:
    """Handles the calls of all connections; threads can share it."""

    call_name_and_path_groups: Callable[[str, str], tuple[str, Mapping[str, str]]]
    """Returns the name of a call and the groups in its path, for a method and a path."""
    respond: Callable[[HttpRequest], HttpResponse]
    limits: CallLimits
    request_log: ReceivedCalls
    clock: SandboxClock

    @contextmanager
    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Iterator[HttpResponse]:
        """Execute a call and yield its response, with a ``Date`` header.

        ``target`` is the path and the query. The call counts as concurrent while the context is
        open.
        """
        request = self._parse_request(method, target, headers, body)
        with self.limits.track_concurrent_call() as concurrent:
            index = self.request_log.add(request.call)
            try:
                self._check_request(target, request, concurrent)
                response = self.respond(request)
            except SandboxApiError as error:
                response = api_error_response(error)
            sends_nothing = response.transmission.drop_at == BEFORE_HEADERS
            self.request_log.set_status(index, 0 if sends_nothing else response.status)
            date = format_datetime(self.clock.now(), usegmt=True)
            yield replace(response, headers={"Date": date, **response.headers})

    def _parse_request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> HttpRequest:
        url = urlsplit(target)
        path = resolve_dot_segments(url.path)
        route_method, query = method_and_query(method, url.query, body)
        name, path_groups = self.call_name_and_path_groups(route_method, path)
        call = Call(
            at=self.clock.now(),
            name=name,
            method=method,
            path=path,
            object=path_groups.get("object", ""),
            export_id=path_groups.get("export_id", ""),
            body=_decode_json(body),
        )
        lower_case = {name.lower(): value for name, value in headers.items()}
        return HttpRequest(call, query, lower_case, body)

    def _check_request(self, target: str, request: HttpRequest, concurrent: int) -> None:
        if len(target) > _MAX_URI_BYTES:
            message = "Request-URI too long"
            raise SandboxApiError(ApiErrorCode.URI_TOO_LONG, message, http_status=414)
        if len(request.body) > _MAX_BODY_BYTES:
            message = "Request entity too large"
            raise SandboxApiError(ApiErrorCode.BODY_TOO_LARGE, message, http_status=413)
        self.limits.check_concurrent(request.call.name, concurrent)


def _decode_json(body: bytes) -> object:
    """The decoded JSON, None for other bodies."""
    try:
        return cast("object", json.loads(body)) if body else None
    except ValueError:
        return None
