"""Wrong states end with one error message; a bookmark may be as old as the year 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import error_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand

    Edit = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        b"\xff",
        "[1]",
        "7",
        '"x"',
        {"bookmarks": [1]},
        {"bookmarks": {"leads": 3}},
        {"bookmarks": {"leads": {"replication_key_value": "never"}}},
        {"bookmarks": {"leads": {"replication_key_value": 5}}},
        {"bookmarks": {"leads": {"replication_key": "updatedAt", "replication_key_value": []}}},
        {"bookmarks": {"leads": {"exports": 5}}},
        {"bookmarks": {"leads": {"exports": [5]}}},
        {"bookmarks": {"leads": {"exports": [{"id": "x"}]}}},
        {"bookmarks": {"leads": {"sweep_reached": "soon"}}},
        {"bookmarks": {"activities": {"horizon": {}}}},
        {"bookmarks": {"leads": {"partitions": 5}}},
        {"bookmarks": {"leads": {"partitions": None}}},
        {"bookmarks": {"programs": {"partitions": [5]}}},
        {"bookmarks": {"leads": {"partitions": [{"progress_markers": 5}]}}},
        {"bookmarks": {"leads": {"progress_markers": []}}},
        {"bookmarks": {"activities": {"progress_markers": None}}},
        {"bookmarks": {"leads": {"sweep_reached": "0001-01-01T00:00:00+14:00"}}},
        {"bookmarks": {"leads": {"horizon": "9999-12-31T23:59:59-14:00"}}},
        {"value": {"bookmarks": {}}},
        "[" * 100_000,
        '{"bookmarks": {"leads": {"note": ' + "1" * 5000 + "}}}",
        '{"bookmarks": {"leads": {"note": "\\ud800"}}}',
    ],
)
def test_a_state_that_this_tap_does_not_write_is_an_error(
    command: TapCommand, content: object
) -> None:
    result = command.run(*command.config(), "--state", command.write_file(content))
    assert "state" in error_message(result, command)
    assert command.sandbox.jobs == []


def test_a_bookmark_at_the_beginning_of_time_reads_from_the_start_date(
    command: TapCommand, sandbox: Sandbox
) -> None:
    bookmark = {"replication_key": "activityDate", "replication_key_value": "0001-01-01T00:00:00Z"}
    state = {"bookmarks": {"activities": bookmark, "deleted_leads": bookmark}}
    result = command.run(*command.config(poll_seconds=1), "--state", command.write_file(state))
    assert result.exit_code == 0
    written = {
        message["record"]["marketoGUID"]
        for message in result.messages
        if message["type"] == "RECORD" and message["stream"] == "activities"
    }
    month = {"startAt": "2026-01-01T00:00:00Z", "endAt": "2026-01-31T00:00:00Z"}
    assert written >= set(sandbox.expected.activities({"createdAt": month}))


def test_the_process_writes_the_problem_of_a_state(command: TapCommand) -> None:
    result = command.run_process(
        *command.config(), "--state", command.write_file({"bookmarks": []})
    )
    assert "The state cannot be used: bookmarks is not a JSON object." in error_message(
        result, command
    )
    assert result.output == ""
