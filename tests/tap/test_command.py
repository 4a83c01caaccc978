"""What SDK users expect of a tap's command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.settings.schema import build_schema
from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.data_sets import STILL, WHOLE
from tests.support.runs import edited, selecting, without_empty_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import Command, Ended
    from tests.support.runs import Tap

pytestmark = pytest.mark.parametrize("options", [STILL])


def records(ended: Ended, stream: str) -> list[dict[str, Any]]:
    assert ended.code == 0
    return [
        without_empty_column(message["record"])
        for message in ended.messages
        if message["type"] == "RECORD" and message["stream"] == stream
    ]


def test_discover_prints_a_catalog_that_a_run_takes(command: Command, sandbox: Sandbox) -> None:
    discovered = command.run(*command.config(), "--discover")
    catalog = json.loads(discovered.output)
    names = {entry["stream"] for entry in catalog["streams"]}
    assert {"leads", "activities"} <= names
    assert sandbox.jobs == []
    leads = next(entry for entry in catalog["streams"] if entry["stream"] == "leads")
    root = next(item["metadata"] for item in leads["metadata"] if not item["breadcrumb"])
    assert root["valid-replication-keys"] == ["updatedAt", "createdAt"]
    assert leads["key_properties"] == ["id"]
    ended = command.run(*command.config(**WHOLE), "--catalog", command.file(catalog))
    assert {record["id"]: record for record in records(ended, "leads")} == sandbox.expected.leads()


@pytest.mark.parametrize("form", [[], ["--format", "json"], ["--format", "markdown"]])
def test_about_needs_no_settings_and_names_them_all(command: Command, form: list[str]) -> None:
    ended = command.run("--about", *form)
    assert ended.code == 0
    assert all(name in ended.output for name in build_schema()["properties"])
    if "json" in form:
        assert json.loads(ended.output)["name"] == "tap-marketo-bulk"
        assert "batch" not in json.loads(ended.output)["capabilities"]


def test_version_is_printed(command: Command) -> None:
    assert command.run("--version").output.startswith("tap-marketo-bulk v")


def test_test_looks_at_the_last_hour_only(command: Command, sandbox: Sandbox) -> None:
    ended = command.run(*command.config(), "--test")
    assert ended.code == 0
    requests: list[Any] = [job.request for job in sandbox.jobs]
    spans = [next(iter(request["filter"].values())) for request in requests]
    assert spans
    assert {span["startAt"] for span in spans} == {"2026-02-28T22:45:00Z"}


def test_test_schema_exports_nothing(command: Command, sandbox: Sandbox) -> None:
    ended = command.run(*command.config(), "--test=schema")
    assert {message["type"] for message in ended.messages} == {"SCHEMA"}
    assert sandbox.jobs == []


def test_state_goes_in_and_comes_out(command: Command, sandbox: Sandbox) -> None:
    first = command.run(*command.config(**WHOLE))
    state = first.messages[-1]
    assert state["type"] == "STATE"
    jobs = len(sandbox.jobs)
    later = command.config(**WHOLE | {"activity_lookback_minutes": 0})
    second = command.run(*later, "--state", command.file(state["value"]))
    assert second.code == 0
    assert len(sandbox.jobs) == jobs
    assert [it["value"] for it in second.messages if it["type"] == "STATE"][-1] == state["value"]


def test_stream_maps_rename_and_hash(command: Command, sandbox: Sandbox) -> None:
    maps = {"leads": {"__alias__": "people", "who": "md5(email) if email else None", "email": None}}
    ended = command.run(*command.config(**WHOLE, stream_maps=maps))
    people = records(ended, "people")
    assert len(people) == len(sandbox.expected.leads())
    assert all("email" not in person and "who" in person for person in people)


def test_flattening_makes_columns_of_attributes(command: Command) -> None:
    flat = {"flattening_enabled": True, "flattening_max_depth": 1}
    found = records(command.run(*command.config(**WHOLE, **flat)), "activities")
    assert found
    assert all(isinstance(record["attributes"], str | None) for record in found)


def test_deselected_columns_are_neither_exported_nor_written(
    command: Command, tap: Tap, sandbox: Sandbox
) -> None:
    def deselect(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] and item["breadcrumb"][1] not in ("id", "updatedAt", "createdAt"):
                item["metadata"] |= {"inclusion": "available", "selected": False}

    catalog = selecting(edited(tap.discover(), "leads", deselect), "leads")
    ended = command.run(*command.config(**WHOLE), "--catalog", command.file(catalog))
    columns = {"id", "updatedAt", "createdAt"}
    assert {frozenset(record) for record in records(ended, "leads")} == {frozenset(columns)}
    requests: list[Any] = [job.request for job in sandbox.jobs]
    assert {frozenset(request["fields"]) for request in requests} == {frozenset(columns)}


def test_settings_come_from_the_environment_too(
    command: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (command.settings | WHOLE).items():
        monkeypatch.setenv(f"TAP_MARKETO_BULK_{name.upper()}", str(value))
    ended = command.run("--config=ENV")
    assert len(records(ended, "leads")) == len(sandbox.expected.leads())


@pytest.fixture
def run_with_environment(command: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run the command with settings in environment variables alone, some of them changed."""

    def run(*arguments: str, **changes: str) -> Ended:
        for name, value in (command.settings | WHOLE | changes).items():
            monkeypatch.setenv(f"TAP_MARKETO_BULK_{name.upper()}", str(value))
        return command.run("--config=ENV", *arguments)

    return run


def test_empty_environment_variables_mean_not_set(
    run_with_environment: Callable[..., Ended], sandbox: Sandbox
) -> None:
    schema = build_schema()
    TapMarketoBulk.append_builtin_config(schema)
    optional = set(schema["properties"]) - set(schema["required"]) - set(WHOLE)
    ended = run_with_environment(**dict.fromkeys(optional, ""))
    assert len(records(ended, "leads")) == len(sandbox.expected.leads())


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("static_list_id", "abc", "static_list_id: 'abc' is not of type integer"),
        ("max_jobs_in_flight", "4.5", "max_jobs_in_flight: 4.5 is not of type integer"),
        ("activity_type_ids", "[2", "activity_type_ids: '[2' is not of type array"),
        ("flattening_max_depth", "deep", "flattening_max_depth: 'deep' is not of type integer"),
        ("flattening_enabled", "maybe", "flattening_enabled: 'maybe' is not of type boolean"),
        ("stream_maps", "{", "stream_maps: '{' is not of type object"),
        ("client_secret", "", "client_secret is missing"),
    ],
)
def test_an_invalid_environment_variable_is_an_error_that_names_the_setting(
    run_with_environment: Callable[..., Ended], sandbox: Sandbox, name: str, text: str, problem: str
) -> None:
    ended = run_with_environment(**{name: text})
    assert ended.code == 1
    assert ended.errors == [f"Invalid configuration: {problem}."]
    assert sandbox.calls == []


def test_environment_variables_can_be_whole_numbers_with_a_fraction_and_lists(
    run_with_environment: Callable[..., Ended], sandbox: Sandbox
) -> None:
    lists = {"activity_type_ids": "[2, 6]", "extra_lead_fields": "ecids"}
    ended = run_with_environment("--discover", max_jobs_in_flight="4.0", **lists)
    assert ended.code == 0
    (leads,) = (
        entry for entry in json.loads(ended.output)["streams"] if entry["stream"] == "leads"
    )
    assert "ecids" in leads["schema"]["properties"]
    assert sandbox.jobs == []


def test_a_tap_does_not_change_the_schema_of_another_class(command: Command) -> None:
    assert command.run("--about").code == 0
    assert "stream_maps" not in build_schema()["properties"]
