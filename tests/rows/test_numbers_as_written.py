"""A number that becomes a text keeps the digits and the form that Marketo wrote."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tap_marketo_bulk.marketo.describe import ActivityAttribute, ActivityType
from tap_marketo_bulk.marketo.responses import json_object_or_none
from tap_marketo_bulk.rows.field_types import NUMBER, TEXT
from tap_marketo_bulk.rows.records import RecordFields, RestRecordConverter
from tap_marketo_bulk.rows.values import InvalidValueHandler
from tests.rows.test_activity_records import TypedStream
from tests.support.file_records import FAIL
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


def test_a_number_in_a_rest_response_keeps_its_digits() -> None:
    types = {"id": TEXT, "size": NUMBER, "cost": TEXT}
    schema = RecordFields("programs", types, ("id",), frozenset(), with_invalid_values=False)
    entry = json_object_or_none(b'{"id":1.10,"size":2.50,"cost":[0.12345678901234567890]}')
    record = RestRecordConverter(schema, InvalidValueHandler(FAIL)).convert(entry or {})
    assert record == {"id": "1.10", "size": 2.5, "cost": "[0.12345678901234567890]"}
