"""Wrong settings, endpoints and credentials end with one error message: no STATE and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Fault
from tests.support.command import error_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand

    Edit = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"endpoint": ...}, "endpoint is missing"),
        ({"client_id": ""}, "client_id is missing"),
        ({"client_secret": None}, "client_secret is missing"),
        ({"client_secret": 4711}, "client_secret must be text"),
        ({"client_secret": ["hunter2"]}, "client_secret must be text"),
        ({"start_dat": "2026-01-01"}, "unknown setting start_dat (did you mean start_date?)"),
        ({"zzzz": "hunter2"}, "unknown setting zzzz."),
        ({"start_date": "yesterday"}, "'yesterday' is neither a date nor a date-time"),
        ({"start_date": "2026-01-01T00:00:00"}, "has no time zone: write YYYY-MM-DD, or a date"),
        ({"start_date": "2027-01-01"}, "start_date 2027-01-01 is in the future"),
        ({"end_date": "2025-12-31"}, "end_date 2025-12-31 is not after start_date"),
        ({"window_days": 0}, "window_days: 0 is less than the minimum of"),
        ({"window_days": 32}, "window_days: 32 is greater than the maximum of 31"),
        ({"window_days": "a month"}, "window_days: 'a month' is not of type number"),
        ({"endpoint": "marketo"}, "endpoint is not a URL like https://"),
        ({"endpoint": "http://example.com/rest"}, "endpoint must begin with https://"),
        (
            {"endpoint": "https://example.com/?key=hunter2"},
            "endpoint must be a URL without credentials, query and fragment",
        ),
        ({"on_quota_exceeded": "retry"}, "'retry' is not one of ['fail', 'stop', 'wait']"),
    ],
)
def test_the_error_names_a_wrong_setting(
    command: TapCommand, changes: dict[str, Any], problem: str
) -> None:
    message = error_message(command.run(*command.config(**changes)), command)
    assert problem in message
    assert command.sandbox.calls == []


def test_one_error_names_all_problems_of_the_settings(command: TapCommand) -> None:
    wrong = command.config(endpoint=..., start_date="now", poll_seconds=0, max_jobs_in_flight=11)
    message = error_message(command.run(*wrong), command)
    for name in ("endpoint", "start_date", "poll_seconds", "max_jobs_in_flight"):
        assert name in message


def test_a_numeric_secret_from_the_environment_is_not_shown(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (command.settings | {"client_secret": "4711"}).items():
        monkeypatch.setenv(f"TAP_MARKETO_BULK_{name.upper()}", str(value))
    message = error_message(command.run("--config=ENV"), command)
    assert "Check client_id and client_secret" in message


@pytest.mark.parametrize(
    "content", ["{", "[1]", "7", b"\xff\xfe", "[[1, 2], [3, 4, 5]]", "[" * 100_000]
)
def test_a_config_file_without_a_json_object_is_an_error(
    command: TapCommand, content: object
) -> None:
    message = error_message(command.run("--config", command.write_file(content)), command)
    assert "a config file is not a JSON object" in message


def test_a_config_file_that_does_not_exist_is_an_error(command: TapCommand) -> None:
    message = error_message(command.run("--config", "nowhere.json"), command)
    assert message == (
        "File at 'nowhere.json' was not found. Bookmarks only cover records that were written; "
        "correct the cause and run again."
    )


def test_wrong_credentials_are_an_error(command: TapCommand) -> None:
    result = command.run(*command.config(client_secret="hunter2"))  # noqa: S106 - not a secret
    assert "Check client_id and client_secret" in error_message(result, command)


def test_a_host_that_does_not_listen_is_an_error(command: TapCommand) -> None:
    result = command.run(*command.config(endpoint="http://127.0.0.1:1/rest"))
    assert "the host does not accept connections" in error_message(result, command)


@pytest.mark.parametrize("call", ["token", "describe"])
def test_an_endpoint_that_returns_an_html_page_is_an_error(
    command: TapCommand, sandbox: Sandbox, call: str
) -> None:
    sandbox.faults.append(Fault("html", call=call, times=None, status=200))
    assert "Check that endpoint is" in error_message(command.run(*command.config()), command)


def test_a_redirect_is_an_error_and_is_not_followed(command: TapCommand, sandbox: Sandbox) -> None:
    url = "http://127.0.0.1:1/?access_token=hunter2"
    sandbox.faults.append(Fault("redirect", call="describe", times=None, url=url))
    assert "redirects to another address" in error_message(command.run(*command.config()), command)


def test_the_process_writes_one_error_message_and_no_traceback(command: TapCommand) -> None:
    result = command.run_process(*command.config(window_days=32, start_date="soon"))
    message = error_message(result, command)
    assert "window_days" in message
    assert "'soon' is neither a date" in message
    assert result.output == ""
