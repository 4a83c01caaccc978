"""Streams without permission are left out, the others are read, and the run ends with an error."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import RunEndedByExportQuotaError, StreamsDeniedError
from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS, READ_ASSETS, READ_LEAD
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.reference_tables import (
    DAY,
    DEFINITIONS,
    SMALL,
    UP_TO_NOW,
    expected_record,
    read,
    table,
)
from tests.support.runs import logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
    from tests.support.command import TapCommand
    from tests.support.runs import TapRunner

# Discovery needs Read-Only Lead.
LISTS_ONLY = {
    "streams": [
        {
            "tap_stream_id": "lists",
            "stream": "lists",
            "schema": DEFINITIONS["lists"].schema(),
            "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
        }
    ]
}
NO_ASSETS = replace(SMALL, permissions=ALL_PERMISSIONS - {READ_ASSETS})


@pytest.mark.parametrize(
    "options", [replace(UNCHANGING, permissions=ALL_PERMISSIONS - {READ_ASSETS})]
)
def test_a_missing_permission_leaves_out_its_streams_and_no_others(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("activities", "channels", "leads", "programs", "usage")
    run = read(tap, *names, config=WHOLE_HISTORY)
    assert run.table("leads") == sandbox.expected.leads()
    assert run.table("activities") == sandbox.expected.activities()
    assert run.records("usage")
    assert run.records("channels") == run.records("programs") == []
    assert type(run.error) is StreamsDeniedError
    assert run.error.streams == ("channels", "programs")
    assert "channels, programs (603 Access denied, needs the permission Read-Only Assets)" in str(
        run.error
    )
    assert run.bookmark("programs") == {}
    assert len(logged_warnings(caplog, "lacks the permission Read-Only Assets")) == 2


@pytest.mark.parametrize("options", [NO_ASSETS])
@pytest.mark.parametrize("names", [("programs",), ("leads", "programs"), ("forms", "leads")])
def test_the_run_ends_with_the_error_whatever_stream_is_last(
    tap: TapRunner, names: tuple[str, ...]
) -> None:
    run = read(tap, *names)
    assert type(run.error) is StreamsDeniedError
    assert bool(run.records("leads")) == ("leads" in names)


@pytest.mark.parametrize("options", [NO_ASSETS])
def test_the_command_ends_with_one_message_and_exit_code_1(
    command: TapCommand, tap: TapRunner
) -> None:
    catalog = command.write_file(selecting(tap.discover(), "activity_types", "programs"))
    result = command.run(*command.config(), "--catalog", catalog)
    assert result.exit_code == 1
    assert len(result.errors) == 1
    assert "needs the permission Read-Only Assets" in result.errors[0]
    assert any(message["type"] == "RECORD" for message in result.messages)


@pytest.mark.parametrize("options", [NO_ASSETS])
def test_a_connection_test_warns_of_streams_that_nobody_may_have_selected(
    command: TapCommand,
) -> None:
    result = command.run(*command.config(), "--test")
    assert result.exit_code == 0
    assert any("programs is left out" in line for line in result.log)


@pytest.mark.parametrize("options", [NO_ASSETS])
@pytest.mark.parametrize("policy", ["fail", "stop"])
def test_the_quota_and_a_missing_permission_are_both_reported(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    message = "Export daily quota 500MB exceeded."
    fault = Fault("envelope", call="create", code="1029", message=message, times=None)
    sandbox.faults.append(fault)
    run = read(tap, "leads", "programs", "usage", config={"on_quota_exceeded": policy})
    error = RunEndedByExportQuotaError if policy == "fail" else StreamsDeniedError
    assert type(run.error) is error
    assert run.records("usage")
    assert "quota of 500 MB is used up" in caplog.text + str(run.error)
    assert "programs (603 Access denied" in caplog.text + str(run.error)


@pytest.mark.parametrize("options", [NO_ASSETS])
def test_lists_are_read_without_permission_for_assets(
    tap: TapRunner,
    sandbox: Sandbox,
    sandbox_clock: SandboxClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    first = read(tap, "lists", config=UP_TO_NOW)
    assert first.error is None
    assert caplog.text.count("Static lists are read by /rest/v1/lists.json") == 1
    entries = sandbox.expected.lead_database_lists()
    assert table("lists", first) == {
        (key,): expected_record("lists", entry) for key, entry in entries.items()
    }
    sandbox_clock.advance(3 * DAY)
    second = read(tap, "lists", state=first.state)
    assert table("lists", second)
    assert set(table("lists", first)) - set(table("lists", second))


@pytest.mark.parametrize(
    "options", [replace(SMALL, permissions=ALL_PERMISSIONS - {READ_ASSETS, READ_LEAD})]
)
def test_lists_need_one_of_two_permissions(tap: TapRunner, sandbox: Sandbox) -> None:
    run = tap.run(catalog=LISTS_ONLY)
    assert [call.name for call in sandbox.calls] == ["token", "static_lists", "lists"]
    assert type(run.error) is StreamsDeniedError
    assert "lists (603 Access denied, needs the permission Read-Only Lead)" in str(run.error)
