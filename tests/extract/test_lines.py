"""Whatever a file holds, its cells come back."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.errors import MalformedFileError
from tap_marketo_bulk.extract.lines import LONGEST_ROW_BYTES, Lines, read_cells

NASTY = ["\r", "\n", "\r\n", "\0", '"', '""', ",", ";", " ", "\t", "\u2028", "\u0085", "\ufeff"]
CELLS = st.lists(
    st.sampled_from([*NASTY, "🎉", "null", "\v", "\x1c"])
    | st.characters(exclude_categories=["Cs"]),
    max_size=8,
).map("".join)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)
)


def cells(file: bytes, separator: str = ",") -> list[list[str]]:
    return list(read_cells(Lines(io.BytesIO(file)), separator))


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
def test_any_table_comes_back(table: list[list[str]], separator: str, end: str, mark: str) -> None:
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


def test_nul_bytes_are_counted() -> None:
    lines = Lines(io.BytesIO(b'h\n\0a\0\n"\0\n\0"\n'))
    assert list(read_cells(lines, ",")) == [["h"], ["a"], ["\n"]]
    assert lines.nul_bytes == 4


def test_lines_point_at_the_first_line_of_the_row_under_way() -> None:
    lines = Lines(io.BytesIO(b'h\n"two\nlines"\n"stray"quote\nand more"\nlast\n'))
    assert [lines.start for _ in read_cells(lines, ",")] == [1, 2, 4, 6]


def test_a_value_of_many_megabytes_is_read() -> None:
    value = 'Lorem, "ipsum"\r\n\U0001f389' * 300_000
    assert cells(write([["h"], [value]], ",", "\n")) == [["h"], [value]]
    wide = ["x" * 1_000_000] * 20
    assert cells(write([["h"], wide], ",", "\n"))[1] == wide


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
def test_a_row_without_end_is_given_up_in_bounded_time_and_memory(
    begin: bytes, line: bytes
) -> None:
    file = io.BytesIO(begin + line * (2 * LONGEST_ROW_BYTES // len(line)))
    started = time.monotonic()
    with pytest.raises(MalformedFileError, match="a row is longer than"):
        list(read_cells(Lines(file), ","))
    assert file.tell() <= LONGEST_ROW_BYTES + len(begin)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("file", "finding"),
    [
        (b"h\n1\n\xff2\n", r"Line 3 .* byte 0 of a line is not UTF-8"),
        (b"\xffh\n", r"Line 1 .* byte 0 of a line is not UTF-8"),
        (b'h\n"1\nab\xe2\x82"\n', r"Line 2 .* byte 2 of a line is not UTF-8"),
        (b"h\n\xed\xb0\x8d\n", "not UTF-8"),
    ],
)
def test_what_is_not_utf_8_is_an_error(file: bytes, finding: str) -> None:
    with pytest.raises(MalformedFileError, match=finding):
        cells(file)


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
def test_arbitrary_bytes_give_cells_or_our_error(file: bytes) -> None:
    try:
        rows = cells(file)
    except MalformedFileError:
        return
    characters = sum(len(cell) for row in rows for cell in row)
    assert characters <= len(file)
