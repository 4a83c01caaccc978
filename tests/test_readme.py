"""The README, the pages in docs/ and the module maps agree with the code, and with each other."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tap_marketo_bulk.marketo.responses import permission_for
from tap_marketo_bulk.plan.state_format import STATE_VERSION, dump_stream_state, load_stream_state
from tap_marketo_bulk.settings.settings import build_schema
from tap_marketo_bulk.streams.reference import REFERENCE_STREAMS
from tests.support.plugin_definition import FILE, build_definition
from tests.support.readme import (
    DOCS,
    PAGES,
    README,
    ROOT,
    code_block,
    code_blocks,
    page,
    section,
    table_rows,
)
from tests.support.runs import TapRunner

if TYPE_CHECKING:
    from pathlib import Path

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.clock import TapClock

# The call that each other stream needs a permission for.
CALLS = {
    "leads": "POST /bulk/v1/leads/export/create.json",
    "activities": "POST /bulk/v1/activities/export/create.json",
    "activities_<type>": "POST /bulk/v1/activities/export/create.json",
    "custom_<object>": "POST /bulk/v1/customobjects/x/export/create.json",
    "list_members": "POST /bulk/v1/leads/export/create.json",
    "program_members": "POST /bulk/v1/program/members/export/create.json",
    "deleted_leads": "GET /rest/v1/activities/deletedleads.json",
}
# Streams of which there are any number, and their name in the table: each has an example.
NAME_PATTERNS = {
    "activities_<type>": ("activities_", "activities_fill_out_form"),
    "custom_<object>": ("custom_", "custom_purchase_order_c"),
}
REPOSITORY = build_definition()["repo"]
RAW = REPOSITORY.replace("https://github.com/", "https://raw.githubusercontent.com/")
MAX_README_LINES = 200
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


# Links.


def links_of(path: Path) -> list[str]:
    """Return the targets of the links and pictures of a page."""
    text = CODE.sub("", path.read_text(encoding="utf-8"))
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(
        r"^\[[^]]+\]: (\S+)$", text, re.MULTILINE
    )


def anchors_of(path: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's titles."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_to_files_of_the_repository_have_a_target(path: Path) -> None:
    for link in links_of(path):
        target, _, anchor = link.removeprefix(f"{REPOSITORY}/blob/main/").partition("#")
        if "://" in target:
            continue
        base = ROOT if link.startswith(REPOSITORY) else path.parent
        file = (base / target) if target else path
        assert file.exists(), link
        assert not anchor or anchor in anchors_of(file), link


def test_the_links_of_the_readme_also_work_on_the_page_of_a_package_index() -> None:
    assert [link for link in links_of(README) if not re.match("https://|#", link)] == []


def test_the_readme_links_to_each_page_and_is_short() -> None:
    links = {link.rpartition("/")[2] for link in links_of(README)}
    assert {path.name for path in DOCS.glob("*.md")} <= links
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


def test_each_link_name_of_the_readme_is_defined_and_used() -> None:
    text = CODE.sub("", README.read_text(encoding="utf-8"))
    used = set(re.findall(r"\]\[([^]]+)\]", text))
    assert used == set(re.findall(r"^\[([^]]+)\]: ", text, re.MULTILINE))


# Settings.


def test_the_settings_of_the_readme_have_their_defaults() -> None:
    schema = build_schema()
    rows = table_rows(section("Settings"))
    assert len(rows) == 10
    assert {name.strip("`") for name, *_ in rows} >= set(schema["required"])
    for name, default, _ in rows:
        spec = schema["properties"][name.strip("`")]
        if name.strip("`") in schema["required"]:
            assert default == "required"
        else:
            expected = json.dumps(spec["default"]).strip('"') if "default" in spec else ""
            assert default.strip("`") == expected


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_snippets_of_meltano_yml_set_settings_that_exist(path: Path) -> None:
    known = {*build_schema()["properties"], "stream_maps"}
    text = path.read_text(encoding="utf-8")
    for snippet in code_blocks(text, "yaml"):
        content = YAML(typ="safe").load(snippet.partition("\n# dbt_project.yml")[0])
        plugins = content.get("plugins", {}) if isinstance(content, dict) else {}
        for plugin in plugins.get("extractors", []):
            assert set(plugin["config"]) <= known


def test_variables_are_settings_of_the_tap() -> None:
    known = {f"TAP_MARKETO_BULK_{name.upper()}" for name in build_schema()["properties"]}
    known |= {"TAP_MARKETO_BULK__SELECT", "TAP_MARKETO_BULK__METADATA"}
    example = ROOT / ".env.example"
    for path in (*PAGES, example):
        found = re.findall(r"\b(TAP_MARKETO_BULK_\w+)=", path.read_text(encoding="utf-8"))
        assert set(found) <= known, path
    text = example.read_text(encoding="utf-8")
    required = (f"TAP_MARKETO_BULK_{name.upper()}=" for name in build_schema()["required"])
    assert [name for name in required if name not in text] == []


# Streams.


def named_in_table(stream: str) -> str:
    """Return the name of a stream in the table of streams."""
    prefixes = ((prefix, name) for name, (prefix, _) in NAME_PATTERNS.items())
    return next((name for prefix, name in prefixes if stream.startswith(prefix)), stream)


def test_the_table_of_streams_has_each_stream_with_key_and_permission(
    sandbox: Sandbox, clock: TapClock
) -> None:
    entries = {entry["stream"]: entry for entry in TapRunner(sandbox, clock).discover()["streams"]}
    names = {named_in_table(name) for name in entries}
    table = page("streams").partition("\n## ")[0]
    rows = {name.strip("`"): row for name, *row in table_rows(table)}
    assert set(rows) == names
    calls = CALLS | {each.name: f"GET {each.path}" for each in REFERENCE_STREAMS}
    for name, (key, _, permission, _) in rows.items():
        entry = entries[NAME_PATTERNS.get(name, ("", name))[1]]
        assert re.findall(r"`(\w+)`", key) == entry["key_properties"]
        assert permission.startswith(permission_for(calls[name]) or "none")


def test_the_readme_has_each_stream_and_whether_it_is_selected_by_default(
    sandbox: Sandbox, clock: TapClock
) -> None:
    entries = TapRunner(sandbox, clock).discover()["streams"]
    selected = {name.removesuffix(".*") for name in build_definition()["select"]}
    rows = {
        name: by_default == "yes"
        for names, _, by_default in table_rows(section("Streams"))
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert set(rows) == {named_in_table(entry["stream"]) for entry in entries}
    assert {name for name, is_selected in rows.items() if is_selected} == selected


# Module maps.

PACKAGES = ("cli", "exports", "marketo", "plan", "rows", "settings", "streams")


@pytest.mark.parametrize("package", PACKAGES)
def test_the_map_of_a_package_has_each_module(package: str) -> None:
    folder = ROOT / "tap_marketo_bulk" / package
    text = (folder / "__init__.py").read_text(encoding="utf-8")
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert set(re.findall(r"^    (\w+)  ", text, re.MULTILINE)) == modules


# STATE, messages and addresses.


def test_the_state_in_the_documentation_is_one_that_the_tap_writes() -> None:
    text = page("how-it-works")
    state = json.loads(code_block(text, "json"))
    assert state["version"] == STATE_VERSION
    for stream, raw in state["bookmarks"].items():
        assert dump_stream_state(load_stream_state(stream, raw)) == raw
    explained = {
        key
        for names, _ in table_rows(section("What STATE has", text))
        for key in re.findall(r"`(\w+)`", names)
    }
    assert {"version", *(key for raw in state["bookmarks"].values() for key in raw)} <= explained


def test_the_messages_in_the_table_of_errors_are_messages_of_the_tap() -> None:
    sources = sorted((ROOT / "tap_marketo_bulk").rglob("*.py"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    # Adjacent string literals are one text.
    joined = re.sub(r'"\s+f?"', "", code)
    rows = table_rows(page("troubleshooting").partition("\n## ")[0])
    parts = [part for message, _ in rows for part in message.split("…")]
    texts = [part.strip(" .") for part in parts if part.strip(" .")]
    assert len(texts) > 8
    assert [text for text in texts if text not in joined] == []


def test_the_addresses_for_from_ref_are_those_of_the_plugin_definition() -> None:
    steps = section("Use it")
    in_clone = re.findall(r'--from-ref "\$clone/(\S+)"', steps)
    published = re.findall(rf"--from-ref {RAW}/main/(\S+)", steps)
    assert [ROOT / name for name in (*in_clone, *published)] == [FILE, FILE]
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["urls"]["Repository"] == REPOSITORY
