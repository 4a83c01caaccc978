"""A file is read if it has the expected fields and complete rows; else the error names the line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import MalformedFileError
from tap_marketo_bulk.rows.csv_file import (
    CHUNK_BYTES,
    SEPARATORS,
    ExpectedFormat,
    FileStats,
    read_blocks,
)

COLUMNS = {"id": "id", "name": "name", "score": "score"}


def read(
    file: str | bytes,
    columns: dict[str, str] | None = None,
    file_format: str = "CSV",
    stats: FileStats | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> list[dict[str, str]]:
    """Read a file's rows by field."""
    content = io.BytesIO(file.encode() if isinstance(file, str) else file)
    stats = stats or FileStats()
    fields, blocks = read_blocks(
        content, ExpectedFormat(columns or COLUMNS, SEPARATORS[file_format]), stats, chunk_bytes
    )
    return [dict(zip(fields, row, strict=True)) for block in blocks for row in block.rows]


def test_rows_are_read_as_text() -> None:
    stats = FileStats()
    rows = read("id,name,score\n1,Ann,5\n2,null,\n", stats=stats)
    assert rows == [
        {"id": "1", "name": "Ann", "score": "5"},
        {"id": "2", "name": "null", "score": ""},
    ]
    assert (stats.rows, stats.nul_bytes) == (2, 0)


@pytest.mark.parametrize("file", ["", "id,name,score", "id,name,score\n", "id,name,score\r\n"])
@pytest.mark.parametrize("file_format", ["CSV", "SSV"])
def test_a_file_without_rows_has_fields_and_no_blocks(file: str, file_format: str) -> None:
    content = io.BytesIO(file.replace(",", SEPARATORS[file_format][0]).encode())
    stats = FileStats()
    fields, blocks = read_blocks(content, ExpectedFormat(COLUMNS, SEPARATORS[file_format]), stats)
    assert fields == ("id", "name", "score")
    assert list(blocks) == []
    assert stats == FileStats()


# The header.


def test_columns_may_come_in_another_order() -> None:
    assert read("score,id,name\n5,1,Ann\n") == [{"score": "5", "id": "1", "name": "Ann"}]


def test_columns_may_have_another_header() -> None:
    columns = {"Id": "id", "Full, Name": "name", "score": "score"}
    assert read('Id,"Full, Name",score\n1,Ann,5\n', columns) == [
        {"id": "1", "name": "Ann", "score": "5"}
    ]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("id,name", r"missing \['score'\], unexpected nothing \(of 2 columns\)"),
        ("id,name,score,more", r"missing nothing, unexpected \['more'\]"),
        ("id,name,Score", r"missing \['score'\], unexpected \['Score'\]"),
        ("id,name,score,id", r"missing nothing, unexpected \['id'\] \(of 4 columns\)"),
        ("id;name;score", r"unexpected \['id;name;score'\]"),
        ('{"success":false}', r"missing \['id', 'name', 'score'\]"),
        ("", r"missing \['id', 'name', 'score'\]"),
    ],
)
def test_another_header_is_an_error(header: str, reason: str) -> None:
    with pytest.raises(MalformedFileError, match=reason):
        read(f"{header}\n1,2,3\n")


# The rows.


@pytest.mark.parametrize(
    ("row", "columns"), [("2,b", 2), ("2,b,3,4", 4), ("", 0), ('2,"b""",3,', 4), ('"2"b",3', 2)]
)
@pytest.mark.parametrize("chunk_bytes", [1, CHUNK_BYTES])
def test_too_few_and_too_many_cells_name_the_line(row: str, columns: int, chunk_bytes: int) -> None:
    file = f'id,name,score\n1,"two\nlines",5\n{row}\n3,c,5\n'
    reason = f"^Line 4 of the exported file .* has {columns} columns instead of 3"
    with pytest.raises(MalformedFileError, match=reason):
        read(file, chunk_bytes=chunk_bytes)


def test_nul_bytes_are_removed_and_counted() -> None:
    stats = FileStats()
    assert read("id,name,score\n1,A\0nn\0,5\n", stats=stats)[0]["name"] == "Ann"
    assert stats.nul_bytes == 2


TABLES = st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]))] * 3))


@given(TABLES, st.integers(1, 100))
def test_a_table_is_read_as_it_was_written(
    table: list[tuple[str, str, str]], chunk_bytes: int
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([COLUMNS, *table])
    stats = FileStats()
    rows = read(file.getvalue(), stats=stats, chunk_bytes=chunk_bytes)
    assert [tuple(row.values()) for row in rows] == [
        tuple(cell.replace("\0", "") for cell in row) for row in table
    ]
    assert stats.rows == len(table)
    assert stats.nul_bytes == sum(cell.count("\0") for row in table for cell in row)


# The formats.


@pytest.mark.parametrize(
    ("file_format", "separator"), [("CSV", ","), ("TSV", "\t"), ("SSV", ";"), ("SSV", " ")]
)
def test_every_format_holds_the_same_rows(file_format: str, separator: str) -> None:
    name = "a,b\tc;d e"
    file = f'id{separator}name{separator}score\n1{separator}"{name}"{separator}5\n'
    assert read(file, file_format=file_format) == [{"id": "1", "name": name, "score": "5"}]


def test_the_separator_of_ssv_is_the_one_that_gives_the_header() -> None:
    columns = {"The Id": "id", "The Full Name": "name", "The Score": "score"}
    file = "The Id;The Full Name;The Score\n1;Ann Lee;5\n"
    assert read(file, columns, "SSV") == [{"id": "1", "name": "Ann Lee", "score": "5"}]
