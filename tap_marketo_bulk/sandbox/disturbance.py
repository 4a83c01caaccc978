"""How each kind of fault changes what a call does and gets."""

import json
from collections.abc import Callable
from dataclasses import replace

from tap_marketo_bulk.sandbox.api import Api
from tap_marketo_bulk.sandbox.exchange import (
    BEFORE_HEADERS,
    Delivery,
    Exchange,
    Json,
    Reply,
    error_reply,
    json_reply,
    plain_reply,
)
from tap_marketo_bulk.sandbox.faults import OF_JOB, Fault, Faults
from tap_marketo_bulk.sandbox.jobs import Jobs
from tap_marketo_bulk.sandbox.tokens import Tokens

_HTML = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"


class Disturbance:
    """Answers calls as the API does, except where a fault strikes."""

    def __init__(self, api: Api, faults: Faults, jobs: Jobs, tokens: Tokens) -> None:
        self._api = api
        self._faults = faults
        self._jobs = jobs
        self._tokens = tokens

    def answer(self, exchange: Exchange) -> Reply:
        """The reply to one call."""
        fault = self._faults.strike(exchange.call)
        if fault is None:
            return self._api.answer(exchange)
        if fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind](fault)
        if fault.kind in OF_JOB:
            self._jobs.befall(exchange.call.export_id, fault)
            return self._api.answer(exchange)
        if fault.kind == "ignore_range":
            headers = {name: text for name, text in exchange.headers.items() if name != "range"}
            return self._api.answer(replace(exchange, headers=headers))
        reply = self._api.answer(exchange)
        if fault.kind == "expired_token":
            self._tokens.expire()
            return reply
        return _AFTER[fault.kind](fault, reply)


def _envelope(fault: Fault) -> Reply:
    entry: dict[str, Json] = {} if fault.code is None else {"code": fault.code}
    return error_reply(entry | {"message": fault.message})


def _bad_credentials(_fault: Fault) -> Reply:
    content = {"error": "unauthorized", "error_description": "Bad client credentials"}
    return json_reply(content, 401)


_INSTEAD: dict[str, Callable[[Fault], Reply]] = {
    "envelope": _envelope,
    "http": lambda fault: plain_reply(fault.status, fault.body),
    "html": lambda fault: Reply(fault.status, _HTML.encode(), "text/html"),
    "not_json": lambda _fault: Reply(200, b'\x00\xff{"success": tru'),
    "redirect": lambda fault: Reply(302, headers={"Location": fault.url}),
    "reset": lambda _fault: Reply(0, delivery=Delivery(drop_at=BEFORE_HEADERS, reset=True)),
    "hang": lambda fault: Reply(0, delivery=Delivery(fault.seconds, drop_at=BEFORE_HEADERS)),
    "bad_credentials": _bad_credentials,
}


def _edited(reply: Reply, edit: Callable[[dict[str, Json]], object]) -> Reply:
    """The reply with its JSON changed; any other is left alone."""
    if reply.file or "json" not in reply.content_type:
        return reply
    content = json.loads(reply.body)
    edit(content)
    return replace(reply, body=json.dumps(content).encode())


def _warnings(fault: Fault, reply: Reply) -> Reply:
    warning = {"code": fault.code, "message": fault.message}
    return _edited(reply, lambda content: content.update(warnings=[warning]))


def _unknown_status(_fault: Fault, reply: Reply) -> Reply:
    def edit(content: dict[str, Json]) -> None:
        result = content.get("result")
        for job in result if isinstance(result, list) else []:
            job["status"] = "Hibernating"

    return _edited(reply, edit)


def _wrong_range(fault: Fault, reply: Reply) -> Reply:
    if reply.file is None:
        return reply
    start = reply.file.start + fault.amount
    content_range = f"bytes {start}-{start + reply.length - 1}/{start + reply.length}"
    return replace(reply, status=206, headers={"Content-Range": content_range})


def _travelling(reply: Reply, delivery: Delivery) -> Reply:
    return replace(reply, delivery=delivery)


def _at_byte(fault: Fault, reply: Reply) -> int:
    """The byte the fault names, or the middle one; never beyond the last."""
    middle = reply.length // 2
    return max(0, min(middle if fault.at_byte is None else fault.at_byte, reply.length - 1))


def _truncate(fault: Fault, reply: Reply) -> Reply:
    length = _at_byte(fault, reply)
    if reply.file is None:
        return replace(reply, body=reply.body[:length])
    return replace(reply, file=replace(reply.file, length=length))


_AFTER: dict[str, Callable[[Fault, Reply], Reply]] = {
    "lost_reply": lambda _fault, reply: _travelling(reply, Delivery(drop_at=BEFORE_HEADERS)),
    "delay": lambda fault, reply: _travelling(reply, Delivery(fault.seconds)),
    "warnings": _warnings,
    "no_expires_in": lambda _fault, reply: _edited(
        reply, lambda content: content.pop("expires_in", None)
    ),
    "unknown_status": _unknown_status,
    "trickle": lambda fault, reply: _travelling(reply, Delivery(pause_seconds=fault.seconds)),
    "drop": lambda fault, reply: _travelling(reply, Delivery(drop_at=_at_byte(fault, reply))),
    "truncate": _truncate,
    "corrupt": lambda fault, reply: _travelling(reply, Delivery(corrupt_at=_at_byte(fault, reply))),
    "extra": lambda fault, reply: replace(reply, body=reply.body + b"x" * fault.amount),
    "wrong_range": _wrong_range,
}
