"""A call without a socket: the request log, Marketo's limits, the token check, the route."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from email.utils import format_datetime
from functools import partial
from threading import Lock
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.http.access import AccessTokens, CallCounter
from tap_marketo_bulk.sandbox.http.messages import (
    BEFORE_HEADERS,
    Call,
    Handler,
    HttpRequest,
    HttpResponse,
    Route,
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


# Marketo's limits: 1 MB of request body, 8 KB of URI.
_MAX_BODY_BYTES = 1_000_000
_MAX_URI_BYTES = 8192
_TOKEN_PATH = "/identity/oauth/token"  # noqa: S105 - a path, not a password

Intercept = Callable[[HttpRequest, Handler], HttpResponse]
"""Responds to a call in place of the handler, which it may call."""


class Dispatcher:
    """Responds to the calls of all connections, and logs them; threads can share it.

    ``routes`` are the calls that need a token.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        tokens: AccessTokens,
        counter: CallCounter,
        clock: SandboxClock,
        intercept: Intercept,
    ) -> None:
        token_routes = (
            Route("token", method, _TOKEN_PATH, self._issue_token) for method in ("GET", "POST")
        )
        self._routes = (*token_routes, *routes)
        self._tokens = tokens
        self._counter = counter
        self._clock = clock
        self._intercept = intercept
        self._lock = Lock()
        self._calls: list[Call] = []

    def all_calls(self) -> list[Call]:
        """All calls up to now, in order of arrival."""
        with self._lock:
            return list(self._calls)

    @contextmanager
    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Iterator[HttpResponse]:
        """Execute a call and yield its response, with a ``Date`` header.

        ``target`` is the path and the query. The call counts as concurrent while the context is
        open.
        """
        request, route = self._parse_request(method, target, headers, body)
        with self._counter.track_concurrent_call() as concurrent:
            with self._lock:
                index = len(self._calls)
                self._calls.append(request.call)
            try:
                self._check_request(target, request, concurrent)
                response = self._intercept(request, partial(self._respond, route))
            except SandboxApiError as error:
                response = api_error_response(error)
            sends_nothing = response.transmission.drop_at == BEFORE_HEADERS
            status = 0 if sends_nothing else response.status
            with self._lock:
                self._calls[index] = replace(request.call, status=status)
            date = format_datetime(self._clock.now(), usegmt=True)
            yield replace(response, headers={"Date": date, **response.headers})

    def _parse_request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[HttpRequest, Route | None]:
        """The request, and its route, None if there is none."""
        url = urlsplit(target)
        path = resolve_dot_segments(url.path)
        route_method, query = method_and_query(method, url.query, body)
        found = self._find_route(route_method, path)
        groups = found[1] if found else {}
        call = Call(
            at=self._clock.now(),
            name=found[0].name if found else "",
            method=method,
            path=path,
            object=groups.get("object", ""),
            export_id=groups.get("export_id", ""),
            body=_decode_json(body),
        )
        lower_case = {name.lower(): value for name, value in headers.items()}
        return HttpRequest(call, query, lower_case, body), found and found[0]

    def _check_request(self, target: str, request: HttpRequest, concurrent: int) -> None:
        if len(target) > _MAX_URI_BYTES:
            message = "Request-URI too long"
            raise SandboxApiError(ApiErrorCode.URI_TOO_LONG, message, http_status=414)
        if len(request.body) > _MAX_BODY_BYTES:
            message = "Request entity too large"
            raise SandboxApiError(ApiErrorCode.BODY_TOO_LARGE, message, http_status=413)
        self._counter.check_concurrent(request.call.name, concurrent)

    def _find_route(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The route of a call, and the groups in its path."""
        for route in self._routes:
            match = re.fullmatch(route.path_pattern, path)
            if match and method == route.method:
                return route, match.groupdict()
        return None

    def _respond(self, route: Route | None, request: HttpRequest) -> HttpResponse:
        if route and route.name == "token":
            return self._issue_token(request)
        try:
            client_id = self._tokens.authenticate(request.headers.get("authorization", ""))
            self._counter.count_call(client_id)
            if route is None:
                raise self._no_route_error(request.call.path)
            self._counter.check_permission(route.permission_of(request))
            return route.handler(replace(request, client_id=client_id))
        except SandboxApiError as error:
            self._counter.count_error(error.code)
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


def _decode_json(body: bytes) -> object:
    """The decoded JSON, None for other bodies."""
    try:
        return cast("object", json.loads(body)) if body else None
    except ValueError:
        return None
