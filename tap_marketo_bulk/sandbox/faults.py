"""What can go wrong, as data: a list of faults, each matched against the calls that arrive."""

from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock

from tap_marketo_bulk.sandbox.chance import draw
from tap_marketo_bulk.sandbox.exchange import Call

_ANY: frozenset[str] = frozenset()
_FILE = frozenset({"file"})
_TOKEN = frozenset({"token"})
_ENQUEUE = frozenset({"enqueue"})
_JOB_CALLS = frozenset({"enqueue", "status", "file", "cancel"})
_JOB_REPLIES = frozenset({"enqueue", "status", "cancel", "list"})

# Each kind with the calls it makes sense for (none named: all) and what it does.
KINDS: dict[str, frozenset[str]] = {
    # Instead of an answer; the call has no effect.
    "envelope": _ANY,  # HTTP 200, success false, with `code` (None: without) and `message`
    "http": _ANY,  # HTTP `status` with `body` as plain text
    "html": _ANY,  # HTTP `status` with a page of HTML
    "not_json": _ANY,  # HTTP 200 with bytes that are no JSON
    "redirect": _ANY,  # HTTP 302 to `url`
    "reset": _ANY,  # the connection is reset
    "hang": _ANY,  # nothing for `seconds`, then the connection ends
    "bad_credentials": _TOKEN,  # HTTP 401 as for a wrong secret
    # The call has its effect, and the reply suffers.
    "lost_reply": _ANY,  # the connection ends before the reply
    "delay": _ANY,  # the reply comes `seconds` late
    "warnings": _ANY,  # a warning with `code` and `message` beside the result
    "expired_token": _TOKEN,  # the token is expired the moment it is issued
    "no_expires_in": _TOKEN,  # the reply does not tell how long the token lives
    "unknown_status": _JOB_REPLIES,  # a status that is not documented
    "trickle": _ANY,  # the body comes in small pieces with `seconds` between them
    "drop": _ANY,  # the connection ends at byte `at_byte`, Content-Length promised more
    "truncate": _ANY,  # the body ends at byte `at_byte`, and Content-Length agrees
    "corrupt": _ANY,  # byte `at_byte` is another
    "extra": _ANY,  # `amount` bytes more
    "ignore_range": _FILE,  # the whole file with HTTP 200 whatever was asked for
    "wrong_range": _FILE,  # HTTP 206 with a Content-Range that is `amount` off
    # What befalls a job, from the moment of the call on.
    "fail": _JOB_CALLS,  # ends Failed, with `message` as errorMsg
    "cancelled": _JOB_CALLS,  # somebody cancels it
    "vanish": _JOB_CALLS,  # nobody knows it any more
    "stuck": _JOB_CALLS,  # is processed for ever
    "slow": _JOB_CALLS,  # takes `seconds` longer
    "wrong_count": _JOB_CALLS,  # numberOfRecords is `amount` too high
    "wrong_size": _JOB_CALLS,  # fileSize is `amount` too high
    "no_checksum": _JOB_CALLS,  # fileChecksum is missing
}
OF_JOB = frozenset(kind for kind, calls in KINDS.items() if calls is _JOB_CALLS)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; see ``KINDS`` for what there is.

    It waits for calls named ``call`` (None: any that makes sense for the kind; for what befalls a
    job that is ``enqueue``) about ``object`` (None: any). The first ``skip`` of them pass, then
    ``times`` (None: all) suffer, each with ``probability``. ``seconds`` are real time,
    but for ``slow`` of the sandbox's clock.
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
        """Refuse a fault that could never strike."""
        if self.kind not in KINDS:
            message = f"There is no kind of fault '{self.kind}': use one of {', '.join(KINDS)}"
            raise ValueError(message)
        if self.call is not None and not _allows(KINDS[self.kind], self.call):
            message = f"A fault '{self.kind}' cannot befall the call '{self.call}'"
            raise ValueError(message)

    def concerns(self, call: Call) -> bool:
        """Whether it waits for calls such as this."""
        if self.object not in (None, call.object):
            return False
        if self.call is not None:
            return self.call == call.name
        return _allows(_ENQUEUE if self.kind in OF_JOB else KINDS[self.kind], call.name)


def _allows(calls: Collection[str], name: str) -> bool:
    return not calls or name in calls


class Faults:
    """Finds the fault that strikes a call, in the order of ``faults``, which a test may change."""

    def __init__(self, faults: list[Fault], seed: int) -> None:
        self.faults = faults
        self._seed = seed
        self._lock = Lock()
        # Keyed by identity, and holding the fault so that no other takes its identity.
        self._counts: dict[int, _Count] = {}

    def strike(self, call: Call) -> Fault | None:
        """The fault that strikes this call, used up by one."""
        with self._lock:
            for fault in tuple(self.faults):
                if fault.concerns(call) and self._strikes(fault):
                    return fault
        return None

    def _strikes(self, fault: Fault) -> bool:
        count = self._counts.setdefault(id(fault), _Count(fault, len(self._counts)))
        if fault.times is not None and count.struck >= fault.times:
            return False
        count.met += 1
        if count.met <= fault.skip:
            return False
        if draw(self._seed, count.number, count.met, 4) >= fault.probability * 2**64:
            return False
        count.struck += 1
        return True


@dataclass
class _Count:
    fault: Fault
    number: int
    met: int = 0
    struck: int = 0
