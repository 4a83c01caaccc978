"""The rows of export files become typed records."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import DataError
from tap_marketo_bulk.marketo.exports import ExportRequest, Exports
from tap_marketo_bulk.rows.csv_file import Block
from tap_marketo_bulk.rows.field_types import (
    ATTRIBUTES,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    NUMBER,
    TEXT,
    type_of,
)
from tap_marketo_bulk.rows.records import RecordFields, RowConverter, struct_record_factory
from tap_marketo_bulk.rows.values import InvalidValueHandler
from tap_marketo_bulk.sandbox import Options, Sandbox
from tests.support.file_records import FAIL, HEADER, NOON, NULL, ONE, SCHEMA, block_of, records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.clock import TapClock


def test_values_are_typed_and_null_is_none() -> None:
    invalid_values = InvalidValueHandler(FAIL)
    file = f"{HEADER}\n1,{NOON},Ann,5\n2,null,null,null\n3,,,\n4,{ONE},Null,6.0\n"
    assert records(file, invalid_values=invalid_values) == [
        {"id": 1, "updatedAt": NOON, "name": "Ann", "score": 5, "_invalid_values": None},
        {"id": 2, "updatedAt": None, "name": None, "score": None, "_invalid_values": None},
        {"id": 3, "updatedAt": None, "name": "", "score": None, "_invalid_values": None},
        {"id": 4, "updatedAt": ONE, "name": "Null", "score": 6, "_invalid_values": None},
    ]
    assert (invalid_values.counts, invalid_values.samples) == ({}, {})


def test_fields_are_in_the_schema_s_order_and_null_where_the_file_lacks_them() -> None:
    converter = RowConverter(("name", "foreign", "id"), SCHEMA, InvalidValueHandler(NULL))
    (record,) = converter.convert(block_of(["Ann", "x", "1"]))
    assert list(record.items()) == [
        ("id", 1),
        ("updatedAt", None),
        ("name", "Ann"),
        ("score", None),
        ("_invalid_values", None),
    ]


def test_structs_are_encoded_as_dicts_are() -> None:
    schema = replace(SCHEMA, types={**SCHEMA.types, "Odd. name-1": TEXT, "class": NUMBER})
    block = block_of(["1", NOON, "Ann", "five", "ü", "1.5"], ["2", NOON, "null", "5", "", "null"])
    dicts, structs = (
        RowConverter(tuple(schema.types), schema, InvalidValueHandler(NULL), *formats).convert(
            block
        )
        for formats in ((), (struct_record_factory,))
    )
    assert msgspec.json.encode(structs) == msgspec.json.encode(dicts)


# Whole columns and single cells.

EVERYTHING = RecordFields(
    "everything",
    {
        "id": TEXT,
        "integer": INTEGER,
        "number": NUMBER,
        "boolean": BOOLEAN,
        "date": DATE,
        "datetime": DATE_TIME,
        "attributes": ATTRIBUTES,
    },
    key=("id",),
    required=frozenset({"id"}),
)
USUAL = [
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    st.integers(-(10**6), 10**6).map(str),
    st.decimals(-1000, 1000, places=2).map(str),
    st.sampled_from(["true", "false", "0", "1"]),
    st.dates().map(str),
    st.datetimes().map(lambda instant: f"{instant:%Y-%m-%dT%H:%M:%SZ}"),
    st.dictionaries(st.sampled_from("ab"), st.integers() | st.none(), max_size=2).map(json.dumps),
]
UNUSUAL = st.sampled_from(["null", "", "x", "12.0", "1e3", "TRUE", "2023-02-29", "[]", "7", '"7"'])
ROWS = st.lists(
    st.tuples(
        USUAL[0].filter(lambda cell: cell != "null"), *[cell | UNUSUAL for cell in USUAL[1:]]
    ).map(list)
)


@given(ROWS)
def test_a_block_has_the_records_that_its_rows_have_one_by_one(rows: list[list[str]]) -> None:
    block = Block(rows, 1, rows)
    of_block, of_rows = InvalidValueHandler(NULL), InvalidValueHandler(NULL)
    at_once = RowConverter(tuple(EVERYTHING.types), EVERYTHING, of_block).convert(block)
    one_by_one = RowConverter(tuple(EVERYTHING.types), EVERYTHING, of_rows)
    assert at_once == [record for row in rows for record in one_by_one.convert(block.select([row]))]
    assert (of_block.counts, of_block.samples) == (of_rows.counts, of_rows.samples)


@given(ROWS)
def test_a_record_has_the_parsed_value_or_the_original_of_each_cell(rows: list[list[str]]) -> None:
    converter = RowConverter(tuple(EVERYTHING.types), EVERYTHING, InvalidValueHandler(NULL))
    converted = converter.convert(Block(rows, 1, rows))
    for row, record in zip(rows, converted, strict=True):
        kept = record["_invalid_values"] or {}
        for (field, field_type), cell in zip(EVERYTHING.types.items(), row, strict=True):
            if field in kept:
                assert (record[field], kept[field]) == (None, cell)
                with pytest.raises(ValueError):  # noqa: PT011 - parsers have no fixed message
                    field_type.parse(cell)
            elif cell == "null" or (not cell and field_type is not TEXT):
                assert record[field] is None
            else:
                assert record[field] == field_type.parse(cell)


FRAGMENTS = [",", "\n", '"', '""', "null", "1", "-1.5", "true", "2023-01-19", "{}", "\r", "\0", "é"]


@given(
    st.binary()
    | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(lambda parts: "".join(parts).encode())
)
def test_arbitrary_bytes_give_records_or_a_data_error(file: bytes) -> None:
    header = ",".join(EVERYTHING.types).encode()
    for content in (file, header + b"\n" + file):
        with suppress(DataError):
            for record in records(content, EVERYTHING):
                assert list(record) == [*EVERYTHING.types, "_invalid_values"]
                assert record["id"] is not None


# Files of the sandbox.

SMALL = Options(leads=300, activities=300, late_seconds=0)
ACTIVITY_TYPES = {
    "marketoGUID": TEXT,
    "leadId": INTEGER,
    "activityDate": DATE_TIME,
    "activityTypeId": INTEGER,
    "campaignId": INTEGER,
    "primaryAttributeValueId": INTEGER,
    "primaryAttributeValue": TEXT,
    "attributes": ATTRIBUTES,
    "actionResult": TEXT,
}


@pytest.mark.parametrize(
    ("options", "file_format"),
    [
        (SMALL, "CSV"),
        (SMALL, "TSV"),
        (replace(SMALL, ssv_separator=";"), "SSV"),
        (replace(SMALL, ssv_separator=" "), "SSV"),
    ],
    ids=["CSV", "TSV", "SSV semicolon", "SSV space"],
)
@pytest.mark.parametrize("export_object", ["leads", "activities"])
def test_files_of_the_sandbox_have_the_expected_rows(
    exports: Exports, sandbox: Sandbox, clock: TapClock, export_object: str, file_format: str
) -> None:
    window = {"startAt": "2026-01-30T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}
    if export_object == "leads":
        columns = sandbox.expected.lead_columns()
        types = {name: type_of(data_type) for name, data_type in columns.items()}
    else:
        types = ACTIVITY_TYPES
    request = ExportRequest(export_object, tuple(types), {"createdAt": window}, file_format)
    export_id = exports.create(request).export_id
    exports.enqueue(export_object, export_id)
    clock.sleep(60)
    with exports.open_file(export_object, export_id, 0) as response:
        file = response.read_body()
    key = "id" if export_object == "leads" else "marketoGUID"
    schema = RecordFields(export_object, types, (key,), frozenset({key}), with_invalid_values=False)
    read = records(file, schema, InvalidValueHandler(FAIL), file_format)
    expected = getattr(sandbox.expected, export_object)
    rows = expected({"createdAt": window}, at=sandbox.jobs[0].started_at)
    assert read
    assert {record[key]: comparable(record) for record in read} == {
        name: comparable(row) for name, row in rows.items()
    }


def comparable(record: Mapping[str, object]) -> object:
    """Return a record with its attributes' keys in one letter case, and numbers as numbers."""
    text = json.dumps(record, default=lambda number: float(Decimal(number)))
    values = json.loads(text)
    if values.get("attributes"):
        values["attributes"] = {key.casefold(): item for key, item in values["attributes"].items()}
    return values
