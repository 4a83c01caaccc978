"""Lead fields that the catalog selects and Marketo does not know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY, export_requests, loaded_rows
from tests.support.runs import edited, logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])
# The windows of one stream.
WINDOWS = 3
# With this state, the catalog is not taken for a new one: an unknown field is no error.
STATE = {"bookmarks": {"leads": {"replication_key": "updatedAt"}}}


@pytest.mark.parametrize(
    "options", [UNCHANGING, replace(UNCHANGING, unknown_field_style="1006")], ids=["1003", "1006"]
)
def test_an_unknown_field_is_null_and_causes_one_warning(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = tap.discover()
    for name in ("lastName", "city"):
        sandbox.remove_field(name)
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=STATE)
    assert run.error is None
    expected = {
        key: record | {"lastName": None, "city": None}
        for key, record in sandbox.expected.leads().items()
    }
    assert run.table("leads") == expected
    warnings = logged_warnings(caplog, "does not know the field")
    assert len([text for text in warnings if "lastName" in text]) == 1
    assert len([text for text in warnings if "city" in text]) == 1
    # The requests for the later jobs are made without these fields at once.
    creates = [call for call in sandbox.calls if call.name == "create"]
    assert len(creates) == len(sandbox.jobs) + len(warnings)


@unchanging
@pytest.mark.parametrize("name", ["id", "updatedAt"])
def test_an_unknown_key_or_replication_key_is_an_error(
    tap: TapRunner, sandbox: Sandbox, name: str
) -> None:
    catalog = tap.discover()
    sandbox.remove_field(name)
    run = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=STATE)
    assert type(run.error) is errors.UnknownFieldsError
    assert name in str(run.error)
    assert "Run discovery again" in str(run.error)
    assert run.records("leads") == []


@unchanging
def test_a_field_that_is_removed_while_its_job_is_queued_does_not_stop_the_run(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    stopped = tap.run(config=WHOLE_HISTORY, catalog=catalog, stop_after=4)
    sandbox.remove_field("lastName")
    again = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=stopped.state)
    assert again.error is None
    loaded = loaded_rows([stopped, again], "leads")
    expected = sandbox.expected.leads()
    assert {key: {**loaded[key], "lastName": None} for key in expected} == {
        key: record | {"lastName": None} for key, record in expected.items()
    }


@unchanging
def test_a_job_without_an_unknown_field_is_resumed_as_it_is(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")
    sandbox.remove_field("lastName")
    stopped = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=STATE, stop_after=4)
    (unfinished, *_) = stopped.bookmark("leads")["jobs"]
    assert unfinished["without"] == ["lastName"]
    again = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=stopped.state)
    assert again.error is None
    # A job that was not enqueued when the run stopped used no quota.
    assert [job.status for job in sandbox.jobs].count("Completed") == WINDOWS
    expected = {
        key: record | {"lastName": None} for key, record in sandbox.expected.leads().items()
    }
    assert loaded_rows([stopped, again], "leads") == expected


@unchanging
def test_after_another_field_is_selected_unfinished_jobs_are_not_resumed(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    catalog = selecting(tap.discover(), "leads")

    def deselect(entry: dict[str, Any]) -> None:
        item = next(it for it in entry["metadata"] if it["breadcrumb"] == ["properties", "city"])
        item["metadata"]["selected"] = False

    stopped = tap.run(
        config=WHOLE_HISTORY, catalog=edited(catalog, "leads", deselect), stop_after=4
    )
    assert stopped.bookmark("leads")["jobs"]
    again = tap.run(config=WHOLE_HISTORY, catalog=catalog, state=stopped.state)
    assert again.error is None
    assert again.table("leads") == sandbox.expected.leads()
    assert (
        sum("city" in request["fields"] for request in export_requests(sandbox, "leads")) == WINDOWS
    )
