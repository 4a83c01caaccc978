"""What a table of the database holds, compared with true records value by value."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg

# A driver's rows hold whatever the columns do.
Row = dict[str, Any]
Key = TypeVar("Key", int, str)

SCHEMA = "tap_marketo_bulk"
# How target-postgres stores a data type of Marketo; what is not here is text.
SQL_TYPES = {
    "integer": "bigint",
    "score": "numeric",
    "float": "numeric",
    "percent": "numeric",
    "currency": "numeric",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp without time zone",
}
ACTIVITY_TYPES = {
    "marketoGUID": "text",
    "leadId": "bigint",
    "activityDate": "timestamp without time zone",
    "activityTypeId": "bigint",
    "campaignId": "bigint",
    "primaryAttributeValueId": "bigint",
    "primaryAttributeValue": "text",
    "attributes": "jsonb",
    "actionResult": "text",
    "_invalid_values": "jsonb",
}
DELETION_TYPES = {
    name: kind
    for name, kind in ACTIVITY_TYPES.items()
    if name not in ("campaignId", "actionResult")
}


def lead_types(data_types: Mapping[str, str]) -> dict[str, str]:
    """The types of the columns of ``leads``, from Marketo's data types."""
    types = {name: SQL_TYPES.get(kind.casefold(), "text") for name, kind in data_types.items()}
    return types | {"_invalid_values": "jsonb"}


def typed_activity_types(
    primary: tuple[str, str] | None, columns: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """The types of the columns of one activity type, from names and data types of attributes."""
    common = {name: kind for name, kind in ACTIVITY_TYPES.items() if name != "attributes"}
    attributes = {name: data_type for name, (_, data_type) in columns.items()}
    if primary:
        attributes[primary[0].lower().replace(" ", "_")] = primary[1]
    return common | lead_types(attributes) | {"other_attributes": "jsonb"}


def column_types(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """The columns of ``table`` and their types, less those that the target adds."""
    rows = connection.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = %s and table_name = %s",
        (SCHEMA, table),
    ).fetchall()
    return {name: kind for name, kind in rows if not name.startswith("_sdc_")}


def rows_of(connection: psycopg.Connection, table: str) -> list[Row]:
    """Every row of ``table`` with all its columns."""
    cursor = connection.execute(f"select * from {SCHEMA}.{table}".encode())  # noqa: S608 - own names
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def differences(
    rows: list[Row], truth: Mapping[Key, Mapping[str, object]], types: Mapping[str, str]
) -> Iterator[str]:
    """What tells ``rows`` from ``truth``, whose first column is the key; nothing if they agree."""
    key = next(iter(types))
    found = {row[key]: row for row in rows}
    if len(found) < len(rows):
        yield f"{len(rows) - len(found)} rows have the key of another row"
    yield from (f"{one} is missing" for one in truth.keys() - found.keys())
    yield from (f"{one} should not be there" for one in found.keys() - truth.keys())
    for one in truth.keys() & found.keys():
        for name, kind in types.items():
            # No record of a data set has a value that does not fit its type.
            expected = None if name == "_invalid_values" else truth[one][name]
            value, true = found[one][name], stored(expected, kind)
            if canonical(value) != canonical(true):
                yield f"{one}, {name}: {value!r} should be {true!r}"


def stored(value: object, sql_type: str) -> object:
    """The Python value that the database gives back for a true one."""
    if value is None:
        return None
    if sql_type == "numeric":
        return Decimal(str(value))
    if sql_type == "date":
        return date.fromisoformat(str(value))
    if sql_type.startswith("timestamp"):
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    return value


def canonical(value: object) -> object:
    """What is the same for equal values of one type only: 1 is neither true nor 1.0."""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    return type(value), value
