"""No secret, no token, and no URL with a query, whatever goes wrong and whoever turns on DEBUG."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.faults import KINDS
from tests.support.data_sets import STILL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import Command
    from tests.support.runs import Tap

CALLS = ("token", "describe", "types", "paging_token", "deleted_leads")
JOB_CALLS = ("create", "enqueue", "status", "file")
SLOW = {"hang": 0.4, "delay": 0.4, "trickle": 0.03}
QUERY = re.compile(
    r"https?://127\.0\.0\.1\S*\?|/rest/\S*\?|/bulk/\S*\?|nextPageToken=|access_token=|client_secret="
)


def every_fault() -> Iterator[Fault]:
    """Yield each kind of fault in each call it makes sense for."""
    elsewhere = "http://127.0.0.1:1/?access_token=x"
    for kind, allowed in KINDS.items():
        for call in CALLS + JOB_CALLS:
            if not allowed or call in allowed:
                yield Fault(kind, call=call, seconds=SLOW.get(kind, 0.0), url=elsewhere)


def assert_clean(text: str, sandbox: Sandbox) -> None:
    for secret in (sandbox.client_secret, *sandbox.tokens):
        assert secret not in text
    assert not QUERY.search(text)


@pytest.mark.parametrize("options", [replace(STILL, token_seconds=30)])
def test_no_log_record_of_any_logger_gives_a_secret_away(
    tap: Tap, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    waiting = list(every_fault())
    config = {"start_date": "2026-02-01", "request_timeout_seconds": 0.3, "window_days": 14}
    while waiting:
        # A few at a time, so that runs get far enough to meet them all.
        sandbox.faults[:], waiting = waiting[:12], waiting[12:]
        run = tap.attempt(config=config)
        assert_clean(repr(run.error) + str(run.error) + repr(run.messages), sandbox)
    assert len(sandbox.tokens) > 1
    assert any(record.levelno == logging.DEBUG for record in caplog.records)
    formatter = logging.Formatter()
    for record in caplog.records:
        assert_clean(formatter.format(record) + repr(record.args), sandbox)


@pytest.mark.parametrize("options", [STILL])
def test_a_process_with_debug_logging_gives_no_secret_away(
    command: Command, sandbox: Sandbox
) -> None:
    sandbox.faults += [
        Fault("envelope", call="describe", code="602"),
        Fault("lost_reply", call="deleted_leads"),
        Fault("html", call="create"),
        Fault("redirect", call="file", times=None, url="http://127.0.0.1:1/?access_token=x"),
    ]
    levels = {"LOGLEVEL": "DEBUG", "TAP_MARKETO_BULK_LOGLEVEL": "DEBUG"}
    ended = command.process(*command.config(poll_seconds=0.05), **levels)
    assert ended.code == 1
    assert any("DEBUG" in line for line in ended.log)
    assert_clean(ended.output + "\n".join(ended.log), sandbox)
