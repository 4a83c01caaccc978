"""Bytes that are not UTF-8 affect only the cell that has them."""

from __future__ import annotations

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import InvalidValueError, MalformedFileError
from tap_marketo_bulk.rows.csv_file import CHUNK_BYTES, BlockReader, split_by_column
from tap_marketo_bulk.rows.field_types import ATTRIBUTES, TEXT
from tap_marketo_bulk.rows.records import RecordFields
from tap_marketo_bulk.rows.values import InvalidValueHandler
from tests.rows.test_activity_records import DEMO, TypedStream
from tests.support.file_records import FAIL, HEADER, NOON, NULL, records

START = f"{HEADER}\n1,{NOON},Ann,5\n".encode()


def row(name: bytes, number: bytes = b"2", score: bytes = b"6") -> bytes:
    return b",".join([number, NOON.encode(), name, score]) + b"\n"


def test_a_latin_1_byte_is_replaced_and_the_original_is_kept_escaped() -> None:
    invalid_values = InvalidValueHandler(NULL)
    file = START + row(b"Zo\xeb") + row("Zoë".encode(), b"3") + row(b"\xff", b"4")
    read = records(file, invalid_values=invalid_values)
    assert [(each["name"], each["_invalid_values"]) for each in read] == [
        ("Ann", None),
        ("Zo\ufffd", {"name": r"Zo\xeb"}),
        ("Zoë", None),
        ("\ufffd", {"name": r"\xff"}),
    ]
    assert [each["score"] for each in read] == [5, 6, 6, 6]
    (warning,) = invalid_values.warnings()
    assert warning.startswith("2 values of name have bytes that are not UTF-8 and are U+FFFD, or")
    assert r"the first in leads, line 3, id 2, field name: 'Zo\\xeb'. The originals" in warning


def test_a_typed_value_with_such_a_byte_is_null() -> None:
    (_, record) = records(START + row(b"Ben", score=b"5\xa0000"))
    assert (record["score"], record["_invalid_values"]) == (None, {"score": r"5\xa0000"})


def test_attributes_with_such_a_byte_are_read() -> None:
    types = {"guid": TEXT, "attributes": ATTRIBUTES}
    schema = RecordFields("activities", types, ("guid",), frozenset({"guid"}))
    (record,) = records(b'guid,attributes\n1,"{""City"":""K\xf6ln"",""Size"":5}"\n', schema)
    assert record["attributes"] == {"City": "K\ufffdln", "Size": 5}
    assert record["_invalid_values"] == {"attributes": r'{"City":"K\xf6ln","Size":5}'}


def test_typed_streams_keep_the_originals_of_the_cells_that_they_are_made_from() -> None:
    file = (
        b"marketoGUID,activityDate,activityTypeId,primaryAttributeValue,"
        b"primaryAttributeValueId,attributes,actionResult\n"
        b'17,2026-02-01T00:00:00Z,46,B\xfccher,null,"{""List Price"":5,""Note"":""\xfc""}",\xe9\n'
        b"18,2026-02-01T00:00:00Z,1,B\xfccher,null,null,null\n"
    )
    header, *blocks = BlockReader(io.BytesIO(file), ",", chunk_bytes=300)
    (fields,) = header.rows
    (block,) = blocks
    typed = split_by_column(block, fields.index("activityTypeId"))["46"]
    stream = TypedStream(DEMO, {}, deselected=("actionResult", "primaryAttributeValue"))
    (record,) = stream.converter(tuple(fields)).convert(typed)
    assert (record["product"], record["list_price"]) == ("B\ufffdcher", 5.0)
    assert record["other_attributes"] == {"Note": "\ufffd"}
    assert record["_invalid_values"] == {
        "attributes": r'{"List Price":5,"Note":"\xfc"}',
        "product": r"B\xfccher",
    }


@pytest.mark.parametrize(
    ("number", "name", "shown"),
    [
        (b"2\xff", b"Ben", r"A value of a key field has .* line 3, field id: '2.*xff'"),
        (b"2", b"Zo\xeb", r"A value has bytes .* line 3, id 2, field name: 'Zo.*xeb'"),
    ],
)
def test_with_fail_any_value_with_such_a_byte_is_an_error(
    number: bytes, name: bytes, shown: str
) -> None:
    with pytest.raises(InvalidValueError, match=shown) as raised:
        records(START + row(name, number), invalid_values=InvalidValueHandler(FAIL))
    assert "declare the field" not in str(raised.value)


def test_a_row_whose_key_has_such_a_byte_is_skipped_and_named() -> None:
    invalid_values = InvalidValueHandler(NULL)
    file = START + row(b"Ben", b"2\xff") + row(b"Zo\xeb", b"3")
    read = records(file, invalid_values=invalid_values)
    assert [(each["id"], each["name"]) for each in read] == [(1, "Ann"), (3, "Zo\ufffd")]
    assert invalid_values.skipped == [r"leads, line 3, field id: '2\\xff'"]
    assert list(invalid_values.counts) == ["name"]
    rows, values = invalid_values.warnings()
    assert rows == f"1 rows were not read, the first: {invalid_values.skipped[0]}."
    assert values.startswith("1 values of name")


def test_a_header_with_such_a_byte_is_an_error() -> None:
    with pytest.raises(MalformedFileError, match=r"unexpected \['nam�'\]"):
        records(START.replace(b"name", b"nam\xff"))


@given(
    st.lists(st.lists(st.binary(max_size=4), min_size=2, max_size=2), max_size=9),
    st.integers(1, 12) | st.just(CHUNK_BYTES),
)
def test_every_record_can_be_encoded_and_no_byte_is_lost(
    table: list[list[bytes]], chunk_bytes: int
) -> None:
    table = [[cell.translate(None, b"\0\r") for cell in each] for each in table]
    quoted = [b",".join(b'"%s"' % cell.replace(b'"', b'""') for cell in each) for each in table]
    file = b"a,b\n" + b"".join(line + b"\n" for line in quoted)
    found = []
    for block in BlockReader(io.BytesIO(file), ",", chunk_bytes):
        msgspec.json.encode(block.rows)
        originals = block.undecodable_cells()
        found += [
            [originals.get(index, {}).get(column, cell) for column, cell in enumerate(each)]
            for index, each in enumerate(block.rows)
        ]
    assert found[1:] == [
        [cell.decode(errors="backslashreplace") for cell in each] for each in table
    ]
