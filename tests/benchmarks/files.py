"""Export files of any size and shape, made quickly and the same each time."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract import fields
from tap_marketo_bulk.marketo.activity_types import ActivityAttribute, ActivityType
from tap_marketo_bulk.streams.activities import activities_schema
from tap_marketo_bulk.streams.typed_activities import stream_names, typed_schema

if TYPE_CHECKING:
    from pathlib import Path

Catalog = dict[str, Any]
# The mix of a usual subscription: mostly text, a tenth numbers, some dates and booleans.
_MIX = (
    *(fields.TEXT,) * 6,
    fields.INTEGER,
    fields.NUMBER,
    fields.BOOLEAN,
    fields.DATE_TIME,
    fields.DATE,
)
_WORDS = ("Ada", "Müller, GmbH", "null", "Lovelace", "東京", 'the "best"', "a note\nof two lines")
# Rows repeat after so many; making each anew would take longer than reading them.
_DIFFERENT_ROWS = 500
# Activity types of a usual subscription.
TYPES = 48


def leads_catalog(columns: int) -> Catalog:
    """Return a catalog of leads with so many columns, all selected."""
    kinds = [_MIX[number % len(_MIX)] for number in range(columns - 2)]
    properties = {"id": fields.INTEGER, "updatedAt": fields.DATE_TIME}
    properties |= {f"column{number}": kind for number, kind in enumerate(kinds)}
    schema = {"type": "object", "properties": {n: dict(k.schema) for n, k in properties.items()}}
    return _catalog("leads", schema)


def activities_catalog() -> Catalog:
    """Return a catalog of activities, all columns selected."""
    return _catalog("activities", activities_schema())


def typed_catalog() -> Catalog:
    """Return a catalog of a stream for each activity type, and not of all activities in one."""
    catalog = _catalog("activities", activities_schema(), selected=False)
    for name, kind in stream_names(activity_types()).items():
        catalog["streams"] += _catalog(name, typed_schema(kind))["streams"]
    return catalog


def activity_types() -> list[ActivityType]:
    """Return the types of the activities in a file."""
    attributes = (
        ActivityAttribute("Campaign Run ID", "integer"),
        ActivityAttribute("Is Bot Activity", "boolean"),
        *(ActivityAttribute(name, "string") for name in "ABCD"),
    )
    return [
        ActivityType(number, f"Type {number:02}", None, attributes)
        # Type 37 is in no export.
        for number in (*range(1, 37), *range(38, TYPES + 2))
    ]


def _catalog(stream: str, schema: dict[str, Any], *, selected: bool = True) -> Catalog:
    root = {"breadcrumb": [], "metadata": {"selected": selected}}
    entry = {"tap_stream_id": stream, "stream": stream, "schema": schema, "metadata": [root]}
    return {"streams": [entry]}


def write_file(path: Path, catalog: Catalog, rows: int) -> None:
    """Write the file that Marketo would export for a catalog's only stream."""
    properties = catalog["streams"][0]["schema"]["properties"]
    chance = random.Random(1)  # noqa: S311 - the same file each time
    block = io.StringIO()
    writer = csv.writer(block, lineterminator="\n")
    for _ in range(min(rows, _DIFFERENT_ROWS)):
        writer.writerow(_cell(chance, name, schema) for name, schema in properties.items())
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(properties)
        for _ in range(max(1, rows // _DIFFERENT_ROWS)):
            file.write(block.getvalue())


def _cell(chance: random.Random, name: str, schema: dict[str, Any]) -> str:
    """Return a value of a column's type, as exports write it."""
    number = chance.randrange(10**6)
    if name == "activityTypeId":
        return str(chance.choice(activity_types()).type_id)
    day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
    attributes: dict[str, object] = {"Campaign Run ID": number, "Is Bot Activity": False}
    attributes |= {key: f"{word} {number}" for key, word in zip("ABCD", _WORDS, strict=False)}
    written = {
        "text": str(number) if name == "marketoGUID" else chance.choice(_WORDS),
        "integer": str(number),
        "number": f"{number / 100:.2f}",
        "boolean": "true" if number % 2 else "false",
        "date": day,
        "date-time": f"{day}T12:{number % 60:02}:00Z",
        "object": json.dumps(attributes),
    }
    kind = schema["type"][0]
    return written[schema.get("format", "text") if kind == "string" else kind]
