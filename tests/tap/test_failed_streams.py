"""A stream that fails for a reason of its own: the others are read, and the error comes last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tests.support.bulk_objects import (
    MEMBERS,
    MEMBERS_OBJECT,
    ORDERS,
    ORDERS_OBJECT,
    TWO_WINDOWS,
    UNCHANGING_OBJECTS,
    catalog_of,
    expected_table,
)
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, loaded_rows
from tests.support.runs import logged_warnings, selecting

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


@pytest.mark.parametrize("options", [UNCHANGING_OBJECTS])
@pytest.mark.parametrize(
    ("stream", "refused", "code"),
    [(MEMBERS, 1002, "1003"), (MEMBERS, 1002, "610"), ("list_members", 2002, "1013")],
)
def test_one_refused_program_or_list_is_named_and_all_others_are_read(
    tap: TapRunner, sandbox: Sandbox, stream: str, refused: int, code: str
) -> None:
    config = TWO_WINDOWS | {"list_ids": [2001, 2002]}
    catalog = catalog_of(tap, "leads", stream)
    sandbox.faults.append(
        Fault("envelope", call="create", code=code, message="No", filter_value=refused, times=None)
    )
    run = tap.run(config=config, catalog=catalog)
    assert type(run.error) is errors.RefusedIdsError
    assert f" {refused} of {stream} ({code} No)" in str(run.error)
    assert run.table("leads") == sandbox.expected.leads()
    sandbox.faults.clear()
    again = tap.run(config=config, catalog=catalog, state=run.state)
    assert again.error is None
    complete = loaded_rows([run, again], stream)
    if stream == MEMBERS:
        assert complete == expected_table(sandbox, stream)
    position = {MEMBERS: 1, "list_members": 0}[stream]
    expected = {key: row for key, row in complete.items() if key[position] != refused}
    assert run.table(stream) == expected != complete


@pytest.mark.parametrize("options", [UNCHANGING_OBJECTS])
def test_a_refused_list_does_not_keep_later_runs_from_reading_the_others_again(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    config = WHOLE_HISTORY | {"list_ids": [2001, 2002], "end_date": None}
    catalog = catalog_of(tap, "list_members")
    sandbox.faults.append(
        Fault("envelope", call="create", code="1003", filter_value=2002, times=None)
    )
    state, exported = None, []
    for _ in range(3):
        run = tap.run(config=config, catalog=catalog, state=state)
        assert type(run.error) is errors.RefusedIdsError
        state = run.state
        exported.append([job.request["filter"] for job in sandbox.jobs])
        tap.clock.sleep(86_400)
    assert exported[-1] == [{"staticListId": 2001}] * 3
    sandbox.faults.clear()
    assert tap.run(config=config, catalog=catalog, state=state).error is None
    assert len(sandbox.jobs) == 3 + 2


@pytest.mark.parametrize("options", [UNCHANGING_OBJECTS])
def test_a_stream_of_which_marketo_refuses_every_id_ends_after_a_few_calls(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = catalog_of(tap, "leads", MEMBERS)
    sandbox.faults.append(
        Fault("envelope", call="create", object=MEMBERS_OBJECT, code="1003", times=None)
    )
    run = tap.run(config=TWO_WINDOWS, catalog=catalog)
    assert type(run.error) in (errors.ApiError, errors.RefusedIdsError)
    assert run.table("leads") == sandbox.expected.leads()
    creates = [call for call in sandbox.calls if call.name == "create"]
    assert len(creates) < 30


@pytest.mark.parametrize("options", [UNCHANGING_OBJECTS])
def test_a_refused_object_does_not_keep_the_others_from_being_read(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = catalog_of(tap, "leads", ORDERS)
    fault = Fault("envelope", call="create", object=ORDERS_OBJECT, code="1013", times=None)
    sandbox.faults.append(fault)
    run = tap.run(config=TWO_WINDOWS, catalog=catalog)
    assert type(run.error) is errors.ApiError
    assert ORDERS_OBJECT in str(run.error)
    assert run.table("leads") == sandbox.expected.leads()


TOO_WIDE = (
    Fault("envelope", call="status", object="leads", longer_than_days=8, times=None),
    Fault("stuck", call="enqueue", object="leads", longer_than_days=8, times=None),
)


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize("fault", TOO_WIDE, ids=["611", "endless"])
def test_the_window_of_a_job_that_marketo_cannot_finish_is_divided_in_the_same_run(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    sandbox.faults.append(fault)
    catalog = selecting(tap.discover(), "leads")
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog)
    assert run.error is None
    assert run.table("leads") == sandbox.expected.leads()
    assert logged_warnings(caplog, "Its window is exported again")
    assert "jobs" not in run.bookmark("leads")
    assert not [job for job in sandbox.jobs if job.status in ("Queued", "Processing")]
    again = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=run.state)
    assert again.records("leads") == []


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize("fault", TOO_WIDE, ids=["611", "endless"])
def test_a_window_of_a_day_that_cannot_be_finished_ends_the_stream_alone(
    tap: TapRunner, sandbox: Sandbox, fault: Fault
) -> None:
    sandbox.faults.append(replace(fault, longer_than_days=None))
    catalog = selecting(tap.discover(), "leads", "activities")
    config = WHOLE_HISTORY | {"start_date": "2026-02-26"}
    run = tap.run(config=config, catalog=catalog)
    assert type(run.error) in (errors.MarketoSystemError, errors.ExportTimeoutError)
    assert run.records("activities")


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_job_is_kept_where_marketo_fails_for_every_call(tap: TapRunner, sandbox: Sandbox) -> None:
    catalog = selecting(tap.discover(), "leads")
    sandbox.faults += [
        Fault("envelope", call=call, object="leads", times=None) for call in ("status", "cancel")
    ]
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog)
    assert type(run.error) is errors.MarketoSystemError
    created = {job.export_id for job in sandbox.jobs}
    assert {job["id"] for job in run.bookmark("leads")["jobs"]} == created
    sandbox.faults.clear()
    again = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=run.state)
    assert again.table("leads") == sandbox.expected.leads()
    windows = [str(job.request["filter"]) for job in sandbox.jobs]
    assert len(windows) == len(set(windows))


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_file_that_marketo_does_not_send_is_not_exported_again(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    sandbox.faults.append(Fault("envelope", call="file", object="leads", times=None))
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog)
    assert type(run.error) is errors.MarketoSystemError
    sandbox.faults.clear()
    again = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=run.state)
    assert again.table("leads") == sandbox.expected.leads()
    windows = [str(job.request["filter"]) for job in sandbox.jobs]
    assert len(windows) == len(set(windows))


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize("policy", ["fail", "wait"])
def test_a_job_that_marketo_ends_for_the_quota_is_the_end_of_the_quota(
    tap: TapRunner, sandbox: Sandbox, policy: str
) -> None:
    message = "Export daily quota 500MB exceeded"
    sandbox.faults.append(Fault("fail", call="enqueue", object="leads", message=message, times=1))
    catalog = selecting(tap.discover(), "leads")
    run = tap.run(config=WHOLE_HISTORY | {"on_quota_exceeded": policy}, catalog=catalog)
    if policy == "fail":
        assert type(run.error) is errors.RunEndedByExportQuotaError
        assert "quota of 500 MB is used up" in str(run.error)
        run = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=run.state)
    assert run.error is None
    assert run.table("leads") == sandbox.expected.leads()
