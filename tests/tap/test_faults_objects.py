"""Every kind of fault in the calls for custom objects and program members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tests.support.bulk_objects import (
    ACTIVE,
    MEMBERS,
    MEMBERS_OBJECT,
    ORDERS,
    ORDERS_OBJECT,
    TWO_WINDOWS,
    UNCHANGING_OBJECTS,
    catalog_of,
    expected_active_members,
    expected_table,
)
from tests.support.call_faults import (
    ERRORS_OF_A_LASTING_FAULT,
    ERRORS_OF_ONE_FAULT,
    FAST_FAULTS,
    INVALID_RESPONSE,
    SECONDS,
    fault,
)
from tests.support.data_sets import assert_bookmarks_are_covered, loaded_rows

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Options
    from tests.support.runs import RunResult, TapRunner

OBJECTS = {ORDERS: ORDERS_OBJECT, MEMBERS: MEMBERS_OBJECT}
# Faults in the call for a token have no export object.
JOB_FAULTS = [(kind, call) for kind, call in FAST_FAULTS if call != "token"]
# Each kind of fault in each call for one of the objects, in turn.
IN_TURN = [
    (kind, call, tuple(OBJECTS)[number % 2]) for number, (kind, call) in enumerate(JOB_FAULTS)
]
ONE_WINDOW = TWO_WINDOWS | {"start_date": "2026-01-30"}
MAX_RUNS = 4


@pytest.fixture
def options() -> Options:
    """The data set that these tests share."""
    return UNCHANGING_OBJECTS


def run_with_fault(tap: TapRunner, stream: str, injected: Fault) -> RunResult:
    """Read one stream with a fault; check that runs without it load the rest."""
    tap.sandbox.faults.append(injected)
    config: dict[str, Any] = TWO_WINDOWS if stream == ORDERS else ONE_WINDOW
    catalog = catalog_of(tap, stream)
    timeout = {"request_timeout_seconds": 1.0} if injected.kind in SECONDS else {}
    runs = [tap.run(config=config | timeout, catalog=catalog)]
    tap.sandbox.faults.clear()
    # A job in STATE may have a fault, and each run can end at another one of them.
    while runs[-1].error and len(runs) < MAX_RUNS:
        runs.append(tap.run(config=config, catalog=catalog, state=runs[-1].state))
    assert runs[-1].error is None
    if stream == ORDERS:
        assert_bookmarks_are_covered(tap.sandbox, *runs)
    assert loaded_rows(runs, stream) == {
        key: row
        for key, row in expected_table(tap.sandbox, stream).items()
        if row["updatedAt"] >= config["start_date"]
    }
    return runs[0]


@pytest.mark.parametrize(("kind", "call", "stream"), IN_TURN)
def test_after_one_fault_the_run_is_complete_or_ends_in_the_expected_error(
    tap: TapRunner, kind: str, call: str, stream: str
) -> None:
    run = run_with_fault(tap, stream, fault(kind, call, 1, OBJECTS[stream]))
    assert type(run.error) is ERRORS_OF_ONE_FAULT.get((kind, call), type(None))


@pytest.mark.parametrize(("kind", "call", "stream"), IN_TURN)
def test_with_a_lasting_fault_the_run_is_complete_or_ends_in_the_expected_error(
    tap: TapRunner, kind: str, call: str, stream: str
) -> None:
    other = next(each for each in OBJECTS if each != stream)
    run = run_with_fault(tap, other, fault(kind, call, None, OBJECTS[other]))
    assert type(run.error) is ERRORS_OF_A_LASTING_FAULT.get((kind, call), type(None))


@pytest.mark.parametrize("stream", OBJECTS)
@pytest.mark.parametrize(
    ("code", "call", "error"),
    [
        ("607", "list", errors.CallQuotaError),
        ("607", "file", errors.CallQuotaError),
        ("611", "list", errors.MarketoSystemError),
        ("610", "create", errors.ApiError),
        ("610", "file", errors.FileNotReadyError),
        ("999", "status", INVALID_RESPONSE),
        ("1003", "status", errors.ExportFailedError),
    ],
)
def test_an_error_code_that_does_not_go_away_ends_the_run(
    tap: TapRunner, stream: str, code: str, call: str, error: type[Exception]
) -> None:
    injected = Fault("envelope", call=call, object=OBJECTS[stream], code=code, times=None)
    assert type(run_with_fault(tap, stream, injected).error) is error


@pytest.mark.parametrize(("kind", "call"), [("envelope", "programs"), ("drop", "programs")])
@pytest.mark.parametrize("times", [1, None])
def test_a_fault_in_the_list_of_programs_loses_no_active_program(
    tap: TapRunner, kind: str, call: str, times: int | None
) -> None:
    tap.sandbox.faults.append(Fault(kind, call=call, times=times))
    catalog = catalog_of(tap, "activities", MEMBERS)
    runs = [tap.run(config=ACTIVE, catalog=catalog)]
    assert (runs[0].error is None) == (times == 1)
    assert isinstance(runs[0].error, errors.TransientError | None)
    tap.sandbox.faults.clear()
    runs.append(tap.run(config=ACTIVE, catalog=catalog, state=runs[0].state))
    assert runs[1].error is None
    assert loaded_rows(runs, MEMBERS) == expected_active_members(tap.sandbox)


@pytest.mark.parametrize("call", ["create", "enqueue", "status", "file"])
def test_a_lasting_fault_of_activities_loses_no_active_program(tap: TapRunner, call: str) -> None:
    tap.sandbox.faults.append(fault("http", call, None, "activities"))
    catalog = catalog_of(tap, "activities", MEMBERS)
    runs = [tap.run(config=ACTIVE, catalog=catalog)]
    assert isinstance(runs[0].error, errors.TransientError)
    tap.sandbox.faults.clear()
    runs.append(tap.run(config=ACTIVE, catalog=catalog, state=runs[0].state))
    assert runs[1].error is None
    assert loaded_rows(runs, MEMBERS) == expected_active_members(tap.sandbox)
