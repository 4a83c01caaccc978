"""Repeatable export files of any size, and Marketo's descriptions of their fields."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TEXTS = ("Ada", "Müller, GmbH", "null", "Lovelace", "東京", 'the "best"', "a note\nof two lines")
# The number of different rows, which repeat: it takes longer to make a row than to read it.
_DIFFERENT_ROWS = 500
# One value in this many is null.
_NULLS = 7
# The number of activity types.
TYPES = 48
# Type 37 is in no export.
TYPE_IDS = (*range(1, 37), *range(38, TYPES + 2))


@dataclass(frozen=True)
class ExportFile:
    """The export object and the fields of a file.

    Attributes:
        object: ``leads`` or ``activities``.
        fields: Name -> Marketo's data type, or ``json`` for the attributes of an activity.
    """

    object: str
    fields: Mapping[str, str]

    def write(self, path: Path, rows: int) -> int:
        """Write the file; return its number of rows, which is a multiple of 500."""
        generator = random.Random(1)  # noqa: S311 - the same file each time
        block = io.StringIO()
        writer = csv.writer(block, lineterminator="\n")
        for _ in range(_DIFFERENT_ROWS):
            writer.writerow(_cell(generator, *field) for field in self.fields.items())
        repeats = -(-rows // _DIFFERENT_ROWS)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(self.fields)
            for _ in range(repeats):
                file.write(block.getvalue())
        return repeats * _DIFFERENT_ROWS


def leads_file(columns: int, mix: tuple[str, ...]) -> ExportFile:
    """Return a file of leads; the data types of its columns repeat in the order of ``mix``."""
    fields = {"id": "integer", "createdAt": "datetime", "updatedAt": "datetime"}
    others = range(columns - len(fields))
    return ExportFile(
        "leads", fields | {f"field{number}": mix[number % len(mix)] for number in others}
    )


# Mostly text, as in a usual subscription; and a third dates and numbers.
MOSTLY_TEXT = ("string",) * 6 + ("integer", "currency", "boolean", "datetime", "date")
A_THIRD_TYPED = (
    *("string", "string", "string", "integer", "string", "datetime", "string", "string"),
    *("float", "string", "string", "date", "string", "string", "score"),
)
ACTIVITIES = ExportFile(
    "activities",
    {
        "marketoGUID": "guid",
        "leadId": "integer",
        "activityDate": "datetime",
        "activityTypeId": "type id",
        "campaignId": "integer",
        "primaryAttributeValueId": "integer",
        "primaryAttributeValue": "string",
        "attributes": "json",
        "actionResult": "string",
    },
)
_ATTRIBUTES = {
    "Campaign Run ID": "integer",
    "Is Bot Activity": "boolean",
    **dict.fromkeys("ABCD", "string"),
}


def activity_types() -> list[dict[str, Any]]:
    """Return the types of the activities in a file, as Get Activity Types does."""
    attributes = [{"name": name, "dataType": data_type} for name, data_type in _ATTRIBUTES.items()]
    return [
        {"id": number, "name": f"Type {number:02}", "attributes": attributes} for number in TYPE_IDS
    ]


def _cell(generator: random.Random, name: str, data_type: str) -> str:
    """Return a value as exports write it."""
    number = generator.randrange(10**6)
    required = name in ("id", "createdAt", "updatedAt", "activityDate", "leadId", "activityTypeId")
    if data_type not in ("string", "guid") and not required and number % _NULLS == 0:
        return "null"
    day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
    attributes: dict[str, object] = {"Campaign Run ID": number, "Is Bot Activity": False}
    attributes |= {key: f"{text} {number}" for key, text in zip("ABCD", _TEXTS, strict=False)}
    decimal = f"{number / 100:.2f}"
    return {
        "string": generator.choice(_TEXTS),
        "guid": str(number),
        "type id": str(generator.choice(TYPE_IDS)),
        "integer": str(number),
        "float": decimal,
        "currency": decimal,
        "score": str(number % 100),
        "boolean": "true" if number % 2 else "false",
        "date": day,
        "datetime": f"{day}T12:{number % 60:02}:00Z",
        "json": json.dumps(attributes, ensure_ascii=False),
    }[data_type]
