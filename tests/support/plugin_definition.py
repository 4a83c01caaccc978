"""The tap's plugin definition for Meltano, made from the settings and the commands of the tap.

``python -m tests.support.plugin_definition`` writes ``tap_marketo_bulk/plugin_definition.yml``,
for ``meltano add --from-ref`` and for MeltanoHub. The keys have the order that MeltanoHub checks.
"""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tap_marketo_bulk.cli.commands import jobs
from tap_marketo_bulk.settings.settings import build_schema
from tap_marketo_bulk.tap import TapMarketoBulk

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tap_marketo_bulk" / "plugin_definition.yml"
PYTHON = "Programming Language :: Python :: "
# The first call of `plan` runs discovery; later calls use the catalog that Meltano has written.
ARGUMENTS = {
    "plan": "--catalog $MELTANO_PROJECT_ROOT/.meltano/run/tap-marketo-bulk/tap.properties.json"
}
PLACEHOLDERS = {
    "endpoint": "https://123-ABC-456.mktorest.com",
    "start_date": "2026-01-01T00:00:00Z",
}
# What the extractor in the project's own `meltano.yml` does not have.
HUB_FIELDS = (
    "docs",
    "domain_url",
    "keywords",
    "logo_url",
    "maintenance_status",
    "quality",
    "supported_python_versions",
)


def build_definition() -> dict[str, Any]:
    """Return the definition of the tap with all fields that MeltanoHub has for an extractor."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    repository = project["urls"]["Repository"]
    return {
        "capabilities": sorted(one.value for one in TapMarketoBulk.capabilities),
        "commands": {name: _command(name, one) for name, one in sorted(jobs.commands.items())},
        "description": TapMarketoBulk.__doc__,
        "docs": project["urls"]["Documentation"],
        "domain_url": "https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/home",
        "executable": "tap-marketo-bulk",
        "keywords": [word for word in project["keywords"] if word in ("api", "meltano_sdk")],
        "label": "Marketo (Bulk Extract)",
        "log_parser": "singer-sdk",
        "logo_url": "/assets/logos/extractors/marketo.png",
        "maintenance_status": "active",
        "name": project["name"],
        "namespace": "tap_marketo_bulk",
        "pip_url": f"git+{repository}.git",
        # As MeltanoHub rates a tap of the community that is built with the SDK.
        "quality": "silver",
        "repo": repository,
        # Every stream that is selected by default; Meltano selects all streams otherwise.
        "select": [
            "leads.*",
            "activities.*",
            "deleted_leads.*",
            "lead_describe.*",
            "activity_types.*",
        ],
        "settings": build_settings(),
        "settings_group_validation": [build_schema()["required"]],
        "supported_python_versions": [
            name.removeprefix(PYTHON)
            for name in project["classifiers"]
            if name.startswith(f"{PYTHON}3.")
        ],
        "variant": "tap-marketo-bulk",
    }


def build_settings() -> list[dict[str, Any]]:
    """Return the settings of the tap and, after them, those of the SDK, as Meltano defines them."""
    schema = build_schema()
    TapMarketoBulk.append_builtin_config(schema)
    return [
        _setting(name, spec)
        for outer_name, outer in schema["properties"].items()
        for name, spec in _leaves(outer_name, outer)
    ]


def _leaves(name: str, spec: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return a setting, or in its place those that are nested in it: ``faker_config.seed``.

    Keys with underscores around are not settings: ``__else__`` of stream maps.
    """
    nested = {
        f"{name}.{inner}": one
        for inner, one in spec.get("properties", {}).items()
        if not inner.startswith("__")
    }
    return list(nested.items()) or [(name, spec)]


def _setting(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    setting = {
        "description": spec["description"],
        "kind": _kind(name, spec),
        "label": spec["title"],
        "name": name,
    }
    if "enum" in spec:
        setting["options"] = [{"label": _label(value), "value": value} for value in spec["enum"]]
    if name in PLACEHOLDERS:
        setting["placeholder"] = PLACEHOLDERS[name]
    if spec.get("secret"):
        setting["sensitive"] = True
    if "default" in spec:
        setting["value"] = spec["default"]
    if setting["kind"] == "object":
        # In an environment variable, Meltano has {"leads.email": …} otherwise.
        setting["value_processor"] = "nest_object"
    return setting


def _kind(name: str, spec: dict[str, Any]) -> str:
    """Return Meltano's name for the type of a setting.

    Numbers are of kind string, because they may be fractions, which kind integer does not allow,
    and because Meltano 4.4 fails on kind decimal in an environment variable.
    """
    if name.endswith("_date"):
        return "date_iso8601"
    if "enum" in spec:
        return "options"
    # A type is a name or a list of names, and a setting can have alternatives.
    types = str([one["type"] for one in spec.get("oneOf", [spec])])
    kinds = ("array", "object", "string", "integer", "boolean")
    return next((kind for kind in kinds if kind in types), "string")


def _label(value: str) -> str:
    return value if value.isupper() else value.capitalize()


def _command(name: str, command: click.Command) -> dict[str, str]:
    description = command.get_short_help_str(100).rstrip(".")
    return {
        "args": f"{name} {ARGUMENTS.get(name, '')}".strip(),
        "description": f"{description}.",
        "executable": str(jobs.name),
    }


def format_definition() -> str:
    """Return the content of the file: the definition as YAML."""
    text = io.StringIO()
    text.write("# Made from the tap's settings by `python -m tests.support.plugin_definition`.\n")
    yaml = YAML()
    yaml.width = 100
    yaml.dump(build_definition(), text)
    return text.getvalue()


if __name__ == "__main__":
    FILE.write_text(format_definition(), encoding="utf-8")
