"""Wrong settings, catalogs and states: one sentence, nothing written, nothing given away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Fault
from tests.support.runs import edited, selecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import Command, Ended
    from tests.support.runs import Tap

    Edit = Callable[[dict[str, Any]], None]


def sentence_of(ended: Ended, command: Command) -> str:
    """Return the one sentence with which a run must have ended."""
    assert ended.code != 0
    assert '"STATE"' not in ended.output
    everything = ended.output + "\n".join(ended.log)
    assert "Traceback" not in everything
    for secret in (command.sandbox.client_secret, *command.sandbox.tokens, "hunter2", "4711"):
        assert secret not in everything
    (sentence,) = ended.errors
    assert sentence.rstrip().endswith(".")
    return sentence


@pytest.mark.parametrize(
    ("changes", "words"),
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
def test_a_wrong_setting_is_named(command: Command, changes: dict[str, Any], words: str) -> None:
    sentence = sentence_of(command.run(*command.config(**changes)), command)
    assert words in sentence
    assert command.sandbox.calls == []


def test_all_problems_of_the_settings_are_told_at_once(command: Command) -> None:
    wrong = command.config(endpoint=..., start_date="now", poll_seconds=0, max_jobs_in_flight=11)
    sentence = sentence_of(command.run(*wrong), command)
    for name in ("endpoint", "start_date", "poll_seconds", "max_jobs_in_flight"):
        assert name in sentence


def test_a_numeric_secret_of_the_environment_stays_secret(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (command.settings | {"client_secret": "4711"}).items():
        monkeypatch.setenv(f"TAP_MARKETO_BULK_{name.upper()}", str(value))
    sentence = sentence_of(command.run("--config=ENV"), command)
    assert "Check client_id and client_secret" in sentence


@pytest.mark.parametrize("content", ["{", "[1]", "7", b"\xff\xfe", "[[1, 2], [3, 4, 5]]"])
def test_a_config_that_is_no_object_is_told(command: Command, content: object) -> None:
    sentence = sentence_of(command.run("--config", command.file(content)), command)
    assert "a config file is not a JSON object" in sentence


def test_a_config_that_is_not_there_is_told(command: Command) -> None:
    sentence = sentence_of(command.run("--config", "nowhere.json"), command)
    assert "nowhere.json" in sentence
    assert "delivered" not in sentence
    assert sentence.endswith("correct the cause and run again.")


def test_wrong_credentials_are_told(command: Command) -> None:
    ended = command.run(*command.config(client_secret="hunter2"))  # noqa: S106 - wrong
    assert "Check client_id and client_secret" in sentence_of(ended, command)


def test_a_host_that_is_not_there_is_told(command: Command) -> None:
    ended = command.run(*command.config(endpoint="http://127.0.0.1:1/rest"))
    assert "the host does not accept connections" in sentence_of(ended, command)


@pytest.mark.parametrize("call", ["token", "describe"])
def test_an_endpoint_that_answers_with_a_page_is_told(
    command: Command, sandbox: Sandbox, call: str
) -> None:
    sandbox.faults.append(Fault("html", call=call, times=None, status=200))
    assert "Check that endpoint is" in sentence_of(command.run(*command.config()), command)


def test_a_redirect_is_not_followed_but_told(command: Command, sandbox: Sandbox) -> None:
    elsewhere = "http://127.0.0.1:1/?access_token=hunter2"
    sandbox.faults.append(Fault("redirect", call="describe", times=None, url=elsewhere))
    assert "redirects to another address" in sentence_of(command.run(*command.config()), command)


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
    ("stream", "edit", "words"),
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
def test_a_catalog_that_asks_for_what_is_not_there_is_told(
    command: Command, tap: Tap, stream: str, edit: Edit, words: str
) -> None:
    catalog = command.file(edited(tap.discover(), stream, edit))
    ended = command.run(*command.config(), "--catalog", catalog)
    assert words in sentence_of(ended, command)
    assert command.sandbox.jobs == []


def test_a_deselected_stream_of_another_time_is_no_error(command: Command, tap: Tap) -> None:
    catalog = selecting(edited(tap.discover(), "leads", _rename_to("opportunities")), "activities")
    ended = command.run(*command.config(), "--catalog", command.file(catalog))
    assert ended.code == 0


@pytest.mark.parametrize("content", ["{", "[1]", "7", '"x"', '{"streams": 3}', '{"streams": []}'])
def test_a_catalog_that_is_none_is_told(command: Command, content: str) -> None:
    ended = command.run(*command.config(), "--catalog", command.file(content))
    assert "catalog" in sentence_of(ended, command)


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
    ],
)
def test_a_state_of_garbage_is_told(command: Command, content: object) -> None:
    ended = command.run(*command.config(), "--state", command.file(content))
    assert "state" in sentence_of(ended, command)
    assert command.sandbox.jobs == []


def test_a_stream_map_that_makes_no_sense_is_told(command: Command) -> None:
    ended = command.run(*command.config(stream_maps={"leads": {"who": "1 +"}}))
    assert ended.code == 1
    assert "STATE" not in ended.output
    (sentence,) = ended.errors
    assert "1 +" in sentence


def test_a_user_sees_one_line_and_no_traceback(command: Command) -> None:
    ended = command.process(*command.config(window_days=32, start_date="soon"))
    sentence = sentence_of(ended, command)
    assert "window_days" in sentence
    assert "'soon' is neither a date" in sentence
    assert ended.output == ""


def test_a_user_sees_what_is_wrong_with_a_state(command: Command) -> None:
    ended = command.process(*command.config(), "--state", command.file({"bookmarks": []}))
    assert "The state cannot be used: bookmarks is not a JSON object." in sentence_of(
        ended, command
    )
    assert ended.output == ""
