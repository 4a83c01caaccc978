"""No log message, error or output has a secret, a token or a URL with a query, at any log level."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.faults import KINDS
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand
    from tests.support.runs import TapRunner

CALLS = ("token", "describe", "types", "paging_token", "deleted_leads")
JOB_CALLS = ("create", "enqueue", "status", "file")
SLOW = {"hang": 0.4, "delay": 0.4, "trickle": 0.03}
QUERY = re.compile(
    r"https?://127\.0\.0\.1\S*\?|/rest/\S*\?|/bulk/\S*\?|nextPageToken=|access_token=|client_secret="
)


def every_fault() -> Iterator[Fault]:
    """Yield each kind of fault for each call to which it can apply."""
    url = "http://127.0.0.1:1/?access_token=x"
    for kind, allowed in KINDS.items():
        for call in CALLS + JOB_CALLS:
            if not allowed or call in allowed:
                yield Fault(kind, call=call, seconds=SLOW.get(kind, 0.0), url=url)


def assert_has_no_secret(text: str, sandbox: Sandbox) -> None:
    for secret in (sandbox.client_secret, *sandbox.tokens):
        assert secret not in text
    assert not QUERY.search(text)


@pytest.mark.parametrize("options", [replace(UNCHANGING, token_seconds=30)])
def test_no_logger_logs_a_secret_whatever_fails(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    remaining = list(every_fault())
    config = {"start_date": "2026-02-01", "request_timeout_seconds": 0.3, "window_days": 14}
    while remaining:
        # A few in each run, so that the runs make all the calls that fail.
        sandbox.faults[:], remaining = remaining[:12], remaining[12:]
        run = tap.run_with_discovery(config=config)
        assert_has_no_secret(repr(run.error) + str(run.error) + repr(run.messages), sandbox)
    assert len(sandbox.tokens) > 1
    assert any(record.levelno == logging.DEBUG for record in caplog.records)
    formatter = logging.Formatter()
    for record in caplog.records:
        assert_has_no_secret(formatter.format(record) + repr(record.args), sandbox)


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_process_with_debug_logging_writes_no_secret(
    command: TapCommand, sandbox: Sandbox
) -> None:
    sandbox.faults += [
        Fault("envelope", call="describe", code="602"),
        Fault("lost_reply", call="deleted_leads"),
        Fault("html", call="create"),
        Fault("redirect", call="file", times=None, url="http://127.0.0.1:1/?access_token=x"),
    ]
    levels = {"LOGLEVEL": "DEBUG", "TAP_MARKETO_BULK_LOGLEVEL": "DEBUG"}
    result = command.run_process(*command.config(poll_seconds=0.05), **levels)
    assert result.exit_code == 1
    assert any("DEBUG" in line for line in result.log)
    assert_has_no_secret(result.output + "\n".join(result.log), sandbox)


@pytest.mark.parametrize("options", [UNCHANGING])
def test_a_secret_that_marketo_repeats_is_neither_logged_nor_shown(
    command: TapCommand, sandbox: Sandbox
) -> None:
    repeated = f"Oops {sandbox.client_secret}"
    sandbox.faults += [
        Fault("envelope", call="describe", code="611", message=repeated),
        Fault("envelope", call="create", code="606", message=repeated),
        Fault("fail", message=repeated, times=None),
    ]
    result = command.run(*command.config(**WHOLE_HISTORY, poll_seconds=1))
    written = "\n".join([*result.log, *result.errors])
    assert result.exit_code == 1
    assert written.count("Oops ***") >= 4
    assert_has_no_secret(written, sandbox)
