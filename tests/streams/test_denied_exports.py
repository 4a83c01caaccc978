"""API users that lack the permission for streams with export jobs, or for their description."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import RunEndedByExportQuotaError, StreamsDeniedError
from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS, READ_ACTIVITY, READ_LEAD
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand
    from tests.support.runs import TapRunner

NO_LEADS = replace(UNCHANGING, permissions=ALL_PERMISSIONS - {READ_LEAD})
NO_ACTIVITIES = replace(UNCHANGING, permissions=ALL_PERMISSIONS - {READ_ACTIVITY})
TYPED = "activities_product_demo"


@pytest.mark.parametrize("options", [NO_LEADS])
def test_without_the_permission_for_leads_activities_are_read_and_the_run_ends_with_an_error(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    run = tap.run(config=WHOLE_HISTORY)
    assert run.table("activities") == sandbox.expected.activities()
    assert type(run.error) is StreamsDeniedError
    assert "lead_describe, leads (603 Access denied, needs the permission Read-Only Lead)" in str(
        run.error
    )
    assert len(logged_warnings(caplog, "leads is left out")) == 1


@pytest.mark.parametrize("options", [NO_LEADS])
def test_discovery_offers_the_streams_that_need_no_missing_description(
    command: TapCommand, tap: TapRunner
) -> None:
    names = {entry["stream"] for entry in tap.discover()["streams"]}
    assert {"activities", TYPED, "programs"} <= names
    # Otherwise runs would go on without leads, and without an error.
    leads = next(each for each in tap.discover()["streams"] if each["stream"] == "leads")
    assert set(leads["schema"]["properties"]) == {"id", "createdAt", "updatedAt", "_invalid_values"}
    assert "leads" in names
    result = command.run(*command.config(), "--discover")
    assert result.exit_code == 0
    assert any("lacks the permission Read-Only Lead" in line for line in result.log)


@pytest.mark.parametrize("options", [NO_ACTIVITIES])
def test_without_the_permission_for_activities_typed_streams_are_not_offered(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    catalog = tap.discover()
    names = {entry["stream"] for entry in catalog["streams"]}
    assert "activities" in names
    assert not [name for name in names if name.startswith("activities_")]
    assert "activities_*: not offered, since the API user lacks" in caplog.text
    config = WHOLE_HISTORY | {"activity_type_ids": [2]}
    run = tap.run(catalog=selecting(catalog, "activities", "leads"), config=config)
    assert run.table("leads") == sandbox.expected.leads()
    assert type(run.error) is StreamsDeniedError
    assert run.error.streams == ("activities",)


@pytest.mark.parametrize("state", [None, {"bookmarks": {TYPED: {}, "leads": {}}}])
@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize("selected", [(TYPED,), ("leads", TYPED), ("activities", "leads", TYPED)])
def test_selected_streams_are_left_out_when_the_permission_for_their_types_is_taken_away(
    tap: TapRunner, sandbox: Sandbox, selected: tuple[str, ...], state: dict[str, object] | None
) -> None:
    catalog = selecting(tap.discover(), *selected)
    denied = Fault("envelope", object="activities", code="603", message="Access denied", times=None)
    sandbox.faults += [denied, replace(denied, object=None, call="activity_types")]
    run = tap.run(catalog=catalog, config=WHOLE_HISTORY, state=state)
    assert type(run.error) is StreamsDeniedError
    assert set(run.error.streams) == set(selected) - {"leads"}
    assert bool(run.table("leads")) == ("leads" in selected)
    assert run.bookmark(TYPED) == {}


@pytest.mark.parametrize("options", [UNCHANGING])
def test_no_job_of_a_denied_object_is_created_again_and_again(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    denied = Fault("envelope", object="leads", code="603", message="Access denied", times=None)
    sandbox.faults.append(denied)
    config = WHOLE_HISTORY | {"window_days": 1, "start_date": "2026-01-01"}
    run = tap.run(catalog=selecting(tap.discover(), "leads"), config=config)
    assert type(run.error) is StreamsDeniedError
    creates = [call for call in sandbox.calls if call.path.endswith("leads/export/create.json")]
    assert len(creates) <= 1


@pytest.mark.parametrize("options", [NO_LEADS])
def test_a_used_up_quota_and_a_missing_permission_are_both_reported(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    message = "Export daily quota 500MB exceeded."
    sandbox.faults.append(
        Fault("envelope", call="create", code="1029", message=message, times=None)
    )
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is RunEndedByExportQuotaError
    assert "lead_describe, leads (603 Access denied" in caplog.text
