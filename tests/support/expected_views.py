"""The expected rows of dbt's views, computed without code of the tap or of the dbt project."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.support.typed_activities import expected_records, types_by_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_marketo_bulk.sandbox import Sandbox

Row = dict[str, Any]
Rows = dict[Any, Row]

# The columns of views whose names differ from those of Marketo in more than the letter case.
RENAMED = {
    "marketo_guid": "id",
    "mailing_id": "email_template_id",
    "is_active": "active",
    "parent_program_id": "program_id",
    "rest_name": "restname",
    "rest_read_only": "restread_only",
    "soap_name": "soapname",
    "soap_read_only": "soapread_only",
}
RENAMED_IN_CAMPAIGNS = {"workspace": "workspace_name"}
ACTIVITY_PREFIX = "activities_"


def expected_views(sandbox: Sandbox) -> dict[str, Rows]:
    """The rows of each view by id, with the columns that have a value in Marketo's API."""
    expected = sandbox.expected
    activities = expected.activities()
    views: dict[str, Mapping[Any, Mapping[str, Any]]] = {
        f"activity_{stream.removeprefix(ACTIVITY_PREFIX)}": expected_records(each, activities)
        for stream, each in types_by_stream(sandbox).items()
    }
    views |= {
        "activity_delete_lead": expected.deleted_leads(),
        "lead": expected.leads(),
        "lead_describe": expected.lead_describe(),
        "program": expected.programs(),
        "campaign": expected.campaigns(),
        "email_template_history": expected.emails(),
    }
    return {
        view: {key: _view_row(view, row) for key, row in rows.items()}
        for view, rows in views.items()
    }


def differences(found: Rows, expected: Rows, columns: Mapping[str, str]) -> Iterator[str]:
    """The differences of the rows of a view and the expected rows, as text."""
    yield from (f"{key} is missing" for key in expected.keys() - found.keys())
    yield from (f"{key} should not be there" for key in found.keys() - expected.keys())
    for key in expected.keys() & found.keys():
        for name in expected[key].keys() & columns.keys():
            value = _comparable(found[key][name])
            right = _comparable(_of_type(expected[key][name], columns[name]))
            if value != right:
                yield f"{key}, {name}: {value!r} should be {right!r}"


def snake_case(name: str) -> str:
    """A name of Marketo as the name of a column."""
    words = re.findall(r"[A-Z]*[^A-Z\W_]+|[A-Z]+", name)
    return "_".join(words).lower()


def _view_row(view: str, row: Mapping[str, Any]) -> Row:
    renamed = RENAMED | (RENAMED_IN_CAMPAIGNS if view == "campaign" else {})
    columns: Row = {}
    for name, value in _flat(row).items():
        column = snake_case(name)
        columns[column if view == "lead" else renamed.get(column, column)] = value
    if view == "lead_describe":
        # Some fields have no REST name.
        columns["restname"] = snake_case(columns.get("restname", "")) or None
    if view == "email_template_history":
        is_of_program = columns["folder_type"] == "Program"
        columns["program_id"] = columns["folder_value"] if is_of_program else None
    return columns


def _flat(row: Mapping[str, Any]) -> Row:
    """The members of a row and of the objects in it; a text with a type is only the text."""
    flat: Row = {}
    for name, value in row.items():
        if not isinstance(value, dict):
            flat[name] = value
        elif value.get("type") == "Text":
            flat[name] = value["value"]
        else:
            flat |= {f"{name}_{member}": each for member, each in value.items()}
    return flat


def _of_type(value: object, column_type: str) -> object:
    if column_type == "integer" and isinstance(value, str):
        return int(value) if value.lstrip("-").isdigit() else None
    return value


def _comparable(value: object) -> object:
    """A value as all databases and Marketo's JSON have it; loaders may store '' as null."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return None if value == "" else value
