"""The definitions of the tap for Meltano agree with the tap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tap_marketo_bulk.cli.commands import jobs
from tap_marketo_bulk.settings.settings import build_schema
from tests.support.meltano import CHECKOUT
from tests.support.plugin_definition import (
    COMMAND,
    FILE,
    HUB_FIELDS,
    build_definition,
    build_settings,
    outdated_files,
)
from tests.support.runs import TapRunner

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock

SETTINGS_BY_NAME = {setting["name"]: setting for setting in build_settings()}


def extractor() -> dict[str, Any]:
    """The definition of the tap in the checkout's `meltano.yml`."""
    with (CHECKOUT / "meltano.yml").open(encoding="utf-8") as file:
        plugins = YAML(typ="safe").load(file)["plugins"]
    found: dict[str, Any] = plugins["extractors"][0]
    return found


def test_the_files_that_are_made_from_the_settings_are_those_of_this_version() -> None:
    assert outdated_files() == [], f"Run `{COMMAND}`."


def test_the_file_for_from_ref_has_the_definition() -> None:
    assert YAML(typ="safe").load(FILE.read_text(encoding="utf-8")) == build_definition()


def test_meltano_yml_has_the_same_definition_but_installs_this_folder() -> None:
    own = {"pip_url": "-e .", "use_cached_catalog": False}
    definition = build_definition() | own
    found = extractor()
    assert sorted(found) == sorted(name for name in definition if name not in HUB_FIELDS)
    assert found == {name: definition[name] for name in found}


def test_the_definition_has_every_setting_of_the_tap_in_order() -> None:
    properties = build_schema()["properties"]
    assert list(SETTINGS_BY_NAME)[: len(properties)] == list(properties)
    for name, spec in properties.items():
        setting = SETTINGS_BY_NAME[name]
        assert setting["label"] == spec["title"]
        assert setting["description"] == spec["description"]
        assert setting.get("value") == spec.get("default")
        assert [each["value"] for each in setting.get("options", [])] == spec.get("enum", [])
        assert setting.get("sensitive", False) == spec.get("secret", False)


def test_the_definition_has_the_settings_of_the_sdk() -> None:
    own = build_schema()["properties"]
    assert {name: each["kind"] for name, each in SETTINGS_BY_NAME.items() if name not in own} == {
        "stream_maps": "object",
        "stream_map_config": "object",
        "faker_config.seed": "string",
        "faker_config.locale": "array",
        "flattening_enabled": "boolean",
        "flattening_max_depth": "integer",
        "flattening_max_key_length": "integer",
        "flattening_separator": "string",
    }


def test_meltano_nests_the_settings_that_are_objects() -> None:
    # The jobs command reads them from environment variables.
    processors = {name: each.get("value_processor") for name, each in SETTINGS_BY_NAME.items()}
    assert {name for name, each in processors.items() if each == "nest_object"} == {
        "stream_maps",
        "stream_map_config",
    }


def test_settings_have_kinds_that_meltano_can_parse() -> None:
    kinds = {
        "start_date": "date_iso8601",
        "client_secret": "string",
        "poll_seconds": "string",
        "max_jobs_in_flight": "integer",
        "resume_unknown_jobs": "boolean",
        "activity_type_ids": "array",
        "file_format": "options",
    }
    assert {name: SETTINGS_BY_NAME[name]["kind"] for name in kinds} == kinds


def test_the_definition_requires_the_settings_that_the_tap_requires() -> None:
    required = build_schema()["required"]
    assert build_definition()["settings_group_validation"] == [required]


def test_the_definition_selects_the_streams_that_discovery_selects(
    sandbox: Sandbox, clock: TapClock
) -> None:
    streams = TapRunner(sandbox, clock).discover()["streams"]
    selected = {
        f"{entry['stream']}.*"
        for entry in streams
        for each in entry["metadata"]
        if not each["breadcrumb"] and each["metadata"].get("selected-by-default", True)
    }
    assert set(build_definition()["select"]) == selected


def test_the_definition_has_the_subcommands_of_the_jobs_command() -> None:
    commands = build_definition()["commands"]
    assert set(commands) == set(jobs.commands)
    for name, command in commands.items():
        assert command["executable"] == jobs.name
        assert command["args"].split()[0] == name
