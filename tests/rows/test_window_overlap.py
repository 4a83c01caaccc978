"""Only a row that is equal to one of the previous window's last second is dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.rows.csv_file import Block
from tap_marketo_bulk.rows.overlap import WindowOverlapFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

FIELDS = ("id", "updatedAt", "email")
NOON = "2026-02-01T12:00:00Z"
LEAD = ["1", NOON, "a@example.com"]
OTHER = ["2", NOON, "a@example.com"]
EARLIER = ["3", "2026-02-01T11:59:59Z", "null"]


def window(start: int, end: int) -> Window:
    return Window(datetime(2026, 2, 1, start, tzinfo=UTC), datetime(2026, 2, 1, end, tzinfo=UTC))


def filtered(overlap: WindowOverlapFilter, *rows: list[str]) -> list[list[str]]:
    return list(overlap.filter(Block([list(row) for row in rows], 1, rows)).rows)


def second_file(
    first: Sequence[list[str]],
    second: Sequence[list[str]],
    fields: tuple[Sequence[str], Sequence[str]] = (FIELDS, FIELDS),
    consumers: tuple[Sequence[str], Sequence[str]] = ("a", "a"),
    second_start: int = 12,
) -> list[list[str]]:
    """Return the rows of the second of two windows that remain; both windows share noon."""
    overlap = WindowOverlapFilter("updatedAt")
    overlap.begin_file(window(11, 12), fields[0], consumers[0])
    assert filtered(overlap, *first) == first
    overlap.begin_file(window(second_start, 13), fields[1], consumers[1])
    return filtered(overlap, *second)


def test_a_row_that_both_windows_export_is_emitted_once() -> None:
    assert second_file([EARLIER, LEAD], [LEAD, OTHER]) == [OTHER]


def test_a_row_that_has_changed_is_emitted_again() -> None:
    changed = [*LEAD[:2], "b@example.com"]
    assert second_file([LEAD], [changed]) == [changed]


def test_a_row_with_the_same_instant_and_other_values_is_kept() -> None:
    assert second_file([EARLIER], [EARLIER, LEAD]) == [EARLIER, LEAD]


def test_a_stream_that_begins_with_the_second_window_gets_every_row() -> None:
    assert second_file([LEAD], [LEAD], consumers=("a", "ab")) == [LEAD]


def test_rows_with_other_fields_are_not_compared() -> None:
    assert second_file([LEAD], [LEAD], fields=(FIELDS, ("id", "updatedAt", "phone"))) == [LEAD]


def test_windows_that_share_no_second_are_not_compared() -> None:
    assert second_file([LEAD], [LEAD], second_start=11) == [LEAD]


def test_no_row_of_a_file_without_the_instant_is_dropped() -> None:
    fields = ("id", "email", "phone")
    assert second_file([LEAD], [LEAD], fields=(fields, fields)) == [LEAD]


@pytest.mark.parametrize("blocks", [[[LEAD, OTHER]], [[LEAD], [OTHER]]])
def test_the_last_second_is_remembered_over_several_blocks(blocks: list[list[list[str]]]) -> None:
    overlap = WindowOverlapFilter("updatedAt")
    overlap.begin_file(window(11, 12), FIELDS)
    for rows in blocks:
        filtered(overlap, *rows)
    overlap.begin_file(window(12, 13), FIELDS)
    assert filtered(overlap, OTHER, LEAD, EARLIER) == [EARLIER]
    assert filtered(overlap, LEAD) == []


def test_only_the_window_before_is_remembered() -> None:
    overlap = WindowOverlapFilter("updatedAt")
    for start, end in ((11, 12), (12, 13), (13, 14)):
        overlap.begin_file(window(start, end), FIELDS)
        remaining = filtered(overlap, LEAD)
    assert remaining == [LEAD]


def test_the_last_second_is_remembered_over_several_files_of_a_window() -> None:
    overlap = WindowOverlapFilter("updatedAt")
    for row in (LEAD, OTHER):
        overlap.begin_file(window(11, 12), FIELDS)
        assert filtered(overlap, row) == [row]
    for row in (LEAD, OTHER):
        overlap.begin_file(window(12, 13), FIELDS)
        assert filtered(overlap, row, EARLIER) == [EARLIER]


def test_a_dropped_row_does_not_change_the_lines_of_others() -> None:
    overlap = WindowOverlapFilter("updatedAt")
    overlap.begin_file(window(11, 12), FIELDS)
    filtered(overlap, LEAD)
    overlap.begin_file(window(12, 13), FIELDS)
    rows = [LEAD, OTHER]
    assert overlap.filter(Block(rows, 2, rows)).line_number(0) == 3
