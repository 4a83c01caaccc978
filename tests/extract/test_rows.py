"""Rows are typed, whole and complete, or their line is named."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import DataError, InvalidValueError, MalformedFileError
from tap_marketo_bulk.extract import fields
from tap_marketo_bulk.extract.fields import TEXT, type_of
from tap_marketo_bulk.extract.rows import SEPARATORS, Findings, Layout, Row, read_rows
from tap_marketo_bulk.marketo.exports import ExportRequest, Exports
from tap_marketo_bulk.sandbox import Options, Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.extract.fields import FieldType
    from tests.support.clock import TapClock


def layout_of(types: Mapping[str, FieldType], file_format: str = "CSV") -> Layout:
    return Layout(
        columns={name: name for name in types},
        parsers={name: kind.parse for name, kind in types.items() if kind is not TEXT},
        key=next(iter(types)),
        separators=SEPARATORS[file_format],
    )


PLAIN = layout_of({"id": fields.INTEGER, "name": TEXT, "score": fields.INTEGER})


def rows(file: str | bytes, layout: Layout = PLAIN, findings: Findings | None = None) -> list[Row]:
    content = file.encode() if isinstance(file, str) else file
    return list(read_rows(io.BytesIO(content), layout, findings or Findings()))


def test_values_are_typed_and_null_is_null() -> None:
    findings = Findings()
    file = "id,name,score\n1,Ann,5\n2,null,null\n3,,\n4,Null,6.0\n"
    assert rows(file, PLAIN, findings) == [
        {"id": 1, "name": "Ann", "score": 5},
        {"id": 2, "name": None, "score": None},
        {"id": 3, "name": "", "score": None},
        {"id": 4, "name": "Null", "score": 6},
    ]
    assert (findings.rows, findings.nul_bytes, findings.invalid) == (4, 0, {})


@pytest.mark.parametrize("file", ["", "id,name,score", "id,name,score\n", "id,name,score\r\n"])
@pytest.mark.parametrize("file_format", ["CSV", "SSV"])
def test_a_file_without_rows_has_none(file: str, file_format: str) -> None:
    separator = SEPARATORS[file_format][0]
    layout = replace(PLAIN, separators=SEPARATORS[file_format])
    assert rows(file.replace(",", separator), layout) == []


# The header.


def test_columns_may_come_in_another_order() -> None:
    assert rows("score,id,name\n5,1,Ann\n") == [{"score": 5, "id": 1, "name": "Ann"}]


def test_columns_may_have_another_header() -> None:
    columns = {"Id": "id", "Full, Name": "name", "score": "score"}
    layout = replace(PLAIN, columns=columns)
    assert rows('Id,"Full, Name",score\n1,Ann,5\n', layout) == [
        {"id": 1, "name": "Ann", "score": 5}
    ]


@pytest.mark.parametrize(
    ("header", "finding"),
    [
        ("id,name", r"missing \['score'\], unexpected nothing \(of 2 columns\)"),
        ("id,name,score,more", r"missing nothing, unexpected \['more'\]"),
        ("id,name,Score", r"missing \['score'\], unexpected \['Score'\]"),
        ("id,name,score,id", r"missing nothing, unexpected \['id'\] \(of 4 columns\)"),
        ("id;name;score", r"unexpected \['id;name;score'\]"),
        ('{"success":false}', r"missing \['id', 'name', 'score'\]"),
    ],
)
def test_another_header_is_an_error(header: str, finding: str) -> None:
    with pytest.raises(MalformedFileError, match=finding):
        rows(f"{header}\n1,2,3\n")


# The rows.


@pytest.mark.parametrize(
    ("row", "columns"), [("2,b", 2), ("2,b,3,4", 4), ("", 0), ('2,"b""",3,', 4), ('"2"b",3', 2)]
)
def test_too_few_and_too_many_columns_name_the_line(row: str, columns: int) -> None:
    file = f'id,name,score\n1,"two\nlines",5\n{row}\n3,c,5\n'
    finding = f"^Line 4 of the exported file .* has {columns} columns instead of 3"
    with pytest.raises(MalformedFileError, match=finding):
        rows(file)


def test_a_row_without_key_is_an_error() -> None:
    with pytest.raises(MalformedFileError, match=r"Line 2 .* it has no id"):
        rows("id,name,score\nnull,Ann,5\n")


def test_a_value_of_another_type_names_line_record_field_and_value() -> None:
    with pytest.raises(InvalidValueError, match=r"line 3, id 2, field score: '5\.5'"):
        rows("id,name,score\n1,Ann,5\n2,Ben,5.5\n")


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(InvalidValueError, match=r"'x{80}\.\.\.'"):
        rows(f"id,name,score\n1,Ann,{'x' * 5000}\n")


def test_values_of_another_type_can_be_null_and_are_counted() -> None:
    findings = Findings()
    file = "id,name,score\n1,Ann,five\n2,Ben,6\n3,Cid,seven\n"
    read = rows(file, replace(PLAIN, invalid_as_null=True), findings)
    assert [row["score"] for row in read] == [None, 6, None]
    assert findings.invalid == {"score": 2}
    assert findings.samples == {"score": "line 2, id 1, field score: 'five'"}


def test_a_key_of_another_type_is_an_error_all_the_same() -> None:
    with pytest.raises(InvalidValueError, match="field id: 'one'"):
        rows("id,name,score\none,Ann,5\n", replace(PLAIN, invalid_as_null=True))


def test_nul_bytes_are_removed_and_counted() -> None:
    findings = Findings()
    assert rows("id,name,score\n1,A\0nn\0,5\n", PLAIN, findings)[0]["name"] == "Ann"
    assert findings.nul_bytes == 2


# The formats.


@pytest.mark.parametrize(
    ("file_format", "separator"), [("CSV", ","), ("TSV", "\t"), ("SSV", ";"), ("SSV", " ")]
)
def test_every_format_holds_the_same_rows(file_format: str, separator: str) -> None:
    name = "a,b\tc;d e"
    file = f'id,name,score\n1,"{name}",5\n'.replace(",", separator).replace(
        name.replace(",", separator), name
    )
    layout = replace(PLAIN, separators=SEPARATORS[file_format])
    assert rows(file, layout) == [{"id": 1, "name": name, "score": 5}]


def test_the_separator_of_ssv_is_the_one_that_gives_the_header() -> None:
    layout = replace(
        PLAIN,
        columns={"The Id": "id", "The Full Name": "name", "The Score": "score"},
        separators=SEPARATORS["SSV"],
    )
    file = "The Id;The Full Name;The Score\n1;Ann Lee;5\n"
    assert rows(file, layout) == [{"id": 1, "name": "Ann Lee", "score": 5}]


SMALL = Options(leads=300, activities=300, late_seconds=0)


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
@pytest.mark.parametrize("kind", ["leads", "activities"])
def test_files_of_the_sandbox_hold_its_truth(
    exports: Exports, sandbox: Sandbox, clock: TapClock, kind: str, file_format: str
) -> None:
    window = {"startAt": "2026-01-30T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}
    if kind == "leads":
        types = {name: type_of(word) for name, word in sandbox.expected.lead_columns().items()}
    else:
        types = ACTIVITY_TYPES
    request = ExportRequest(kind, tuple(types), {"createdAt": window}, file_format)
    export_id = exports.create(request).export_id
    exports.enqueue(kind, export_id)
    clock.sleep(60)
    with exports.open_file(kind, export_id, 0) as response:
        file = response.read_body()
    read = rows(file, replace(layout_of(types, file_format), key=request.fields[0]))
    truth = getattr(sandbox.expected, kind)({"createdAt": window}, at=sandbox.jobs[0].started_at)
    key = "id" if kind == "leads" else "marketoGUID"
    assert read
    assert {row[key]: comparable(row) for row in read} == {
        name: comparable(record) for name, record in truth.items()
    }


ACTIVITY_TYPES = {
    "marketoGUID": TEXT,
    "leadId": fields.INTEGER,
    "activityDate": fields.DATE_TIME,
    "activityTypeId": fields.INTEGER,
    "campaignId": fields.INTEGER,
    "primaryAttributeValueId": fields.INTEGER,
    "primaryAttributeValue": TEXT,
    "attributes": fields.ATTRIBUTES,
    "actionResult": TEXT,
}


def comparable(record: Mapping[str, object]) -> object:
    """Return a record with its attributes' keys in one letter case, and numbers as numbers."""
    text = json.dumps(record, default=lambda number: float(Decimal(number)))
    values = json.loads(text)
    if values.get("attributes"):
        values["attributes"] = {key.casefold(): item for key, item in values["attributes"].items()}
    return values


# Anything.

EVERYTHING = layout_of(
    {
        "id": TEXT,
        "integer": fields.INTEGER,
        "number": fields.NUMBER,
        "boolean": fields.BOOLEAN,
        "date": fields.DATE,
        "datetime": fields.DATE_TIME,
        "attributes": fields.ATTRIBUTES,
    }
)
FRAGMENTS = [",", "\n", '"', '""', "null", "1", "-1.5", "true", "2023-01-19", "{}", "\r", "\0", "é"]


@given(
    st.binary()
    | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(lambda parts: "".join(parts).encode())
)
def test_arbitrary_bytes_give_rows_or_our_error(file: bytes) -> None:
    header = ",".join(EVERYTHING.columns).encode()
    for content in (file, header + b"\n" + file):
        with suppress(DataError):
            for row in rows(content, EVERYTHING):
                assert list(row) == list(EVERYTHING.columns)
                assert row["id"] is not None
