"""Cells are read as they were written, with any characters."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import MalformedFileError
from tap_marketo_bulk.rows.csv_file import CHUNK_BYTES, LONGEST_ROW_BYTES, BlockReader

SPECIAL = ["\r", "\n", "\r\n", "\0", '"', '""', ",", ";", " ", "\t", "\u2028", "\u0085", "\ufeff"]
CELLS = st.lists(
    st.sampled_from([*SPECIAL, "🎉", "null", "\v", "\x1c"])
    | st.characters(exclude_categories=["Cs"]),
    max_size=8,
).map("".join)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)
)


def cells(file: bytes, separator: str = ",") -> list[list[str]]:
    blocks = list(BlockReader(io.BytesIO(file), separator))
    assert all(block.rows for block in blocks)
    return [row for block in blocks for row in block.rows]


def line_numbers(file: bytes, chunk_bytes: int = CHUNK_BYTES) -> list[int]:
    blocks = BlockReader(io.BytesIO(file), ",", chunk_bytes)
    return [block.line_number(index) for block in blocks for index in range(len(block.rows))]


def write(table: list[list[str]], separator: str, end: str) -> bytes:
    """Write a table as RFC 4180 has it, but for a lone CR, which gets no quotes."""

    def quoted(cell: str) -> str:
        needs = any(mark in cell for mark in (separator, '"', "\n"))
        return '"{}"'.format(cell.replace('"', '""')) if needs else cell

    return "".join(separator.join(map(quoted, row)) + end for row in table).encode()


@given(
    TABLES,
    st.sampled_from(",;\t "),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_any_table_is_read_as_it_was_written(
    table: list[list[str]], separator: str, end: str, mark: str
) -> None:
    table = [["header"] * 2, *table]
    file = mark.encode() + write(table, separator, end)
    assert cells(file, separator) == [[cell.replace("\0", "") for cell in row] for row in table]
    without_end = file.removesuffix(end.encode())
    assert len(cells(without_end, separator)) == len(table)


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("", []),
        ("a", [["a"]]),
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2\r\n", [["a", "b"], ["1", "2\r"]]),
        ('a,b\n1,"x\r\ny"\n', [["a", "b"], ["1", "x\r\ny"]]),
        ("a,b\n\r1,2\r3\n", [["a", "b"], ["\r1", "2\r3"]]),
        ("a,b\n\n1,2\n", [["a", "b"], [], ["1", "2"]]),
        ("\ufeffa,b\n", [["a", "b"]]),
        ('\ufeff"a",b\n', [["a", "b"]]),
        ("a,b\n\ufeff1,2\n", [["a", "b"], ["\ufeff1", "2"]]),
        ('a,b\nx"y,z"\n', [["a", "b"], ['x"y', 'z"']]),
        ('""\n', [[""]]),
    ],
)
def test_lines_end_in_lf_or_as_the_first_one_does(file: str, rows: list[list[str]]) -> None:
    assert cells(file.encode()) == rows


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ('"first"Name1","lastName1"', ['first"Name1', "lastName1"]),
        ('"7"inch,rack",x', ['7"inch,rack', "x"]),
        ('"say"hi\nthere",x', ['say"hi\nthere', "x"]),
        ('a,"b"c"', ["a", 'b"c']),
        ('"a""b"c",d', ['a"b"c', "d"]),
        ('"a"b""","c\nd"', ['a"b"', "c\nd"]),
        ('x\ry,"a"b"', ["x\ry", 'a"b']),
        ('"a"b\r\n\r",c', ['a"b\r\n\r', "c"]),
        ('"a"\r,"b"', ['a"\r,"b']),
        ('"a"b",', ['a"b', ""]),
        ('"a"b","c"', ['a"b', "c"]),
        ('"a" ,b"', ['a" ,b']),
    ],
)
def test_a_quote_that_was_not_doubled_belongs_to_the_value(row: str, read: list[str]) -> None:
    assert cells(f"h,i\n{row}\n1,2\n".encode()) == [["h", "i"], read, ["1", "2"]]
    assert cells(f"h,i\n{row}".encode())[1:] == [read]


def test_a_stray_quote_before_a_crlf_line_end_is_read() -> None:
    assert cells(b'h,i\r\nx,"a"b"\r\n"c"d",y\r\n') == [["h", "i"], ["x", 'a"b'], ['c"d', "y"]]


def test_nul_bytes_are_removed_and_counted() -> None:
    reader = BlockReader(io.BytesIO(b'h\n\0a\0\n"\0\n\0"\n'), ",")
    assert [row for block in reader for row in block.rows] == [["h"], ["a"], ["\n"]]
    assert reader.nul_bytes == 4


@pytest.mark.parametrize("chunk_bytes", [1, 10, CHUNK_BYTES])
def test_each_row_has_the_number_of_its_first_line(chunk_bytes: int) -> None:
    file = b'h\n"two\nlines"\n"stray"quote\nand more"\n"x"y"\n\nlast\n'
    assert line_numbers(file, chunk_bytes) == [1, 2, 4, 6, 7, 8]


@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.integers(1, 20))
def test_chunks_of_any_size_hold_the_same_rows_and_lines(
    table: list[list[str]], end: str, chunk_bytes: int
) -> None:
    table = [["header"] * 2, *table]
    file = write(table, ",", end)
    blocks = BlockReader(io.BytesIO(file), ",", chunk_bytes)
    assert [row for block in blocks for row in block.rows] == cells(file)
    numbers = [1]
    for row in table:
        numbers.append(numbers[-1] + 1 + "".join(row).count("\n"))
    assert line_numbers(file, chunk_bytes) == numbers[:-1]


def test_a_block_has_the_rows_of_about_one_chunk() -> None:
    file = b"a,b\n" * 100_000
    sizes = [len(block.rows) for block in BlockReader(io.BytesIO(file), ",")]
    assert max(sizes) <= CHUNK_BYTES // 4 + 2
    assert sum(sizes) == 100_000


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_many_rows_with_stray_quotes_are_read(end: bytes) -> None:
    count = 20_000
    file = b"h,i" + end + (b'"a"b",c' + end) * count
    assert cells(file) == [["h", "i"], *[['a"b', "c"]] * count]


def test_a_value_of_many_megabytes_is_read() -> None:
    value = 'Lorem, "ipsum"\r\n\U0001f389' * 300_000
    assert cells(write([["h"], [value]], ",", "\n")) == [["h"], [value]]
    wide = ["x" * 1_000_000] * 20
    assert cells(write([["h"], wide], ",", "\n"))[1] == wide


def test_a_value_of_many_short_lines_is_read() -> None:
    value = "\n".join("x" * 5_000_000)
    assert cells(write([["h"], [value]], ",", "\n")) == [["h"], [value]]


@pytest.mark.parametrize("file", [b'h\n"never', b'h\n"never\n', b'h\n"stray"quote\n', b'h\n1,"'])
def test_a_quote_that_is_never_closed_is_an_error(file: bytes) -> None:
    with pytest.raises(MalformedFileError, match=r"Line 2 .* a quoted value never ends"):
        cells(file)


@pytest.mark.parametrize(
    ("begin", "line"),
    [
        (b"", b"x" * 1_000_000),
        (b"h\n", b"x" * 1_000_000),
        (b'h\n"', b"x" * 98 + b"\n"),
        (b'h\n"', b"\n"),
        (b'h\n"stray"quote', b"x" * 98 + b"\n"),
        (b'h\n"stray"quote', b'x"y\n'),
    ],
)
def test_a_row_without_end_is_rejected_after_32_mib(begin: bytes, line: bytes) -> None:
    file = io.BytesIO(begin + line * (2 * LONGEST_ROW_BYTES // len(line)))
    with pytest.raises(MalformedFileError, match="a row is longer than"):
        list(BlockReader(file, ","))
    assert file.tell() <= LONGEST_ROW_BYTES + 2 * CHUNK_BYTES


FRAGMENTS = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"a",
    b"\xc3\xa9",
    b"\xff",
    b"\xef\xbb\xbf",
]


@given(st.binary() | st.lists(st.sampled_from(FRAGMENTS), max_size=30).map(b"".join))
def test_arbitrary_bytes_give_cells_or_a_malformed_file_error(file: bytes) -> None:
    try:
        rows = cells(file)
    except MalformedFileError:
        return
    characters = sum(len(cell) for row in rows for cell in row)
    assert characters <= len(file)


def rows_and_lines(file: bytes, chunk_bytes: int) -> list[tuple[int, list[str]]]:
    return [
        (block.line_number(index), row)
        for block in BlockReader(io.BytesIO(file), ",", chunk_bytes)
        for index, row in enumerate(block.rows)
    ]


@given(st.lists(st.sampled_from([*FRAGMENTS[:9], b'"a"b",']), max_size=40), st.integers(1, 12))
def test_the_size_of_chunks_makes_no_difference_whatever_the_file_holds(
    fragments: list[bytes], chunk_bytes: int
) -> None:
    file = b"".join(fragments)
    try:
        rows = rows_and_lines(file, CHUNK_BYTES)
    except MalformedFileError as error:
        with pytest.raises(MalformedFileError, match=re.escape(str(error))):
            rows_and_lines(file, chunk_bytes)
    else:
        assert rows_and_lines(file, chunk_bytes) == rows
        # No placeholder of a carriage return is left: each cell is valid Unicode.
        "".join(cell for _, row in rows for cell in row).encode()


def test_carriage_returns_of_rows_before_a_stray_quote_are_kept() -> None:
    file = b'h,i\na\rb,1\n"a"b",2\nc,3\n'
    assert cells(file) == [["h", "i"], ["a\rb", "1"], ['a"b', "2"], ["c", "3"]]
