"""Fault injection: the effect of each kind of fault on a call and its response."""

import json
from collections.abc import Callable
from dataclasses import replace

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.exports.job_queue import JobQueue
from tap_marketo_bulk.sandbox.faults import JOB_KINDS, Fault, FaultSelector
from tap_marketo_bulk.sandbox.http.access import AccessTokens
from tap_marketo_bulk.sandbox.http.dispatcher import Dispatcher
from tap_marketo_bulk.sandbox.http.messages import (
    BEFORE_HEADERS,
    HttpRequest,
    HttpResponse,
    Transmission,
    error_response,
    json_response,
    text_response,
)

_HTML = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"


class FaultInjector:
    """Responds to calls as the dispatcher does, except for calls to which a fault applies."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        selector: FaultSelector,
        jobs: JobQueue,
        tokens: AccessTokens,
        clock: SandboxClock,
    ) -> None:
        self._dispatcher = dispatcher
        self._selector = selector
        self._jobs = jobs
        self._tokens = tokens
        self._clock = clock

    def respond(self, request: HttpRequest) -> HttpResponse:
        """The response to a call, with the effect of the fault that applies to it, if any."""
        fault = self._selector.select(request.call.name, request.call.object)
        if fault is None:
            return self._dispatcher.respond(request)
        if fault.kind in _REPLACED_RESPONSES:
            return _REPLACED_RESPONSES[fault.kind](fault)
        if fault.kind in JOB_KINDS:
            self._jobs.apply_fault(request.call.export_id, fault)
            return self._dispatcher.respond(request)
        if fault.kind == "ignore_range":
            headers = {name: text for name, text in request.headers.items() if name != "range"}
            return self._dispatcher.respond(replace(request, headers=headers))
        response = self._dispatcher.respond(request)
        if fault.kind == "expired_token":
            self._tokens.expire_all()
        if fault.kind == "advance_clock":
            self._clock.advance(fault.seconds)
        if fault.kind not in _CHANGED_RESPONSES:
            return response
        return _CHANGED_RESPONSES[fault.kind](fault, response)


def _envelope(fault: Fault) -> HttpResponse:
    code = {} if fault.code is None else {"code": fault.code}
    return error_response({**code, "message": fault.message})


def _bad_credentials(_fault: Fault) -> HttpResponse:
    content = {"error": "unauthorized", "error_description": "Bad client credentials"}
    return json_response(content, 401)


def _no_response(*, delay_seconds: float = 0.0, reset: bool = False) -> HttpResponse:
    transmission = Transmission(delay_seconds, drop_at=BEFORE_HEADERS, reset=reset)
    return HttpResponse(0, transmission=transmission)


# The kinds of faults with which the call is not executed, and the response to it.
_REPLACED_RESPONSES: dict[str, Callable[[Fault], HttpResponse]] = {
    "envelope": _envelope,
    "http": lambda fault: text_response(fault.status, fault.body),
    "html": lambda fault: HttpResponse(fault.status, _HTML.encode(), "text/html"),
    "not_json": lambda _fault: HttpResponse(200, b'\x00\xff{"success": tru'),
    "redirect": lambda fault: HttpResponse(302, headers={"Location": fault.url}),
    "reset": lambda _fault: _no_response(reset=True),
    "hang": lambda fault: _no_response(delay_seconds=fault.seconds),
    "bad_credentials": _bad_credentials,
}


def _with_changed_json(
    response: HttpResponse, change: Callable[[dict[str, object]], object]
) -> HttpResponse:
    """The response with its JSON changed; a response without JSON is returned unchanged."""
    if response.file or "json" not in response.content_type:
        return response
    content = json.loads(response.body)
    change(content)
    return replace(response, body=json.dumps(content).encode())


def _warnings(fault: Fault, response: HttpResponse) -> HttpResponse:
    warning = {"code": fault.code, "message": fault.message}
    return _with_changed_json(response, lambda content: content.update(warnings=[warning]))


def _no_expires_in(_fault: Fault, response: HttpResponse) -> HttpResponse:
    return _with_changed_json(response, lambda content: content.pop("expires_in", None))


def _unknown_status(_fault: Fault, response: HttpResponse) -> HttpResponse:
    def change(content: dict[str, object]) -> None:
        result = content.get("result")
        for job in result if isinstance(result, list) else []:
            job["status"] = "Hibernating"

    return _with_changed_json(response, change)


def _wrong_range(fault: Fault, response: HttpResponse) -> HttpResponse:
    if response.file is None:
        return response
    start = response.file.start + fault.amount
    content_range = f"bytes {start}-{start + response.length - 1}/{start + response.length}"
    return replace(response, status=206, headers={"Content-Range": content_range})


def _lost_response(_fault: Fault, response: HttpResponse) -> HttpResponse:
    return replace(response, transmission=Transmission(drop_at=BEFORE_HEADERS))


def _delay(fault: Fault, response: HttpResponse) -> HttpResponse:
    return replace(response, transmission=Transmission(fault.seconds))


def _trickle(fault: Fault, response: HttpResponse) -> HttpResponse:
    return replace(response, transmission=Transmission(pause_seconds=fault.seconds))


def _drop(fault: Fault, response: HttpResponse) -> HttpResponse:
    return replace(response, transmission=Transmission(drop_at=_byte_index(fault, response)))


def _corrupt(fault: Fault, response: HttpResponse) -> HttpResponse:
    return replace(response, transmission=Transmission(corrupt_at=_byte_index(fault, response)))


def _truncate(fault: Fault, response: HttpResponse) -> HttpResponse:
    length = _byte_index(fault, response)
    if response.file is None:
        return replace(response, body=response.body[:length])
    return replace(response, file=replace(response.file, length=length))


def _extra(fault: Fault, response: HttpResponse) -> HttpResponse:
    return replace(response, body=response.body + b"x" * fault.amount)


def _byte_index(fault: Fault, response: HttpResponse) -> int:
    """``at_byte``, by default the byte in the middle; at most the last byte of the body."""
    middle = response.length // 2
    index = middle if fault.at_byte is None else fault.at_byte
    return max(0, min(index, response.length - 1))


# The kinds of faults that change the response of the executed call.
_CHANGED_RESPONSES: dict[str, Callable[[Fault, HttpResponse], HttpResponse]] = {
    "lost_reply": _lost_response,
    "delay": _delay,
    "warnings": _warnings,
    "no_expires_in": _no_expires_in,
    "unknown_status": _unknown_status,
    "trickle": _trickle,
    "drop": _drop,
    "truncate": _truncate,
    "corrupt": _corrupt,
    "extra": _extra,
    "wrong_range": _wrong_range,
}
