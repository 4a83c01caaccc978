"""Every fault the sandbox knows, in every call a run makes: the right rows or the right error."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.faults import KINDS
from tests.support.data_sets import STILL, WHOLE, assert_complete, assert_honest

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.clock import TapClock
    from tests.support.runs import Run, Tap

pytestmark = pytest.mark.parametrize("options", [STILL])

CALLS = ("token", "describe", "create", "enqueue", "status", "file")
EACH = [
    (kind, call)
    for kind, allowed in KINDS.items()
    for call in CALLS
    if not allowed or call in allowed
]
QUICK = [
    (kind, call)
    for kind, call in EACH
    # Discovery is as token is; these are real time, or change a byte that may or may not matter.
    if call != "describe"
    and kind not in ("hang", "delay", "trickle")
    and (kind, call != "file") != ("corrupt", True)
]
CONFIG = WHOLE | {"window_days": 31}
# Real seconds, longer than the tap then waits; "slow" is of the sandbox's clock.
SECONDS = {"hang": 0.3, "delay": 0.3, "trickle": 0.02, "slow": 3600.0}
MOST_RUNS = 5
REFUSED, BROKEN, ODD = errors.ApiError, errors.UnreachableError, errors.InvalidResponseError
WRONG, FAILED = errors.CorruptFileError, errors.ExportFailedError

# What one fault leads to, where it is not the right rows.
ONCE: dict[tuple[str, str], type[Exception]] = {
    ("bad_credentials", "token"): errors.CredentialsError,
    **{("redirect", call): REFUSED for call in CALLS if call != "status"},
    ("vanish", "file"): errors.FileNotReadyError,
    ("stuck", "enqueue"): errors.ExportTimeoutError,
    **{
        (kind, call): WRONG
        for kind in ("wrong_count", "wrong_size", "no_checksum")
        for call in ("enqueue", "status")
    },
}
# And one in each call, where that is not the right rows either.
_BY_KIND: dict[str, type[Exception]] = {
    "envelope": errors.TransientError,
    "http": errors.TransientError,
    "html": errors.TransientError,
    "not_json": ODD,
    "truncate": ODD,
    "extra": ODD,
    "reset": BROKEN,
    "drop": BROKEN,
    "lost_reply": BROKEN,
    "redirect": REFUSED,
}
ALWAYS: dict[tuple[str, str], type[Exception]] = (
    {(kind, call): error for kind, error in _BY_KIND.items() for call in CALLS}
    | ONCE
    | {
        ("redirect", "status"): ODD,
        ("expired_token", "token"): errors.TokenRejectedError,
        ("unknown_status", "status"): ODD,
        ("truncate", "file"): WRONG,
        ("corrupt", "file"): WRONG,
        ("extra", "file"): WRONG,
        ("wrong_range", "file"): ODD,
        ("fail", "enqueue"): FAILED,
        ("cancelled", "enqueue"): FAILED,
        ("vanish", "enqueue"): FAILED,
        ("vanish", "status"): FAILED,
    }
)


def fault(kind: str, call: str, times: int | None) -> Fault:
    seconds = SECONDS.get(kind, 0.0)
    return Fault(kind, call=call, times=times, seconds=seconds, url="http://127.0.0.1:1/?a=b")


def disturbed(tap: Tap, *faults: Fault) -> Run:
    """Run once with faults; whatever comes of it, a run without them completes the rest."""
    tap.sandbox.faults += faults
    config = CONFIG
    if {fault.kind for fault in faults} & set(SECONDS):
        config = config | {"request_timeout_seconds": 0.25}
    run = tap.attempt(config=config)
    tap.sandbox.faults.clear()
    runs = [run]
    # A job in the state may be at fault itself, and one of those at a time is found out.
    while runs[-1].error and len(runs) < MOST_RUNS:
        runs.append(tap.run(config=CONFIG, state=runs[-1].state))
    assert runs[-1].error is None
    assert_honest(tap.sandbox, *runs)
    assert_complete(tap.sandbox, *runs)
    return run


def test_nothing_happens_in_the_still_world(sandbox: Sandbox, sandbox_clock: SandboxClock) -> None:
    now = sandbox_clock.now()
    long_ago, later = now - timedelta(minutes=15), now + timedelta(days=3)
    assert sandbox.expected.leads(at=long_ago) == sandbox.expected.leads(at=later)
    assert sandbox.expected.activities(at=long_ago) == sandbox.expected.activities(at=later)


@pytest.mark.parametrize(("kind", "call"), EACH)
def test_one_fault_gives_the_right_rows_or_the_right_error(tap: Tap, kind: str, call: str) -> None:
    run = disturbed(tap, fault(kind, call, times=1))
    if (kind, call != "file") == ("corrupt", True) and run.error:
        # One bit of an envelope: what it means decides.
        assert isinstance(run.error, errors.MarketoBulkError)
    else:
        assert type(run.error) is ONCE.get((kind, call), type(None))


@pytest.mark.parametrize(("kind", "call"), QUICK)
def test_a_fault_that_stays_gives_the_right_rows_or_the_right_error(
    tap: Tap, kind: str, call: str
) -> None:
    run = disturbed(tap, fault(kind, call, times=None))
    assert type(run.error) is ALWAYS.get((kind, call), type(None))
    if run.error:
        sentence = str(run.error)
        assert "run again" in sentence or "Check" in sentence
        assert "?" not in sentence


@pytest.mark.parametrize(
    ("code", "call"),
    [
        *((code, "status") for code in ("500", "502", "503", "504", "604", "608", "611", "713")),
        *((code, call) for code in ("601", "606", "615") for call in ("create", "file")),
        ("602", "token"),
        ("615", "describe"),
    ],
)
def test_a_passing_code_is_tried_again(tap: Tap, code: str, call: str) -> None:
    run = disturbed(tap, Fault("envelope", call=call, code=code, times=2))
    assert run.error is None


@pytest.mark.parametrize(
    ("code", "call", "error"),
    [
        *(("603", call, errors.AccessDeniedError) for call in ("describe", "create", "status")),
        *(("607", call, errors.CallQuotaError) for call in ("describe", "enqueue", "file")),
        ("610", "create", errors.ApiError),
        ("1003", "create", errors.ApiError),
        (None, "create", errors.ApiError),
        ("610", "file", errors.FileNotReadyError),
        ("603", "file", errors.AccessDeniedError),
        # Not a word about the job, so nothing is known of it.
        ("999", "status", ODD),
        # How Marketo says that it does not know a job is open: so that is what this means.
        ("1003", "status", errors.ExportFailedError),
    ],
)
def test_a_code_that_does_not_pass_ends_the_run(
    tap: Tap, code: str | None, call: str, error: type[Exception]
) -> None:
    run = disturbed(tap, Fault("envelope", call=call, code=code, times=None, message="Sorry"))
    assert type(run.error) is error
    assert ("Sorry" in str(run.error)) == (call != "status" or code != "1003")


@pytest.mark.parametrize("call", ["describe", "status", "file"])
def test_the_rate_limit_is_waited_out(tap: Tap, clock: TapClock, call: str) -> None:
    run = disturbed(tap, Fault("envelope", call=call, code="606", times=3))
    assert run.error is None
    assert sum(pause >= 20 for pause in clock.pauses) >= 3
