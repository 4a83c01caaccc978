"""A number that becomes a text keeps the digits and the form that Marketo wrote."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
from tap_marketo_bulk.marketo.responses import json_object_or_none
from tap_marketo_bulk.rows.field_types import ARRAY, INTEGER, NUMBER, TEXT
from tap_marketo_bulk.rows.records import RecordFields, RestRecordConverter
from tap_marketo_bulk.rows.values import InvalidValueHandler
from tests.rows.test_activity_records import TypedStream
from tests.support.file_records import NULL
from tests.support.written_values import written

NOTE = ActivityType(46, "Note", None, (ActivityAttribute("Text", "string"),))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("250.00", "250.00"),
        ("2e3", "2e3"),
        ("-1.50E-2", "-1.50E-2"),
        ("0.12345678901234567890", "0.12345678901234567890"),
        ("12345678901234567890", "12345678901234567890"),
        ('[1.50,{"a":2e3}]', '[1.50,{"a":2e3}]'),
        ('""1.50""', "1.50"),
        ("true", "true"),
        ('"1.50"', "1.50"),
    ],
)
def test_a_number_in_a_text_attribute_is_as_it_was_written(number: str, text: str) -> None:
    cells = [f'{{"Text":{number},"Other":1.50}}', '{"text":"a"}', "null"]
    read = TypedStream(NOTE, {}).records(*[{"attributes": cell} for cell in cells])
    assert [record["text"] for record in read] == [text, "a", None]
    assert [record["_invalid_values"] for record in read] == [None] * 3
    # Numbers that stay numbers can be written by each writer.
    other, _ = written(read[0]["other_attributes"])
    assert other == {"Other": Decimal("1.5")}


def test_the_array_form_of_rest_has_numbers_as_written_too() -> None:
    cell = '[{"name":"text","value":250.00}]'
    (record,) = TypedStream(NOTE, {}).records({"attributes": cell})
    assert record["text"] == "250.00"


@pytest.mark.parametrize("number", ["1.10", "250.00", "2e3", "-1.50E-2", "12345678901234567890.5"])
def test_a_number_in_a_text_of_a_rest_response_is_as_it_was_written(number: str) -> None:
    types = {"id": TEXT, "cost": TEXT, "size": NUMBER, "tags": ARRAY, "count": INTEGER}
    schema = RecordFields("programs", types, ("id",), frozenset())
    fields = [f'"{name}":{number}' for name in ("id", "size")]
    lists = [f'"{name}":[{number},{{"a":{number}}}]' for name in ("cost", "tags", "count")]
    entry = json_object_or_none(f"{{{','.join([*fields, *lists])}}}".encode())
    record = RestRecordConverter(schema, InvalidValueHandler(NULL)).convert(entry or {})
    assert (record["id"], record["cost"]) == (number, f'[{number},{{"a":{number}}}]')
    # Numbers that stay numbers can be written by each writer.
    value = Decimal(number)
    as_list = [value, {"a": value}]
    read, _ = written({name: record[name] for name in ("size", "tags", "_invalid_values")})
    assert read == {"size": value, "tags": as_list, "_invalid_values": {"count": as_list}}
