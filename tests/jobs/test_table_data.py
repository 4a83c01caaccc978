"""The content of a table."""

from __future__ import annotations

from tap_marketo_bulk.jobs.table_data import TableData

ID = "8f3265a2-4b1d-4c0e-9d55-000000000000"


def test_a_shortened_table_has_short_ids_and_times_to_the_minute() -> None:
    data = TableData(
        ("id", "created (UTC)", "error"),
        ((ID, "2026-01-31 23:59:58", "an error of any length"), ("short", "", "")),
        frozenset(("error",)),
    )
    assert data.shortened() == TableData(
        data.columns,
        (("8f3265a2", "01-31 23:59", "an error of any length"), ("short", "", "")),
        data.number_columns,
    )
