"""The tap's definition in `meltano.yml` agrees with the tap."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from tap_marketo_bulk.jobs.cli import jobs
from tap_marketo_bulk.settings.schema import SETTINGS
from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.meltano import CHECKOUT


def extractor() -> dict[str, Any]:
    """The definition of the tap in the checkout's `meltano.yml`."""
    with (CHECKOUT / "meltano.yml").open(encoding="utf-8") as file:
        plugins = YAML(typ="safe").load(file)["plugins"]
    found: dict[str, Any] = plugins["extractors"][0]
    return found


def kind_of(name: str, schema: dict[str, Any]) -> str:
    """Return Meltano's `kind` for a setting."""
    if name.endswith("_date"):
        return "date_iso8601"
    if "enum" in schema:
        return "options"
    # Numbers are of kind string too: the reason is in `meltano.yml`.
    kinds = (kind for kind in ("integer", "boolean", "array") if kind in schema["type"])
    return next(kinds, "string")


def test_meltano_yml_has_the_settings_of_the_tap() -> None:
    defined = [
        {
            "name": setting["name"],
            "kind": setting["kind"],
            "title": setting["label"],
            "description": setting["description"],
            "default": setting.get("value"),
            "choices": [option["value"] for option in setting.get("options", ())],
            "secret": setting.get("sensitive", False),
        }
        for setting in extractor()["settings"]
    ]

    assert defined == [
        {
            "name": name,
            "kind": kind_of(name, schema),
            "title": schema["title"],
            "description": schema["description"],
            "default": schema.get("default"),
            "choices": schema.get("enum", []),
            "secret": schema.get("secret", False),
        }
        for name, schema in SETTINGS.to_dict()["properties"].items()
    ]


def test_meltano_yml_requires_the_settings_that_the_tap_requires() -> None:
    assert extractor()["settings_group_validation"] == [SETTINGS.to_dict()["required"]]


def test_meltano_yml_has_the_subcommands_of_the_jobs_command() -> None:
    commands = extractor()["commands"]
    assert {name: one["description"].rstrip(".") for name, one in commands.items()} == {
        name: command.get_short_help_str(100).rstrip(".") for name, command in jobs.commands.items()
    }
    for name, one in commands.items():
        assert one["executable"] == jobs.name
        assert one["args"].split()[0] == name


def test_meltano_yml_has_the_capabilities_of_the_tap() -> None:
    assert set(extractor()["capabilities"]) == {one.value for one in TapMarketoBulk.capabilities}
