"""Faults for tests: their kinds, the calls to which they apply, and their effects."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from threading import Lock

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.data.random_values import random_bits
from tap_marketo_bulk.sandbox.exports.create_body import check_time_range
from tap_marketo_bulk.sandbox.exports.jobs import JobQueue
from tap_marketo_bulk.sandbox.http.access import AccessTokens
from tap_marketo_bulk.sandbox.http.messages import (
    BEFORE_HEADERS,
    Call,
    Handler,
    HttpRequest,
    HttpResponse,
    Transmission,
    error_response,
    json_response,
    text_response,
)
from tap_marketo_bulk.sandbox.http.rest_api import READS

_HTML = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"

_ANY: frozenset[str] = frozenset()
_FILE = frozenset({"file"})
_TOKEN = frozenset({"token"})
_ENQUEUE = frozenset({"enqueue"})
_JOB_CALLS = frozenset({"enqueue", "status", "file", "cancel"})
_JOB_RESPONSES = frozenset({"enqueue", "status", "cancel", "list"})
_CHANGING = frozenset(read.name for read in READS if read.stream and read.changes_over_time)
_LISTS = frozenset(
    read.name for read in READS if read.respond in ("all", "all assets", "batch", "page", "forms")
)

# Each kind of fault with the calls to which it can apply (none named: all) and its effect.
KINDS: dict[str, frozenset[str]] = {
    # The call is not executed; the response is another one.
    "envelope": _ANY,  # HTTP 200, success false, with `code` (None: without) and `message`
    "http": _ANY,  # HTTP `status` with `body` as plain text
    "html": _ANY,  # HTTP `status` with an HTML page
    "not_json": _ANY,  # HTTP 200 with bytes that are not JSON
    "redirect": _ANY,  # HTTP 302 to `url`
    "reset": _ANY,  # the connection is reset
    "hang": _ANY,  # no response for `seconds`, then the connection is closed
    "bad_credentials": _TOKEN,  # HTTP 401 as for a wrong secret
    # The call is executed; its response is changed.
    "lost_reply": _ANY,  # the connection is closed before the response
    "delay": _ANY,  # the response is sent `seconds` later
    "warnings": _ANY,  # the response also has a warning with `code` and `message`
    "expired_token": _TOKEN,  # the token expires as soon as it is issued
    "no_expires_in": _TOKEN,  # the response has no `expires_in`
    "unknown_status": _JOB_RESPONSES,  # the job status is not a documented one
    "trickle": _ANY,  # the body is sent in small chunks with `seconds` between them
    "drop": _ANY,  # the connection is closed at byte `at_byte`, before Content-Length is sent
    "truncate": _ANY,  # the body ends at byte `at_byte`, and Content-Length is that length
    "corrupt": _ANY,  # byte `at_byte` is changed
    "extra": _ANY,  # the body has `amount` additional bytes
    "ignore_range": _FILE,  # HTTP 200 with the whole file, whatever range is requested
    "wrong_range": _FILE,  # HTTP 206 with a Content-Range that is `amount` too high
    # The call is executed, and then the sandbox's clock is `seconds` later: an asset can be created
    # or changed while a client reads pages.
    "advance_clock": _CHANGING,
    "hide": _LISTS,  # the call is executed as if the entry with the key `item` did not exist
    # The job is changed when the call is executed.
    "fail": _JOB_CALLS,  # the job ends as Failed, with `message` as errorMsg
    "cancelled": _JOB_CALLS,  # another user cancels the job
    "vanish": _JOB_CALLS,  # the job does not exist any more
    "stuck": _JOB_CALLS,  # the job is processed without end
    "slow": _JOB_CALLS,  # processing needs `seconds` more
    "wrong_count": _JOB_CALLS,  # numberOfRecords is `amount` too high
    "wrong_size": _JOB_CALLS,  # fileSize is `amount` too high
    "no_checksum": _JOB_CALLS,  # fileChecksum is missing
    # The cell of the column `field` is not UTF-8, in the row with the key `item` (None: the first).
    "undecodable": frozenset({"enqueue", "status"}),
}
# The members of the faults of a job that each kind sets.
JOB_KINDS: dict[str, Callable[["Fault"], dict[str, object]]] = {
    "fail": lambda fault: {"final_status": "Failed", "error": fault.message},
    "cancelled": lambda _: {"final_status": "Cancelled"},
    "vanish": lambda _: {"is_deleted": True},
    "stuck": lambda _: {"never_ends": True},
    "slow": lambda fault: {"additional_seconds": fault.seconds},
    "wrong_count": lambda fault: {"record_count_error": fault.amount},
    "wrong_size": lambda fault: {"file_size_error": fault.amount},
    "no_checksum": lambda _: {"omits_checksum": True},
}
# The same for kinds that change the content of a file.
_CONTENT_KINDS: dict[str, Callable[["Fault"], dict[str, object]]] = {
    "undecodable": lambda fault: {"undecodable_cell": (fault.field, fault.item)},
}

Key = int | str | tuple[int, int] | None
"""The key of an entry or a record."""
Filter = Mapping[str, object]
"""The member ``filter`` of a create body."""


@dataclass(frozen=True)
class Fault:
    """An error of the server that the sandbox simulates; see ``KINDS`` for the kinds.

    It matches calls named ``call`` (None: all to which the kind can apply; for faults of jobs only
    ``enqueue``) with the export object ``object`` (None: all), about jobs with ``filter_value``,
    an id or a name, in their filter (None: any calls), and with a range of more than
    ``longer_than_days`` (None: any calls). It does not apply to the first ``skip`` matching calls,
    then to ``times`` of them (None: all), each with ``probability``. ``seconds`` are real seconds,
    except for ``slow`` and ``advance_clock``: those are seconds of the sandbox's clock.

    Raises:
        ValueError: The kind does not exist, or it cannot apply to ``call``.
    """

    kind: str
    call: str | None = None
    object: str | None = None
    filter_value: int | str | None = None
    longer_than_days: float | None = None
    times: int | None = 1
    skip: int = 0
    probability: float = 1.0
    code: str | int | None = "611"
    message: str = "System error"
    status: int = 502
    body: str = "Bad Gateway"
    url: str = ""
    at_byte: int | None = None
    seconds: float = 0.0
    amount: int = 1
    field: str = ""
    item: Key = None

    def __post_init__(self) -> None:
        """Check that there are calls to which the fault can apply."""
        if self.kind not in KINDS:
            message = f"There is no fault kind '{self.kind}': use one of {', '.join(KINDS)}"
            raise ValueError(message)
        if self.call is not None and not _includes(KINDS[self.kind], self.call):
            message = f"A fault of kind '{self.kind}' cannot apply to the call '{self.call}'"
            raise ValueError(message)

    def matches(self, call_name: str, object_name: str) -> bool:
        """Whether a call with this name and export object is one of those to which it applies."""
        if self.object not in (None, object_name):
            return False
        if self.call is not None:
            return self.call == call_name
        changes_job = self.kind in JOB_KINDS | _CONTENT_KINDS
        return _includes(_ENQUEUE if changes_job else KINDS[self.kind], call_name)

    def matches_filter(self, request_filter: Filter) -> bool:
        """Whether it applies to jobs with this filter of a create body."""
        values = [value for one in request_filter.values() for value in _values(one)]
        if self.filter_value is not None and self.filter_value not in values:
            return False
        if self.longer_than_days is None:
            return True
        ranges = (
            check_time_range(value, name, is_strict=False)
            for name, value in request_filter.items()
            if isinstance(value, dict)
        )
        return any(one.end - one.start > self.longer_than_days * 86_400 for one in ranges)


def _values(condition: object) -> list[object]:
    return condition if isinstance(condition, list) else [condition]


def _includes(call_names: Collection[str], name: str) -> bool:
    return not call_names or name in call_names


class FaultInjector:
    """Responds to calls as their handler does, except for calls to which a fault applies.

    That is the first of ``faults`` that matches and is due; ``faults`` may be changed at any time.
    ``seed`` makes the selection by probability repeatable.
    """

    def __init__(
        self,
        faults: list[Fault],
        seed: int,
        jobs: JobQueue,
        tokens: AccessTokens,
        clock: SandboxClock,
    ) -> None:
        self._faults = faults
        self._seed = seed
        self._jobs = jobs
        self._tokens = tokens
        self._clock = clock
        self._lock = Lock()
        # By identity of the fault. The count holds the fault, so that its identity is not reused.
        self._counts: dict[int, _FaultCount] = {}

    def respond(self, request: HttpRequest, handler: Handler) -> HttpResponse:
        """The response to a call, with the effect of the fault that applies to it, if any."""
        fault = self._select(request.call)
        if fault is None:
            return handler(request)
        if fault.kind in _REPLACED_RESPONSES:
            return _REPLACED_RESPONSES[fault.kind](fault)
        response = handler(self._changed_request(fault, request))
        if fault.kind == "expired_token":
            self._tokens.expire_all()
        if fault.kind == "advance_clock":
            self._clock.advance(fault.seconds)
        change_response = _CHANGED_RESPONSES.get(fault.kind)
        return change_response(fault, response) if change_response else response

    def _changed_request(self, fault: Fault, request: HttpRequest) -> HttpRequest:
        """The request that is executed; changes the job that it is about."""
        change_job = (JOB_KINDS | _CONTENT_KINDS).get(fault.kind)
        if change_job:
            self._jobs.change_faults(request.call.export_id, change_job(fault))
        if fault.kind == "ignore_range":
            headers = {name: text for name, text in request.headers.items() if name != "range"}
            return replace(request, headers=headers)
        return replace(request, hidden_key=fault.item) if fault.kind == "hide" else request

    def _select(self, call: Call) -> Fault | None:
        """The fault that applies to this call, or None; counts the call."""
        request_filter = self._filter_of(call)
        with self._lock:
            for fault in tuple(self._faults):
                is_matched = fault.matches(call.name, call.object)
                if is_matched and fault.matches_filter(request_filter) and self._is_due(fault):
                    return fault
        return None

    def _filter_of(self, call: Call) -> Filter:
        """The filter of the job that a call creates or is about; empty for other calls."""
        body = call.body if call.name == "create" else self._jobs.request_of(call.export_id)
        found = body.get("filter") if isinstance(body, dict) else None
        return found if isinstance(found, dict) else {}

    def _is_due(self, fault: Fault) -> bool:
        count = self._counts.setdefault(id(fault), _FaultCount(fault, len(self._counts)))
        if fault.times is not None and count.applied >= fault.times:
            return False
        count.matched += 1
        if count.matched <= fault.skip:
            return False
        if random_bits(self._seed, count.number, count.matched, 4) >= fault.probability * 2**64:
            return False
        count.applied += 1
        return True


@dataclass
class _FaultCount:
    fault: Fault
    number: int
    matched: int = 0
    applied: int = 0


def _envelope(fault: Fault) -> HttpResponse:
    code = {} if fault.code is None else {"code": fault.code}
    return error_response({**code, "message": fault.message})


def _bad_credentials(_fault: Fault) -> HttpResponse:
    content = {"error": "unauthorized", "error_description": "Bad client credentials"}
    return json_response(content, 401)


# The kinds of faults with which the call is not executed, and the response to it.
_REPLACED_RESPONSES: dict[str, Callable[[Fault], HttpResponse]] = {
    "envelope": _envelope,
    "http": lambda fault: text_response(fault.status, fault.body),
    "html": lambda fault: HttpResponse(fault.status, _HTML.encode(), "text/html"),
    "not_json": lambda _fault: HttpResponse(200, b'\x00\xff{"success": tru'),
    "redirect": lambda fault: HttpResponse(302, headers={"Location": fault.url}),
    "reset": lambda _: _sent(HttpResponse(0), drop_at=BEFORE_HEADERS, reset=True),
    "hang": lambda fault: _sent(
        HttpResponse(0), delay_seconds=fault.seconds, drop_at=BEFORE_HEADERS
    ),
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


def _sent(response: HttpResponse, **transmission: float) -> HttpResponse:
    """The response with another transmission."""
    changed = Transmission(**transmission)  # type: ignore[arg-type]  # members by name
    return replace(response, transmission=changed)


def _truncate(fault: Fault, response: HttpResponse) -> HttpResponse:
    length = _byte_index(fault, response)
    if response.file is None:
        return replace(response, body=response.body[:length])
    return replace(response, file=replace(response.file, length=length))


def _byte_index(fault: Fault, response: HttpResponse) -> int:
    """``at_byte``, by default the byte in the middle; at most the last byte of the body."""
    middle = response.length // 2
    index = middle if fault.at_byte is None else fault.at_byte
    return max(0, min(index, response.length - 1))


# The kinds of faults that change the response of the executed call.
_CHANGED_RESPONSES: dict[str, Callable[[Fault, HttpResponse], HttpResponse]] = {
    "lost_reply": lambda _, response: _sent(response, drop_at=BEFORE_HEADERS),
    "delay": lambda fault, response: _sent(response, delay_seconds=fault.seconds),
    "warnings": _warnings,
    "no_expires_in": _no_expires_in,
    "unknown_status": _unknown_status,
    "trickle": lambda fault, response: _sent(response, pause_seconds=fault.seconds),
    "drop": lambda fault, response: _sent(response, drop_at=_byte_index(fault, response)),
    "truncate": _truncate,
    "corrupt": lambda fault, response: _sent(response, corrupt_at=_byte_index(fault, response)),
    "extra": lambda fault, response: replace(response, body=response.body + b"x" * fault.amount),
    "wrong_range": _wrong_range,
}
