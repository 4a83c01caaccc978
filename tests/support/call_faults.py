"""The kinds of faults of each call, and the errors that they lead to."""

from __future__ import annotations

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.faults import KINDS

CALLS = ("token", "describe", "create", "enqueue", "status", "file")
FAULTS = [
    (kind, call)
    for kind, allowed in KINDS.items()
    for call in CALLS
    if not allowed or call in allowed
]
FAST_FAULTS = [
    (kind, call)
    for kind, call in FAULTS
    # Discovery fails as the call for a token does. These faults take real time, or they change a
    # byte that may not matter.
    if call != "describe"
    and kind not in ("hang", "delay", "trickle")
    and (kind, call != "file") != ("corrupt", True)
]
# Real seconds, longer than the request timeout; for "slow", seconds of the sandbox's clock.
SECONDS = {"hang": 1.2, "delay": 1.2, "trickle": 0.02, "slow": 3600.0}
REJECTED, UNREACHABLE = errors.ApiError, errors.UnreachableError
INVALID_RESPONSE, CORRUPT_FILE = errors.InvalidResponseError, errors.CorruptFileError
FAILED = errors.ExportFailedError

# The error after a fault in one call; without an error the run writes the expected rows.
ERRORS_OF_ONE_FAULT: dict[tuple[str, str], type[Exception]] = {
    ("bad_credentials", "token"): errors.CredentialsError,
    **{("redirect", call): REJECTED for call in CALLS if call != "status"},
    ("vanish", "file"): errors.FileNotReadyError,
    **{
        (kind, call): CORRUPT_FILE
        for kind in ("wrong_count", "wrong_size", "no_checksum")
        for call in ("enqueue", "status")
    },
}
# The error after the same fault in each call.
_ERRORS_BY_KIND: dict[str, type[Exception]] = {
    "envelope": errors.MarketoSystemError,
    "http": errors.TransientError,
    "html": errors.TransientError,
    "not_json": INVALID_RESPONSE,
    "truncate": INVALID_RESPONSE,
    "extra": INVALID_RESPONSE,
    "reset": UNREACHABLE,
    "drop": UNREACHABLE,
    "lost_reply": UNREACHABLE,
    "redirect": REJECTED,
}
ERRORS_OF_A_LASTING_FAULT: dict[tuple[str, str], type[Exception]] = (
    {(kind, call): error for kind, error in _ERRORS_BY_KIND.items() for call in CALLS}
    | ERRORS_OF_ONE_FAULT
    | {
        ("redirect", "status"): INVALID_RESPONSE,
        ("stuck", "enqueue"): errors.ExportTimeoutError,
        ("expired_token", "token"): errors.TokenRejectedError,
        ("unknown_status", "status"): INVALID_RESPONSE,
        ("truncate", "file"): CORRUPT_FILE,
        ("corrupt", "file"): CORRUPT_FILE,
        ("extra", "file"): CORRUPT_FILE,
        ("wrong_range", "file"): INVALID_RESPONSE,
        ("fail", "enqueue"): FAILED,
        ("cancelled", "enqueue"): FAILED,
        ("vanish", "enqueue"): FAILED,
        ("vanish", "status"): FAILED,
    }
)


def fault(kind: str, call: str, times: int | None, export_object: str | None = None) -> Fault:
    """Return a fault of a kind in a call, for one export object or for all."""
    seconds = SECONDS.get(kind, 0.0)
    url = "http://127.0.0.1:1/?a=b"
    return Fault(kind, call=call, object=export_object, times=times, seconds=seconds, url=url)
