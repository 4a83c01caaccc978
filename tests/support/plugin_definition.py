"""The files that are made from the table of settings and the commands of the tap.

* ``tap_marketo_bulk/plugin_definition.yml``, for ``meltano add --from-ref`` and for MeltanoHub; the
  keys have the order that MeltanoHub checks;
* the definition of the tap in the project's ``meltano.yml``;
* ``docs/settings.md``, the page of the settings.

``python -m tests.support.plugin_definition`` names those that are out of date, and with ``--write``
writes them.
"""

from __future__ import annotations

import io
import json
import sys
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
MELTANO_YML = ROOT / "meltano.yml"
SETTINGS_PAGE = ROOT / "docs" / "settings.md"
COMMAND = "python -m tests.support.plugin_definition --write"
SETTINGS_NOTES = (
    "Numbers of days, minutes and seconds may be fractions. An unknown setting is an error. "
    "Meltano's relative dates (`2 days ago`) have no time zone and are an error. The settings of "
    "the Meltano SDK are available too, such as `stream_maps`, `stream_map_config`, "
    "`faker_config`, `flattening_enabled` and `flattening_max_depth`."
)
# What the lines between these are made from is named above them.
BEGIN, END = f"  # Made by `{COMMAND}`:\n", "  # End of the definition that was made.\n"
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
# What only that extractor has: it installs the tap from the folder of the project, and discovery is
# one call, so that a field that is new in Marketo arrives with the next run.
OWN_FIELDS = {"pip_url": "-e .", "use_cached_catalog": False}


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


def build_extractor() -> dict[str, Any]:
    """Return the definition of the tap in the project's own ``meltano.yml``."""
    definition = build_definition() | OWN_FIELDS
    settings = [_name_first(each) for each in definition["settings"]]
    shown = {name: definition[name] for name in definition if name not in HUB_FIELDS}
    return _name_first(shown) | {"settings": settings}


def _name_first(values: dict[str, Any]) -> dict[str, Any]:
    return {"name": values["name"], **values}


def format_definition() -> str:
    """Return the content of the plugin definition."""
    return f"# Made from the tap's settings by `{COMMAND}`.\n{_format_yaml(build_definition())}"


def format_meltano_yml() -> str:
    """Return the content of ``meltano.yml``, of which only the definition of the tap is made."""
    before, rest = MELTANO_YML.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    lines = _format_yaml([build_extractor()]).splitlines(keepends=True)
    return "".join([before, BEGIN, *(f"  {line}" for line in lines), END, after])


def _format_yaml(content: object) -> str:
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 98
    yaml.dump(content, text)
    # A line that ruamel folds ends in the space at which it was folded.
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def format_settings_page() -> str:
    """Return the content of the page of the settings."""
    schema = build_schema()
    rows = [
        f"| `{name}` | {_default_cell(name, spec, schema['required'])} | {_escaped(spec)} |"
        for name, spec in schema["properties"].items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            f"<!-- Made from the table of settings by `{COMMAND}`. -->",
            "",
            "| setting | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
            SETTINGS_NOTES,
            "",
        ]
    )


def _default_cell(name: str, spec: dict[str, Any], required: list[str]) -> str:
    if name in required:
        return "required"
    if "default" not in spec:
        return ""
    return f"`{json.dumps(spec['default'])}`".replace('"', "")


def _escaped(spec: dict[str, Any]) -> str:
    return str(spec["description"]).replace("|", "\\|").replace("<", "&lt;")


FILES = {
    FILE: format_definition,
    MELTANO_YML: format_meltano_yml,
    SETTINGS_PAGE: format_settings_page,
}


def outdated_files() -> list[str]:
    """Return the paths, in the repository, of the files that are not as they would be made."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, make in FILES.items()
        if not path.exists() or path.read_text(encoding="utf-8") != make()
    ]


def main() -> None:
    """Write the files, or name those that are out of date."""
    if "--write" in sys.argv[1:]:
        for path, make in FILES.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(make(), encoding="utf-8")
    elif outdated := outdated_files():
        sys.exit(f"Out of date: {', '.join(outdated)}. Run `{COMMAND}`.")


if __name__ == "__main__":
    main()
