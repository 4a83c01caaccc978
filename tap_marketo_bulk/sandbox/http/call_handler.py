"""Handles calls without a socket: the request log, Marketo's limits, the response."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import format_datetime
from threading import Lock
from typing import cast
from urllib.parse import urlsplit

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.http.access import CallLimits
from tap_marketo_bulk.sandbox.http.messages import (
    BEFORE_HEADERS,
    Call,
    HttpRequest,
    HttpResponse,
)
from tap_marketo_bulk.sandbox.http.request_url import method_and_query, resolve_dot_segments
from tap_marketo_bulk.sandbox.http.responses import api_error_response

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
