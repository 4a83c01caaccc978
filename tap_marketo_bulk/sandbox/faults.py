"""Faults as data, and the selection of the fault that applies to a call.

What a fault does is in ``http/fault_injection.py`` and, for faults of jobs, in ``exports/job.py``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock

from tap_marketo_bulk.sandbox.data.random_values import random_bits

_ANY: frozenset[str] = frozenset()
_FILE = frozenset({"file"})
_TOKEN = frozenset({"token"})
_ENQUEUE = frozenset({"enqueue"})
_JOB_CALLS = frozenset({"enqueue", "status", "file", "cancel"})
_JOB_RESPONSES = frozenset({"enqueue", "status", "cancel", "list"})
_ASSET_PAGES = frozenset(
    {
        *("programs", "smart_campaigns", "static_lists", "smart_lists", "emails", "forms"),
        *("email_templates", "landing_pages", "folders", "lists", "campaigns"),
    }
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
    "advance_clock": _ASSET_PAGES,
    # The job is changed when the call is executed.
    "fail": _JOB_CALLS,  # the job ends as Failed, with `message` as errorMsg
    "cancelled": _JOB_CALLS,  # another user cancels the job
    "vanish": _JOB_CALLS,  # the job does not exist any more
    "stuck": _JOB_CALLS,  # the job is processed without end
    "slow": _JOB_CALLS,  # processing needs `seconds` more
    "wrong_count": _JOB_CALLS,  # numberOfRecords is `amount` too high
    "wrong_size": _JOB_CALLS,  # fileSize is `amount` too high
    "no_checksum": _JOB_CALLS,  # fileChecksum is missing
}
JOB_KINDS = frozenset(kind for kind, calls in KINDS.items() if calls is _JOB_CALLS)


@dataclass(frozen=True)
class Fault:
    """An error of the server that the sandbox simulates; see ``KINDS`` for the kinds.

    It matches calls named ``call`` (None: all to which the kind can apply; for faults of jobs only
    ``enqueue``) with the export object ``object`` (None: all). It does not apply to the first
    ``skip`` matching calls, then to ``times`` of them (None: all), each with ``probability``.
    ``seconds`` are real seconds, except for ``slow`` and ``advance_clock``: those are seconds of
    the sandbox's clock.

    Raises:
        ValueError: The kind does not exist, or it cannot apply to ``call``.
    """

    kind: str
    call: str | None = None
    object: str | None = None
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
        return _includes(_ENQUEUE if self.kind in JOB_KINDS else KINDS[self.kind], call_name)


def _includes(call_names: Collection[str], name: str) -> bool:
    return not call_names or name in call_names


class FaultSelector:
    """Selects the fault that applies to a call: the first of ``faults`` that matches and is due.

    ``faults`` may be changed at any time. ``seed`` makes the selection by probability repeatable.
    """

    def __init__(self, faults: list[Fault], seed: int) -> None:
        self._faults = faults
        self._seed = seed
        self._lock = Lock()
        # By identity of the fault. The count holds the fault, so that its identity is not reused.
        self._counts: dict[int, _FaultCount] = {}

    def select(self, call_name: str, object_name: str) -> Fault | None:
        """The fault that applies to this call, or None; counts the call."""
        with self._lock:
            for fault in tuple(self._faults):
                if fault.matches(call_name, object_name) and self._is_due(fault):
                    return fault
        return None

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
