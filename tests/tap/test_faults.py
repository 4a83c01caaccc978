"""Every kind of fault in every call of a run leads to the expected rows or the expected error."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tests.support.call_faults import (
    ERRORS_OF_A_LASTING_FAULT,
    ERRORS_OF_ONE_FAULT,
    FAST_FAULTS,
    FAULTS,
    INVALID_RESPONSE,
    SECONDS,
    fault,
)
from tests.support.data_sets import (
    UNCHANGING,
    WHOLE_HISTORY,
    assert_bookmarks_are_covered,
    assert_complete,
)

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.runs import RunResult, TapRunner

pytestmark = pytest.mark.parametrize("options", [UNCHANGING])

CONFIG = WHOLE_HISTORY | {"window_days": 31}
MAX_RUNS = 5


def run_with_faults(tap: TapRunner, *faults: Fault) -> RunResult:
    """Run once with faults; check that runs without faults load the rest."""
    tap.sandbox.faults += faults
    config = CONFIG
    if {fault.kind for fault in faults} & set(SECONDS):
        config = config | {"request_timeout_seconds": 1.0}
    run = tap.run_with_discovery(config=config)
    tap.sandbox.faults.clear()
    runs = [run]
    # A job in STATE may have a fault, and each run can end at another one of them.
    while runs[-1].error and len(runs) < MAX_RUNS:
        runs.append(tap.run(config=CONFIG, state=runs[-1].state))
    assert runs[-1].error is None
    assert_bookmarks_are_covered(tap.sandbox, *runs)
    assert_complete(tap.sandbox, *runs)
    return run


def test_no_row_of_the_data_set_changes_during_the_tests(
    sandbox: Sandbox, sandbox_clock: SandboxClock
) -> None:
    now = sandbox_clock.now()
    before, later = now - timedelta(minutes=15), now + timedelta(days=3)
    assert sandbox.expected.leads(at=before) == sandbox.expected.leads(at=later)
    assert sandbox.expected.activities(at=before) == sandbox.expected.activities(at=later)


@pytest.mark.parametrize(("kind", "call"), FAULTS)
def test_after_one_fault_the_run_is_complete_or_ends_in_the_expected_error(
    tap: TapRunner, kind: str, call: str
) -> None:
    run = run_with_faults(tap, fault(kind, call, times=1))
    if (kind, call != "file") == ("corrupt", True) and run.error:
        # The error depends on the meaning of the changed byte of the envelope.
        assert isinstance(run.error, errors.MarketoBulkError)
    else:
        assert type(run.error) is ERRORS_OF_ONE_FAULT.get((kind, call), type(None))


@pytest.mark.parametrize(("kind", "call"), FAST_FAULTS)
def test_with_a_lasting_fault_the_run_is_complete_or_ends_in_the_expected_error(
    tap: TapRunner, kind: str, call: str
) -> None:
    run = run_with_faults(tap, fault(kind, call, times=None))
    assert type(run.error) is ERRORS_OF_A_LASTING_FAULT.get((kind, call), type(None))
    if run.error:
        message = str(run.error)
        assert "run again" in message or "Check" in message
        assert "?" not in message


@pytest.mark.parametrize(
    ("code", "call"),
    [
        *((code, "status") for code in ("500", "502", "503", "504", "604", "608", "611", "713")),
        *((code, call) for code in ("601", "606", "615") for call in ("create", "file")),
        ("602", "token"),
        ("615", "describe"),
    ],
)
def test_a_call_with_a_transient_error_code_is_repeated(
    tap: TapRunner, code: str, call: str
) -> None:
    run = run_with_faults(tap, Fault("envelope", call=call, code=code, times=2))
    assert run.error is None


@pytest.mark.parametrize(
    ("code", "call", "error"),
    [
        ("603", "describe", errors.DiscoveryDeniedError),
        *(("603", call, errors.StreamsDeniedError) for call in ("create", "status")),
        *(("607", call, errors.CallQuotaError) for call in ("describe", "enqueue", "file")),
        ("610", "create", errors.ApiError),
        ("1003", "create", errors.ApiError),
        (None, "create", errors.ApiError),
        ("610", "file", errors.FileNotReadyError),
        ("603", "file", errors.StreamsDeniedError),
        # This code has no meaning for a job, so the status of the job is not known.
        ("999", "status", INVALID_RESPONSE),
        # This may be Marketo's code for an unknown job, so it is treated as one.
        ("1003", "status", errors.ExportFailedError),
    ],
)
def test_a_permanent_error_code_ends_the_run(
    tap: TapRunner, code: str | None, call: str, error: type[Exception]
) -> None:
    run = run_with_faults(tap, Fault("envelope", call=call, code=code, times=None, message="Sorry"))
    assert type(run.error) is error
    assert ("Sorry" in str(run.error)) == (call != "status" or code != "1003")


@pytest.mark.parametrize("call", ["describe", "status", "file"])
def test_after_a_rate_limit_error_the_run_waits_and_repeats_the_call(
    tap: TapRunner, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    run = run_with_faults(tap, Fault("envelope", call=call, code="606", times=3))
    assert run.error is None
    # Other steps are taken during the pauses, which divide them.
    pauses = re.findall(r"Rate limit reached \(606.*; retrying in ([\d.]+) s", caplog.text)
    assert len(pauses) == 3
    assert all(float(seconds) >= 5 for seconds in pauses)
