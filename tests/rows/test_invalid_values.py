"""A value that does not fit its type is null and kept, or it is an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.rows.field_types import ATTRIBUTES, DATE, TEXT
from tap_marketo_bulk.rows.records import RecordFields, RowConverter, record_label
from tap_marketo_bulk.rows.values import InvalidValueHandler, InvalidValuePolicy
from tests.support.file_records import FAIL, HEADER, NOON, NULL, SCHEMA, block_of, records


def test_a_value_that_does_not_fit_is_null_kept_and_counted() -> None:
    invalid_values = InvalidValueHandler(NULL)
    file = f"{HEADER}\n1,{NOON},Ann,five\n2,{NOON},Ben,6\n3,{NOON},Cid,seven\n"
    read = records(file, invalid_values=invalid_values)
    assert [(record["score"], record["_invalid_values"]) for record in read] == [
        (None, {"score": "five"}),
        (6, None),
        (None, {"score": "seven"}),
    ]
    assert invalid_values.counts == {"score": 2}
    assert invalid_values.samples == {"score": "leads, line 2, id 1, field score: 'five'"}


def test_a_record_can_keep_several_values() -> None:
    schema = replace(SCHEMA, types={**SCHEMA.types, "born": DATE})
    (record,) = records(f"{HEADER},born\n1,{NOON},Ann,five,6\n", schema)
    assert record["_invalid_values"] == {"score": "five", "born": "6"}


def test_values_are_only_counted_if_the_catalog_has_no_column_for_them() -> None:
    invalid_values = InvalidValueHandler(NULL)
    schema = replace(SCHEMA, with_invalid_values=False)
    (record,) = records(f"{HEADER}\n1,{NOON},Ann,five\n", schema, invalid_values)
    assert record == {"id": 1, "updatedAt": NOON, "name": "Ann", "score": None}
    assert invalid_values.counts == {"score": 1}


def test_a_value_that_does_not_fit_can_be_an_error_that_names_line_record_field_and_value() -> None:
    file = f'{HEADER}\n1,{NOON},"Ann\nLee",5\n2,{NOON},Ben,5.5\n'
    with pytest.raises(InvalidValueError, match=r"leads, line 4, id 2, field score: '5\.5'\. .*"):
        records(file, invalid_values=InvalidValueHandler(FAIL))


@pytest.mark.parametrize("policy", InvalidValuePolicy)
@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (f"one,{NOON},Ann,5", "line 2, field id: 'one'"),
        ("1,yesterday,Ann,5", "line 2, id 1, field updatedAt: 'yesterday'"),
    ],
)
def test_a_key_or_replication_key_that_does_not_fit_is_always_an_error(
    policy: InvalidValuePolicy, row: str, shown: str
) -> None:
    with pytest.raises(InvalidValueError, match=shown) as raised:
        records(f"{HEADER}\n{row}\n", invalid_values=InvalidValueHandler(policy))
    assert "set invalid_values" not in str(raised.value)


@pytest.mark.parametrize("row", [f"null,{NOON},Ann,5", f",{NOON},Ann,5", f"null,{NOON},Ann,five"])
def test_a_key_that_is_null_is_always_an_error(row: str) -> None:
    file = f'{HEADER}\n1,{NOON},"Ann\nLee",5\n{row}\n'
    with pytest.raises(InvalidValueError, match="no value in its key: leads, line 4, field id"):
        records(file)


def test_a_key_that_the_file_lacks_is_an_error() -> None:
    converter = RowConverter(("name",), SCHEMA, InvalidValueHandler(NULL))
    with pytest.raises(InvalidValueError, match="leads, line 2, field id"):
        converter.convert(block_of(["Ann"]))


def test_every_column_of_a_key_names_the_record() -> None:
    schema = replace(SCHEMA, key=("id", "name"), required=frozenset({"id", "name"}))
    with pytest.raises(InvalidValueError, match="line 2, id 7, name Ann, field score: 'x'"):
        records(f"{HEADER}\n7,{NOON},Ann,x\n", schema, InvalidValueHandler(FAIL))
    with pytest.raises(InvalidValueError, match="line 2, id 7, field name"):
        records(f"{HEADER}\n7,{NOON},null,5\n", schema)


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(InvalidValueError, match=r"'x{80}\.\.\.'"):
        records(f"{HEADER}\n1,{NOON},Ann,{'x' * 5000}\n", invalid_values=InvalidValueHandler(FAIL))


def test_broken_attributes_are_kept_as_text() -> None:
    schema = RecordFields(
        "activities", {"marketoGUID": TEXT, "attributes": ATTRIBUTES}, ("marketoGUID",), frozenset()
    )
    file = 'marketoGUID,attributes\n1,"{""a"":""""5""""}"\n2,"{""a"":"\n3,"{}"\n'
    assert records(file, schema) == [
        {"marketoGUID": "1", "attributes": {"a": 5}, "_invalid_values": None},
        {"marketoGUID": "2", "attributes": None, "_invalid_values": {"attributes": '{"a":'}},
        {"marketoGUID": "3", "attributes": {}, "_invalid_values": None},
    ]


def test_a_key_with_control_characters_does_not_forge_a_message() -> None:
    name = record_label("leads, line 2", {"id": 5, "key": "a\x1b[2J\x9b\u2028\u202e\nb", "c": None})
    assert name == "leads, line 2, id 5, key a[2J  b"
