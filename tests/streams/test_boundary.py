"""The second that two windows share."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.order import Order
from tap_marketo_bulk.extract.pipeline import VerifiedFile
from tap_marketo_bulk.extract.windows import Window
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus
from tap_marketo_bulk.marketo.exports import ExportRequest
from tap_marketo_bulk.streams.boundary import Boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.extract.rows import Row

NOON = "2026-02-01T12:00:00Z"
LEAD: Row = {"id": 1, "updatedAt": NOON, "email": "a@example.com"}
OTHER: Row = LEAD | {"id": 2}
EARLIER: Row = LEAD | {"id": 3, "updatedAt": "2026-02-01T11:59:59Z"}


def file(start: int, end: int) -> VerifiedFile:
    window = Window(datetime(2026, 2, 1, start, tzinfo=UTC), datetime(2026, 2, 1, end, tzinfo=UTC))
    request = ExportRequest("leads", tuple(LEAD), {})
    job = ExportJob("x", JobStatus.COMPLETED)
    return VerifiedFile(Order("leads", window, request), request, job, BytesIO())


def emitted(
    first: Sequence[Row], second: Sequence[Row], readers: tuple[Sequence[str], ...] = ("a", "a")
) -> list[Row]:
    """What is left of the second of two windows that meet at noon."""
    boundary = Boundary("id", "updatedAt")
    assert list(boundary.new_rows(file(11, 12), iter(first), readers[0])) == list(first)
    return list(boundary.new_rows(file(12, 13), iter(second), readers[1]))


def test_a_row_that_both_windows_bring_is_emitted_once() -> None:
    assert emitted([EARLIER, LEAD], [LEAD, OTHER]) == [OTHER]


def test_a_row_that_has_changed_is_emitted_again() -> None:
    changed = LEAD | {"email": "b@example.com"}
    assert emitted([LEAD], [changed]) == [changed]


def test_nothing_is_dropped_for_its_instant_alone() -> None:
    assert emitted([EARLIER], [EARLIER, LEAD]) == [EARLIER, LEAD]


def test_a_row_that_was_changed_after_it_was_read_is_still_the_first() -> None:
    boundary = Boundary("id", "updatedAt")
    for row in boundary.new_rows(file(11, 12), iter([dict(LEAD)]), "a"):
        row.clear()
    assert list(boundary.new_rows(file(12, 13), iter([LEAD]), "a")) == []


def test_a_stream_that_joins_at_the_boundary_misses_nothing() -> None:
    assert emitted([LEAD], [LEAD], ("a", "ab")) == [LEAD]
