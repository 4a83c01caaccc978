"""A stream that fails for a reason of its own: the others are read, and the error comes last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import logged_warnings

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("corrupt", call="file", object="activities", times=None), errors.CorruptFileError),
        (Fault("fail", call="enqueue", object="activities", times=None), errors.ExportFailedError),
        (
            Fault("stuck", call="enqueue", object="activities", times=None),
            errors.ExportTimeoutError,
        ),
    ],
)
def test_the_streams_after_a_failed_one_are_read_and_the_run_ends_with_its_error(
    tap: TapRunner,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    error: type[errors.MarketoBulkError],
) -> None:
    sandbox.faults.append(fault)
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is error
    assert run.records("activities") == []
    assert run.table("leads") == sandbox.expected.leads()
    assert len(logged_warnings(caplog, "activities ends with an error; the other streams")) == 1


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_connection_test_ends_with_the_first_error(tap: TapRunner, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("stuck", call="enqueue", object="activities", times=None))
    tested = tap.make_tap(config=WHOLE_HISTORY)
    with pytest.raises(errors.ExportTimeoutError):
        tested.run_connection_test()
    tested.sync_run.loop.close()
