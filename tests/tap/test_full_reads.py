"""Full reads of leads by createdAt: without the filter updatedAt, and as a full table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import (
    UNCHANGING,
    WHOLE_HISTORY,
    assert_complete,
    export_requests,
    loaded_rows,
)
from tests.support.runs import logged_warnings, selecting, with_metadata

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])
# The windows of one stream.
WINDOWS = 3
# The end of the last window moves with time.
WITHOUT_END = WHOLE_HISTORY | {"end_date": None}
without_filter = pytest.mark.parametrize("options", [replace(UNCHANGING, updated_at_filter=False)])


@without_filter
def test_without_the_filter_every_run_exports_all_leads_by_createdat(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    first = tap.run(config=WITHOUT_END)
    assert first.error is None
    assert first.table("leads") == sandbox.expected.leads()
    (warning,) = logged_warnings(caplog, "no updatedAt filter")
    assert "costs quota for all of them" in warning
    assert "Ask Marketo Support" in warning
    assert len([call for call in sandbox.calls if call.name == "create"]) == 2 * WINDOWS + 1
    assert first.bookmark("leads") == {
        "replication_key": "updatedAt",
        "replication_key_value": "2026-02-28T23:45:00Z",
    }
    tap.clock.sleep(3600)
    second = tap.run(config=WITHOUT_END, state=first.state)
    assert second.table("leads") == sandbox.expected.leads()
    assert all("createdAt" in request["filter"] for request in export_requests(sandbox, "leads"))


@without_filter
def test_a_full_read_is_resumed_and_its_bookmark_is_the_start_of_the_first_run(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    complete = tap.run(config=WITHOUT_END, catalog=catalog)
    places = [n for n, it in enumerate(complete.messages) if it["type"] == "STATE"]
    for place in (places[0] + 1, places[len(places) // 2] + 1, places[-2] + 1):
        jobs = len(sandbox.jobs)
        stopped = tap.run(config=WITHOUT_END, catalog=catalog, stop_after=place)
        assert "replication_key_value" not in stopped.bookmark("leads")
        tap.clock.sleep(3600)
        again = tap.run(config=WITHOUT_END, catalog=catalog, state=stopped.state)
        assert again.error is None
        assert loaded_rows([stopped, again], "leads") == sandbox.expected.leads()
        # A lead that was read in the first run may have changed since then.
        horizon = stopped.bookmark("leads")["full_read"]["since"]
        assert again.bookmark("leads")["replication_key_value"] == horizon
        assert not {"full_read", "jobs"} & set(again.bookmark("leads"))
        # One more window for the hour between the runs.
        assert len(sandbox.jobs) - jobs == WINDOWS + 1


@without_filter
def test_with_createdat_as_replication_key_no_request_filters_by_updatedat(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = with_metadata(tap.discover(), "leads", replication_key="createdAt")
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog)
    assert run.error is None
    assert run.table("leads") == sandbox.expected.leads()
    bodies = [call.body for call in sandbox.calls if call.name == "create"]
    assert not [body for body in bodies if "updatedAt" in body["filter"]]  # type: ignore[index]  # JSON
    assert not logged_warnings(caplog, "updatedAt")
    assert run.bookmark("leads")["replication_key"] == "createdAt"


@without_filter
def test_a_full_read_is_resumed_after_the_quota_is_used_up(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    sandbox.faults.append(
        Fault("envelope", call="create", object="leads", skip=2, times=None, code="1029",
              message="Export daily quota exceeded")
    )  # fmt: skip
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is errors.RunEndedByExportQuotaError
    assert "leads is not complete" in str(run.error)
    assert run.bookmark("leads")["full_read"]["reads"]
    sandbox.faults.clear()
    again = tap.run(config=WHOLE_HISTORY, state=run.state)
    assert_complete(sandbox, run, again)
    assert len(export_requests(sandbox, "leads")) == WINDOWS


@without_filter
def test_a_connection_test_without_the_filter_exports_the_last_hour_only(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    tested = tap.make_tap(config=WHOLE_HISTORY)
    tested.run_connection_test()
    tested.sync_run.loop.close()
    starts = [each["filter"]["createdAt"]["startAt"] for each in export_requests(sandbox, "leads")]
    assert starts == ["2026-02-28T22:45:00Z"]


@pytest.mark.parametrize("options", [replace(UNCHANGING, end_at_inclusive=True)])
def test_a_lead_in_the_second_that_two_windows_share_is_emitted_once(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    lead = next(
        each
        for each in sandbox.expected.leads().values()
        if str(each["createdAt"]) > "2026-01-15" and each["createdAt"] != each["updatedAt"]
    )
    start = datetime.fromisoformat(str(lead["createdAt"])) - timedelta(days=10)
    catalog = with_metadata(tap.discover(), "leads", replication_method="FULL_TABLE")
    config = WHOLE_HISTORY | {"start_date": start.isoformat(), "window_days": 10}
    run = tap.run(config=config, catalog=catalog)
    assert [each["id"] for each in run.records("leads")].count(lead["id"]) == 1


@unchanging
def test_a_full_table_exports_all_leads_by_createdat_in_each_run(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = with_metadata(tap.discover(), "leads", replication_method="FULL_TABLE")
    first = tap.run(config=WHOLE_HISTORY, catalog=catalog)
    assert first.error is None
    assert "replication_key_value" not in first.bookmark("leads")
    second = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=first.state)
    for run in (first, second):
        assert run.table("leads") == sandbox.expected.leads()
    assert len(export_requests(sandbox, "leads")) == 2 * WINDOWS
    assert all("createdAt" in request["filter"] for request in export_requests(sandbox, "leads"))
