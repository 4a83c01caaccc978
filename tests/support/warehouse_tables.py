"""Comparison of the tables of a database with expected rows, value by value."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg

# The values of a row have the types of the columns.
Row = dict[str, Any]
Key = TypeVar("Key", int, str, tuple[object, ...])

SCHEMA = "tap_marketo_bulk"
# The column types that target-postgres uses for Marketo's data types; all others are text.
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
    name: sql_type
    for name, sql_type in ACTIVITY_TYPES.items()
    if name not in ("campaignId", "actionResult")
}


def lead_types(data_types: Mapping[str, str]) -> dict[str, str]:
    """The types of the columns of ``leads``, from Marketo's data types."""
    types = {
        name: SQL_TYPES.get(data_type.casefold(), "text") for name, data_type in data_types.items()
    }
    return types | {"_invalid_values": "jsonb"}


def typed_activity_types(
    primary: tuple[str, str] | None, columns: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """The types of the columns of a typed stream, from names and data types of attributes."""
    common = {name: each for name, each in ACTIVITY_TYPES.items() if name != "attributes"}
    attributes = {name: data_type for name, (_, data_type) in columns.items()}
    if primary:
        attributes[primary[0].lower().replace(" ", "_")] = primary[1]
    return common | lead_types(attributes) | {"other_attributes": "jsonb"}


def column_types(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """The columns of ``table`` and their types, without those that the target adds."""
    rows = connection.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = %s and table_name = %s",
        (SCHEMA, table),
    ).fetchall()
    return {name: sql_type for name, sql_type in rows if not name.startswith("_sdc_")}


def rows_of(connection: psycopg.Connection, table: str) -> list[Row]:
    """Every row of ``table`` with all its columns."""
    cursor = connection.execute(f"select * from {SCHEMA}.{table}".encode())  # noqa: S608 - own names
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def differences(
    rows: list[Row],
    expected: Mapping[Key, Mapping[str, object]],
    types: Mapping[str, str],
    key: Sequence[str] | None = None,
) -> Iterator[str]:
    """The differences of ``rows`` and ``expected`` as text.

    The keys of ``expected`` are tuples of the columns ``key``; without these, they are the values
    of the first column of ``types``.
    """
    first = next(iter(types))
    found = {tuple(row[name] for name in key) if key else row[first]: row for row in rows}
    if len(found) < len(rows):
        yield f"{len(rows) - len(found)} rows have the key of another row"
    yield from (f"{one} is missing" for one in expected.keys() - found.keys())
    yield from (f"{one} should not be there" for one in found.keys() - expected.keys())
    for one in expected.keys() & found.keys():
        for name, sql_type in types.items():
            # In these data sets every value fits the type of its column.
            row_value = None if name == "_invalid_values" else expected[one][name]
            value, right = found[one][name], stored(row_value, sql_type)
            if canonical(value) != canonical(right):
                yield f"{one}, {name}: {value!r} should be {right!r}"


def stored(value: object, sql_type: str) -> object:
    """The Python value that the database driver returns for a value of an expected row."""
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
    """A value that compares as equal only for the same type: 1 differs from True and from 1.0."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return type(value), value
