"""Wrong settings, catalogs and states end with one error message: no STATE and no secret."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import InvalidReplicationKeyException
from singer_sdk.mapper import DefaultStreamMap, PluginMapper, SameRecordTransform

from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.command import PROGRAM
from tests.support.runs import edited, selecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import CommandResult, TapCommand
    from tests.support.runs import TapRunner

    Edit = Callable[[dict[str, Any]], None]


def error_message(result: CommandResult, command: TapCommand) -> str:
    """Check that a run wrote one error message and no STATE; return the message."""
    assert result.exit_code != 0
    assert '"STATE"' not in result.output
    everything = result.output + "\n".join(result.log)
    assert "Traceback" not in everything
    for secret in (command.sandbox.client_secret, *command.sandbox.tokens, "hunter2", "4711"):
        assert secret not in everything
    (message,) = result.errors
    assert message.rstrip().endswith(".")
    return message


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
        ({"start_date": "2026-01-01T00:00:00"}, "has no time zone, add Z for UTC"),
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


def _rename_to(name: str) -> Edit:
    def edit(entry: dict[str, Any]) -> None:
        entry["stream"] = entry["tap_stream_id"] = name
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        root["metadata"]["selected"] = True

    return edit


def _with_field(name: str) -> Edit:
    def edit(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"][name] = {"type": ["string", "null"]}
        entry["metadata"].append(
            {"breadcrumb": ["properties", name], "metadata": {"selected": True}}
        )

    return edit


def _without_key(entry: dict[str, Any]) -> None:
    del entry["schema"]["properties"]["id"]


def _with_replication_key(entry: dict[str, Any]) -> None:
    root = next(item for item in entry["metadata"] if not item["breadcrumb"])
    root["metadata"]["replication-key"] = "lastName"
    entry["replication_key"] = "lastName"


@pytest.mark.parametrize(
    ("stream", "edit", "problem"),
    [
        ("leads", _rename_to("opportunities"), "the stream opportunities, which does not exist"),
        (
            "activities_send_email",
            _rename_to("activities_opportunity"),
            "the stream activities_opportunity, which does not exist",
        ),
        ("leads", _with_field("shoeSize"), "shoeSize of leads"),
        ("activities", _with_field("shoeSize"), "shoeSize of activities"),
        ("leads", _without_key, "leaves out id, part of the key of leads"),
        ("leads", _with_replication_key, "can only filter by updatedAt or createdAt"),
    ],
)
def test_a_catalog_that_selects_what_does_not_exist_is_an_error(
    command: TapCommand, tap: TapRunner, stream: str, edit: Edit, problem: str
) -> None:
    catalog = command.write_file(edited(tap.discover(), stream, edit))
    result = command.run(*command.config(), "--catalog", catalog)
    assert problem in error_message(result, command)
    assert command.sandbox.jobs == []


def test_a_deselected_stream_that_does_not_exist_is_no_error(
    command: TapCommand, tap: TapRunner
) -> None:
    catalog = selecting(edited(tap.discover(), "leads", _rename_to("opportunities")), "activities")
    result = command.run(*command.config(), "--catalog", command.write_file(catalog))
    assert result.exit_code == 0


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[1]",
        "7",
        '"x"',
        '{"streams": 3}',
        '{"streams": []}',
        '{"streams": [5]}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_not_a_catalog_is_an_error(command: TapCommand, content: str) -> None:
    result = command.run(*command.config(), "--catalog", command.write_file(content))
    assert "catalog" in error_message(result, command)


@pytest.mark.parametrize(
    "change",
    [
        {"tap_stream_id": 5},
        {"stream": "people"},
        {"stream": 5},
        {"key_properties": "id"},
        {"key_properties": [5]},
        {"replication_key": 5},
        {"replication_method": []},
        {"metadata": None},
        {"metadata": [{"breadcrumb": ["properties", []], "metadata": {}}]},
        {"metadata": [{"breadcrumb": [], "metadata": {"selected": "no"}}]},
        {"schema": {"properties": {"id": {"type": 5}}}},
        {"schema": {"properties": {"id": {"type": [["integer"]]}}}},
        {"schema": {"properties": {"id": {"items": 5}}}},
    ],
)
def test_a_catalog_of_another_shape_is_an_error(
    command: TapCommand, tap: TapRunner, sandbox: Sandbox, change: dict[str, Any]
) -> None:
    catalog = edited(tap.discover(), "leads", lambda entry: entry.update(change))
    result = command.run(*command.config(), "--catalog", command.write_file(catalog))
    assert "The catalog is not in Singer's format" in error_message(result, command)
    assert sandbox.jobs == []


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


@pytest.mark.parametrize("maps", [{"leads": {"who": ""}}, {"leads": {"__else__": "x"}}])
def test_a_stream_map_that_the_sdk_trips_over_is_an_error(
    command: TapCommand, sandbox: Sandbox, maps: dict[str, Any]
) -> None:
    result = command.run(*command.config(stream_maps=maps))
    assert "Invalid configuration: stream_maps: " in error_message(result, command)
    assert sandbox.jobs == []


def test_flattening_without_a_depth_is_an_error(command: TapCommand) -> None:
    message = error_message(command.run(*command.config(flattening_enabled=True)), command)
    assert "flattening_max_depth is required" in message


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1/0", "ZeroDivisionError: division by zero"),
        ("md5(id)", "AttributeError: 'int' object has no attribute 'encode'"),
        ("record['shoe']", "KeyError: 'shoe'"),
        ("json.loads('x')", "JSONDecodeError: "),
        ("shoe", "expressions shoe. "),
        ("import os", "import os"),
    ],
)
@pytest.mark.parametrize("name", ["who", "__filter__"])
def test_an_expression_that_fails_for_a_record_is_an_error(
    command: TapCommand, expression: str, words: str, name: str
) -> None:
    maps = {"leads": {name: expression}}
    result = command.run(*command.config(stream_maps=maps, poll_seconds=1))
    (message,) = result.errors
    assert result.exit_code == 1
    assert message.startswith("The stream map of leads cannot be applied to a record: ")
    assert words in message
    assert message.endswith("correct stream_maps and run again.")
    assert '"stream":"leads","record"' not in result.output


@pytest.mark.parametrize("maps", [{}, {"stream_maps": {"activities": {"__alias__": "events"}}}])
def test_an_unforeseen_error_keeps_its_traceback(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch, maps: dict[str, Any]
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SameRecordTransform, "transform", fail)
    monkeypatch.setattr(DefaultStreamMap, "flattening_enabled", property(lambda _: True))
    with pytest.raises(ZeroDivisionError):
        command.run(*command.config(poll_seconds=1, **maps))


def test_an_error_of_the_sdk_is_an_error(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_tap: TapMarketoBulk) -> None:
        raise InvalidReplicationKeyException("There is no such replication key.")

    monkeypatch.setattr(TapMarketoBulk, "sync_all", fail)
    message = error_message(command.run(*command.config()), command)
    assert message == "There is no such replication key."


def test_an_unforeseen_error_of_the_mapper_keeps_its_traceback(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(PluginMapper, "register_raw_streams_from_catalog", fail)
    with pytest.raises(ZeroDivisionError):
        command.run(*command.config())


@pytest.mark.parametrize("option", ["--discover", "--about", "--test"])
def test_a_closed_stdout_is_an_error(command: TapCommand, sandbox: Sandbox, option: str) -> None:
    arguments = [PROGRAM, *command.config(), option]
    closed = subprocess.run(  # noqa: S602 - our own program, and the shell is what closes stdout
        f"{shlex.join(arguments)} >&-", shell=True, stderr=subprocess.PIPE, text=True, check=False
    )
    assert closed.returncode == 1
    assert closed.stderr.count("\n") == 1
    assert "Standard output is closed" in closed.stderr
    assert sandbox.calls == []


def test_an_invalid_stream_map_is_an_error(command: TapCommand) -> None:
    result = command.run(*command.config(stream_maps={"leads": {"who": "1 +"}}))
    assert result.exit_code == 1
    assert "STATE" not in result.output
    (message,) = result.errors
    assert "1 +" in message


def test_the_process_writes_one_error_message_and_no_traceback(command: TapCommand) -> None:
    result = command.run_process(*command.config(window_days=32, start_date="soon"))
    message = error_message(result, command)
    assert "window_days" in message
    assert "'soon' is neither a date" in message
    assert result.output == ""


def test_the_process_writes_the_problem_of_a_state(command: TapCommand) -> None:
    result = command.run_process(
        *command.config(), "--state", command.write_file({"bookmarks": []})
    )
    assert "The state cannot be used: bookmarks is not a JSON object." in error_message(
        result, command
    )
    assert result.output == ""
