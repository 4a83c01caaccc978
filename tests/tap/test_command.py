"""The options of the command line, as users of the SDK know them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.settings.settings import build_schema
from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import edited, selecting, without_empty_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import CommandResult, TapCommand
    from tests.support.runs import TapRunner

pytestmark = pytest.mark.parametrize("options", [UNCHANGING])


def records(result: CommandResult, stream: str) -> list[dict[str, Any]]:
    assert result.exit_code == 0
    return [
        without_empty_column(message["record"])
        for message in result.messages
        if message["type"] == "RECORD" and message["stream"] == stream
    ]


def test_discover_prints_a_catalog_that_a_run_accepts(
    command: TapCommand, sandbox: Sandbox
) -> None:
    discovered = command.run(*command.config(), "--discover")
    catalog = json.loads(discovered.output)
    names = {entry["stream"] for entry in catalog["streams"]}
    assert {"leads", "activities"} <= names
    assert sandbox.jobs == []
    leads = next(entry for entry in catalog["streams"] if entry["stream"] == "leads")
    root = next(item["metadata"] for item in leads["metadata"] if not item["breadcrumb"])
    assert root["valid-replication-keys"] == ["updatedAt", "createdAt"]
    assert leads["key_properties"] == ["id"]
    result = command.run(*command.config(**WHOLE_HISTORY), "--catalog", command.write_file(catalog))
    assert {record["id"]: record for record in records(result, "leads")} == sandbox.expected.leads()


@pytest.mark.parametrize("output_format", [[], ["--format", "json"], ["--format", "markdown"]])
def test_about_lists_all_settings_and_needs_none(
    command: TapCommand, output_format: list[str]
) -> None:
    result = command.run("--about", *output_format)
    assert result.exit_code == 0
    assert all(name in result.output for name in build_schema()["properties"])
    if "json" in output_format:
        assert json.loads(result.output)["name"] == "tap-marketo-bulk"
        assert "batch" not in json.loads(result.output)["capabilities"]


def test_version_is_printed(command: TapCommand) -> None:
    assert command.run("--version").output.startswith("tap-marketo-bulk v")


def test_the_option_test_exports_the_last_hour_only(command: TapCommand, sandbox: Sandbox) -> None:
    result = command.run(*command.config(), "--test")
    assert result.exit_code == 0
    requests: list[Any] = [job.request for job in sandbox.jobs]
    filters = [value for request in requests for value in request["filter"].values()]
    spans = [value for value in filters if isinstance(value, dict)]
    assert spans
    assert {span["startAt"] for span in spans} == {"2026-02-28T22:45:00Z"}


def test_the_option_test_schema_exports_nothing(command: TapCommand, sandbox: Sandbox) -> None:
    result = command.run(*command.config(), "--test=schema")
    assert {message["type"] for message in result.messages} == {"SCHEMA"}
    assert sandbox.jobs == []


def test_a_run_with_the_state_of_a_complete_run_creates_no_job(
    command: TapCommand, sandbox: Sandbox
) -> None:
    first = command.run(*command.config(**WHOLE_HISTORY))
    state = first.messages[-1]
    assert state["type"] == "STATE"
    jobs = len(sandbox.jobs)
    later = command.config(**WHOLE_HISTORY | {"activity_lookback_minutes": 0})
    second = command.run(*later, "--state", command.write_file(state["value"]))
    assert second.exit_code == 0
    assert len(sandbox.jobs) == jobs
    assert [it["value"] for it in second.messages if it["type"] == "STATE"][-1] == state["value"]


def test_stream_maps_rename_streams_and_compute_columns(
    command: TapCommand, sandbox: Sandbox
) -> None:
    maps = {"leads": {"__alias__": "people", "who": "md5(email) if email else None", "email": None}}
    result = command.run(*command.config(**WHOLE_HISTORY, stream_maps=maps))
    people = records(result, "people")
    assert len(people) == len(sandbox.expected.leads())
    assert all("email" not in person and "who" in person for person in people)


def test_flattening_writes_attributes_as_text(command: TapCommand) -> None:
    flat = {"flattening_enabled": True, "flattening_max_depth": 1}
    found = records(command.run(*command.config(**WHOLE_HISTORY, **flat)), "activities")
    assert found
    assert all(isinstance(record["attributes"], str | None) for record in found)


def test_deselected_columns_are_neither_exported_nor_written(
    command: TapCommand, tap: TapRunner, sandbox: Sandbox
) -> None:
    def deselect(entry: dict[str, Any]) -> None:
        for item in entry["metadata"]:
            if item["breadcrumb"] and item["breadcrumb"][1] not in ("id", "updatedAt", "createdAt"):
                item["metadata"] |= {"inclusion": "available", "selected": False}

    catalog = selecting(edited(tap.discover(), "leads", deselect), "leads")
    result = command.run(*command.config(**WHOLE_HISTORY), "--catalog", command.write_file(catalog))
    columns = {"id", "updatedAt", "createdAt"}
    assert {frozenset(record) for record in records(result, "leads")} == {frozenset(columns)}
    requests: list[Any] = [job.request for job in sandbox.jobs]
    assert {frozenset(request["fields"]) for request in requests} == {frozenset(columns)}


def test_settings_can_be_environment_variables(
    command: TapCommand, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (command.settings | WHOLE_HISTORY).items():
        monkeypatch.setenv(f"TAP_MARKETO_BULK_{name.upper()}", str(value))
    result = command.run("--config=ENV")
    assert len(records(result, "leads")) == len(sandbox.expected.leads())


@pytest.fixture
def run_with_environment(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., CommandResult]:
    """Run the command with all settings in environment variables; some can be changed."""

    def run(*arguments: str, **changes: str) -> CommandResult:
        for name, value in (command.settings | WHOLE_HISTORY | changes).items():
            monkeypatch.setenv(f"TAP_MARKETO_BULK_{name.upper()}", str(value))
        return command.run("--config=ENV", *arguments)

    return run


def test_empty_environment_variables_mean_not_set(
    run_with_environment: Callable[..., CommandResult], sandbox: Sandbox
) -> None:
    schema = build_schema()
    TapMarketoBulk.append_builtin_config(schema)
    optional = set(schema["properties"]) - set(schema["required"]) - set(WHOLE_HISTORY)
    result = run_with_environment(**dict.fromkeys(optional, ""))
    assert len(records(result, "leads")) == len(sandbox.expected.leads())


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
    run_with_environment: Callable[..., CommandResult],
    sandbox: Sandbox,
    name: str,
    text: str,
    problem: str,
) -> None:
    result = run_with_environment(**{name: text})
    assert result.exit_code == 1
    assert result.errors == [f"Invalid configuration: {problem}."]
    assert sandbox.calls == []


def test_environment_variables_can_be_whole_numbers_with_a_fraction_and_lists(
    run_with_environment: Callable[..., CommandResult], sandbox: Sandbox
) -> None:
    lists = {"activity_type_ids": "[2, 6]", "extra_lead_fields": "ecids"}
    result = run_with_environment("--discover", max_jobs_in_flight="4.0", **lists)
    assert result.exit_code == 0
    (leads,) = (
        entry for entry in json.loads(result.output)["streams"] if entry["stream"] == "leads"
    )
    assert "ecids" in leads["schema"]["properties"]
    assert sandbox.jobs == []


def test_a_tap_does_not_change_the_schema_of_another_class(command: TapCommand) -> None:
    assert command.run("--about").exit_code == 0
    assert "stream_maps" not in build_schema()["properties"]
