"""Tables and queues as rich draws them; what they contain is made elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.measure import Measurement
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.jobs.queue_snapshot import ended_table, queue_counts_text, queue_table

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console, RenderableType

    from tap_marketo_bulk.jobs.queue_snapshot import QueueSnapshot
    from tap_marketo_bulk.jobs.quota_usage import QuotaUsage
    from tap_marketo_bulk.jobs.table_data import TableData

_STATUS_STYLES = {
    "created": "dim",
    "queued": "yellow",
    "processing": "cyan",
    "completed": "green",
    "failed": "red",
    "cancelled": "dim",
}
_BAR_CHARACTERS = 30


def table_renderable(data: TableData, console: Console) -> Table:
    """Return a table; a terminal that it is too wide for gets the shortened one.

    What does not fit into a column is wrapped and not cut off.
    """
    table = _draw(data, gap=2)
    widest = Measurement.get(console, console.options, table).maximum
    fits = widest < console.width or not console.is_terminal
    return table if fits else _draw(data.shortened(), gap=1)


def quota_renderable(usage: QuotaUsage, now: datetime, console: Console) -> RenderableType:
    """Return the bytes of today as text, and in a terminal as a bar."""
    grid = Table.grid(padding=(0, 1))
    grid.add_row("Used today:", Text(f"{usage.text()}."))
    if console.is_terminal:
        grid.add_row("", quota_bar(usage, _BAR_CHARACTERS))
    grid.add_row("Reset:", Text(f"{usage.reset_text(now)}."))
    return grid


def quota_bar(usage: QuotaUsage, width: int) -> ProgressBar:
    """Return the used part of the quota as a bar, which is red when the quota is used up."""
    return ProgressBar(
        usage.allocation_bytes,
        usage.used_bytes,
        width=width,
        complete_style="green",
        finished_style="red",
    )


def snapshot_renderable(snapshot: QueueSnapshot, console: Console) -> RenderableType:
    """Return the queue, the bytes of today, and the jobs that ended last."""
    parts: list[RenderableType] = [
        Text(f"{formatting.instant(snapshot.now)} UTC", "bold"),
        Text(queue_counts_text(snapshot)),
        "",
        table_renderable(queue_table(snapshot), console),
        "",
        quota_renderable(snapshot.usage, snapshot.now, console),
    ]
    if snapshot.ended:
        parts += ["", table_renderable(ended_table(snapshot), console)]
    return Group(*parts)


def _draw(data: TableData, gap: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for name in data.columns:
        is_number = name in data.number_columns
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in data.rows:
        table.add_row(*(Text(cell, _STATUS_STYLES.get(cell, "")) for cell in row))
    return table
