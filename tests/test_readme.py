"""The README agrees with the settings and with the error messages of the tap."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tap_marketo_bulk.marketo.responses import permission_for
from tap_marketo_bulk.settings.settings import build_schema
from tap_marketo_bulk.streams.reference import REFERENCE_STREAMS
from tests.support.plugin_definition import FILE, build_definition
from tests.support.readme import README, section
from tests.support.runs import TapRunner

if TYPE_CHECKING:
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
ROOT = Path(__file__).parents[1]


def rows_of(title: str) -> list[list[str]]:
    """Return the cells of the table in a section, without its header."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_of_settings_has_each_setting_with_its_default() -> None:
    defaults = {
        name: default.strip("`")
        for names, default, _ in rows_of("Settings")
        for name in re.findall(r"`(\w+)`", names)
    }
    schema = build_schema()
    assert list(defaults) == [name for name in schema["properties"] if name in defaults]
    assert set(defaults) == set(schema["properties"])
    for name, spec in schema["properties"].items():
        if name in schema["required"]:
            assert defaults[name] == "required"
        elif "default" in spec:
            assert defaults[name] == json.dumps(spec["default"]).strip('"')


def test_the_messages_in_the_table_of_errors_are_messages_of_the_tap() -> None:
    sources = sorted((ROOT / "tap_marketo_bulk").rglob("*.py"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    # Adjacent string literals are one text.
    joined = re.sub(r'"\s+f?"', "", code)
    parts = [
        part
        for message, _ in rows_of("What goes wrong, and what to do")
        for part in message.split("…")
    ]
    texts = [part.strip(" .") for part in parts if part.strip(" .")]
    assert len(texts) > 8
    assert [text for text in texts if text not in joined] == []


def named_in_table(stream: str) -> str:
    """Return the name of a stream in the table of streams."""
    prefixes = ((prefix, name) for name, (prefix, _) in NAME_PATTERNS.items())
    return next((name for prefix, name in prefixes if stream.startswith(prefix)), stream)


def test_the_table_of_streams_has_each_stream_with_key_and_permission(
    sandbox: Sandbox, clock: TapClock
) -> None:
    entries = {entry["stream"]: entry for entry in TapRunner(sandbox, clock).discover()["streams"]}
    names = {named_in_table(name) for name in entries}
    rows = {name.strip("`"): row for name, *row in rows_of("Streams")}
    assert set(rows) == names
    calls = CALLS | {each.name: f"GET {each.path}" for each in REFERENCE_STREAMS}
    for name, (key, _, permission, _) in rows.items():
        entry = entries[NAME_PATTERNS.get(name, ("", name))[1]]
        assert re.findall(r"`(\w+)`", key) == entry["key_properties"]
        assert permission.startswith(permission_for(calls[name]) or "none")


def test_the_address_for_from_ref_is_that_of_the_plugin_definition() -> None:
    repository = build_definition()["repo"].removeprefix("https://github.com/")
    base = f"https://raw.githubusercontent.com/{repository}/main/"
    paths = re.findall(rf"--from-ref {base}(\S+)", README.read_text(encoding="utf-8"))
    assert [ROOT / path for path in paths] == [FILE]
