"""API users that lack the permission for streams with export jobs, or for their description."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import (
    CatalogError,
    DiscoveryDeniedError,
    RunEndedByExportQuotaError,
    StreamsDeniedError,
)
from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS, READ_ACTIVITY, READ_LEAD
from tap_marketo_bulk.streams.catalog import check_entry_is_described, read_catalog
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand
    from tests.support.runs import TapRunner

NO_LEADS = replace(UNCHANGING, permissions=ALL_PERMISSIONS - {READ_LEAD})
NO_ACTIVITIES = replace(UNCHANGING, permissions=ALL_PERMISSIONS - {READ_ACTIVITY})
TYPED = "activities_product_demo"


def state_of(stream: str, key: str) -> dict[str, Any]:
    """Return the state of a pipeline that has read a stream before."""
    bookmark = {"replication_key": key, "replication_key_value": "2026-01-01T00:00:00Z"}
    return {"bookmarks": {stream: bookmark}}


@pytest.mark.parametrize(
    ("options", "streams", "permission"),
    [
        (NO_LEADS, "leads", "Read-Only Lead"),
        (NO_ACTIVITIES, "activities, activities_*", "Read-Only Activity"),
    ],
)
def test_discovery_ends_with_one_error_where_what_every_subscription_has_cannot_be_described(
    command: TapCommand, streams: str, permission: str
) -> None:
    result = command.run(*command.config(), "--discover")
    assert result.exit_code == 1
    assert not result.output
    (error,) = result.errors
    assert f"so {streams} cannot be described" in error
    assert f"the permission {permission}" in error
    assert "IP allow list" in error
    assert "ignore_missing_permissions" in error


@pytest.mark.parametrize(
    ("options", "left_out"),
    [(NO_LEADS, {"leads", "program_members"}), (NO_ACTIVITIES, {"activities", TYPED})],
)
def test_permissions_that_are_missing_on_purpose_leave_streams_out_with_a_warning(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, left_out: set[str]
) -> None:
    config = WHOLE_HISTORY | {"ignore_missing_permissions": True}
    tap.config |= config
    names = {entry["stream"] for entry in tap.discover()["streams"]}
    assert not names & left_out
    assert logged_warnings(caplog, "not offered, since the API user lacks the permission")
    run = tap.run()
    assert run.error is None
    for stream in {"leads", "activities"} - left_out:
        assert run.table(stream) == getattr(sandbox.expected, stream)()


@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize("is_still_denied", [False, True])
def test_a_catalog_entry_that_was_made_without_a_description_is_never_read(
    tap: TapRunner, sandbox: Sandbox, *, is_still_denied: bool
) -> None:
    """Version 0.3 offered leads with the fixed columns where Describe Lead was denied."""
    catalog = selecting(tap.discover(), "leads", "activities")
    leads = next(each for each in catalog["streams"] if each["stream"] == "leads")
    fixed = {"id", "createdAt", "updatedAt", "_invalid_values"}
    columns = leads["schema"]["properties"]
    leads["schema"]["properties"] = {name: columns[name] for name in fixed}
    if is_still_denied:
        denied = Fault("envelope", call="describe", code="603", message="Denied", times=None)
        sandbox.faults.append(denied)
    state = state_of("leads", "updatedAt")
    run = tap.run(catalog=catalog, config=WHOLE_HISTORY, state=state)
    assert not run.records("leads")
    assert not [job for job in sandbox.jobs if job.object == "leads"]
    if is_still_denied:
        assert type(run.error) is StreamsDeniedError
        assert run.table("activities") == sandbox.expected.activities()
    else:
        assert type(run.error) is CatalogError
        assert "run discovery again" in str(run.error)


def test_an_entry_with_all_that_is_described_is_read_however_little_that_is() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    catalog = read_catalog({"streams": [{"tap_stream_id": "leads", "schema": schema}]})
    check_entry_is_described(catalog, "leads", schema)
    more: dict[str, Any] = {"properties": {"id": {}, "city": {}}}
    with pytest.raises(CatalogError, match="it has only the columns id"):
        check_entry_is_described(catalog, "leads", more)


@pytest.mark.parametrize("has_catalog", [False, True])
@pytest.mark.parametrize(
    ("call", "stream"),
    [
        ("describe_members", "program_members"),
        ("custom_objects", "custom_purchase_order_c"),
        ("types", TYPED),
    ],
)
@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_stream_that_was_read_before_and_is_hidden_now_is_an_error_after_all_others(
    tap: TapRunner, sandbox: Sandbox, call: str, stream: str, *, has_catalog: bool
) -> None:
    denied = Fault("envelope", call=call, code="603", message="Access denied", times=None)
    catalog = None
    if has_catalog:
        catalog = selecting(tap.discover(), "leads")
        kept = [each for each in catalog["streams"] if not each["stream"].startswith(stream)]
        catalog["streams"] = kept
    sandbox.faults.append(denied)
    state = state_of(stream, "activityDate" if stream == TYPED else "updatedAt")
    run = tap.run_with_discovery(catalog=catalog, config=WHOLE_HISTORY, state=state)
    if call == "types" and not has_catalog:
        assert type(run.error) is DiscoveryDeniedError
        return
    assert type(run.error) is StreamsDeniedError
    assert run.error.streams == (stream,)
    assert "needs the permission Read-Only" in str(run.error)
    assert run.table("leads") == sandbox.expected.leads()


@pytest.mark.parametrize("state", [None, state_of(TYPED, "activityDate")])
@pytest.mark.parametrize("options", [UNCHANGING])
@pytest.mark.parametrize("selected", [(TYPED,), ("leads", TYPED), ("activities", "leads", TYPED)])
def test_selected_streams_are_left_out_when_the_permission_for_their_types_is_taken_away(
    tap: TapRunner, sandbox: Sandbox, selected: tuple[str, ...], state: dict[str, Any] | None
) -> None:
    catalog = selecting(tap.discover(), *selected)
    denied = Fault("envelope", object="activities", code="603", message="Access denied", times=None)
    sandbox.faults += [denied, replace(denied, object=None, call="types")]
    run = tap.run(catalog=catalog, config=WHOLE_HISTORY, state=state)
    assert type(run.error) is StreamsDeniedError
    assert set(run.error.streams) == set(selected) - {"leads"}
    assert bool(run.table("leads")) == ("leads" in selected)
    assert run.bookmark(TYPED) == (state or {"bookmarks": {}})["bookmarks"].get(TYPED, {})


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


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_used_up_quota_and_a_missing_permission_are_both_reported(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = tap.discover()
    message = "Export daily quota 500MB exceeded."
    sandbox.faults += [
        Fault("envelope", call="create", code="1029", message=message, times=None),
        Fault("envelope", call="describe", code="603", message="Access denied", times=None),
    ]
    run = tap.run(catalog=catalog, config=WHOLE_HISTORY)
    assert type(run.error) is RunEndedByExportQuotaError
    assert "lead_describe (603 Access denied" in caplog.text
