"""Blocks know the lines of their rows, also those that were selected from another block."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk.rows.csv_file import Block, split_by_column

ROWS = [["1", "a"], ["2", "two\nlines"], ["1", "b"], [], ["3", "three\r\n\nlines"], ["1", "a"]]
BLOCK = Block(ROWS, 10, ROWS)


def test_line_feeds_inside_cells_count_as_lines() -> None:
    assert [BLOCK.line_number(index) for index in range(len(ROWS))] == [10, 11, 13, 14, 15, 18]


def test_selected_rows_keep_their_line_numbers() -> None:
    # The last row equals the first one.
    selected = BLOCK.select([ROWS[2], ROWS[5]]).select([ROWS[5]])
    assert selected.line_number(0) == 18


def test_a_block_is_split_by_the_text_of_a_column() -> None:
    rows = [row for row in ROWS if row]
    blocks = split_by_column(Block(rows, 1, rows), 0)
    assert list(blocks) == ["1", "2", "3"]
    assert blocks["1"].rows == [["1", "a"], ["1", "b"], ["1", "a"]]
    assert [blocks["1"].line_number(index) for index in range(3)] == [1, 4, 8]


@given(st.lists(st.lists(st.sampled_from(["1", "1.0", "01", "null", ""]), min_size=2, max_size=2)))
def test_no_row_is_lost_by_splitting(rows: list[list[str]]) -> None:
    blocks = split_by_column(Block(rows, 1, rows), 1)
    assert all(row[1] == text for text, block in blocks.items() for row in block.rows)
    lines = [
        block.line_number(index) for block in blocks.values() for index in range(len(block.rows))
    ]
    assert sorted(lines) == list(range(1, len(rows) + 1))
