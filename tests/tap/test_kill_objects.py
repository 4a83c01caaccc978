"""The process of the tap is killed at calls for custom objects and program members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
from tap_marketo_bulk.times import SystemClock
from tests.support.bulk_objects import (
    MEMBERS,
    MEMBERS_OBJECT,
    ORDERS,
    ORDERS_OBJECT,
    UNCHANGING_OBJECTS,
    assert_no_job_is_paid_twice,
    catalog_of,
    expected_table,
)
from tests.support.data_sets import loaded_rows
from tests.support.runs import TapRunner
from tests.support.tap_process import (
    count_calls,
    delayed_response,
    parse_output,
    settings_of,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.tap_process import TapProcess


@pytest.fixture
def sandbox_clock() -> SandboxClock:
    """The real time, as in the process of the tap."""
    return SandboxClock()


@pytest.mark.parametrize("options", [UNCHANGING_OBJECTS])
@pytest.mark.parametrize(
    ("call", "export_object", "skip"),
    [("enqueue", ORDERS_OBJECT, 1), ("create", MEMBERS_OBJECT, 1), ("file", MEMBERS_OBJECT, 1)],
)
def test_after_a_process_is_killed_at_a_call_the_next_run_completes_its_windows(
    sandbox: Sandbox,
    start: Callable[..., TapProcess],
    call: str,
    export_object: str,
    skip: int,
) -> None:
    tap = TapRunner(sandbox, SystemClock(), settings_of(sandbox))
    catalog = catalog_of(tap, ORDERS, MEMBERS)
    with delayed_response(sandbox, call, skip, export_object):
        process = start(catalog=catalog)
        wait_until(lambda: count_calls(sandbox, call, export_object) > skip)
        process.popen.kill()
        killed = parse_output(process.output(), may_be_cut=True)
    again = tap.run(catalog=catalog, state=killed.state)
    assert again.error is None
    for stream in (ORDERS, MEMBERS):
        assert loaded_rows([killed, again], stream) == expected_table(sandbox, stream)
    assert_no_job_is_paid_twice(sandbox)
