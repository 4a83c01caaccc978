"""The timeline as rich draws it: a chart with a line for each slot of each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from operator import itemgetter
from string import ascii_uppercase
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from tap_marketo_bulk.jobs import formatting
from tap_marketo_bulk.jobs.drawing import quota_bar
from tap_marketo_bulk.jobs.timeline import timeline_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from tap_marketo_bulk.jobs.timeline import Cell, Timeline, TimelineDay

# Two colors for each object, in turns, so that one can see where a job ends and the next begins.
_COLORS = (
    ("#2f7fd0", "#74b3f0"),
    ("#d9822b", "#f2b16b"),
    ("#3f9b57", "#85cf97"),
    ("#8e5cc4", "#bf9be6"),
    ("#12908e", "#66c9c4"),
)
_FAILED_COLOR, _IDLE_COLOR = "#e03131", "bright_black"
# A cell that is used for less than the first part of its time, for less than the second, ...
_BLOCKS = ((0.25, "░"), (0.5, "▒"), (0.75, "▓"), (1.1, "█"))
_FAILED_LETTER = "X"
# The cells of a day, and the width of a terminal that has room for them.
_CELLS_BY_WIDTH = ((144, 176), (96, 128), (72, 104), (48, 80), (24, 0))
_HOURS = 24
_BAR_CHARACTERS = 14
_OTHER_USERS = (
    "Marketo shows each API user their own jobs only: a slot that is idle here may have processed "
    "jobs of others, whose bytes count too."
)


@dataclass(frozen=True)
class ChartStyle:
    """How cells are drawn: by colors, or by letters where there are none.

    Attributes:
        object_paths: The objects of the chart.
        has_colors: Whether objects differ by color; otherwise they differ by letter.
    """

    object_paths: tuple[str, ...]
    has_colors: bool

    def text(self, cells: Sequence[Cell]) -> Text:
        """Return cells as a line of as many characters."""
        runs = groupby(map(self._character, cells), key=itemgetter(1))
        # Cells of the same style are one element of an SVG picture.
        return Text.assemble(*(("".join(glyph for glyph, _ in run), style) for style, run in runs))

    def legend(self) -> Text:
        """Return what the colors or letters mean."""
        entries = [(self._sample(number), path) for number, path in enumerate(self.object_paths)]
        failed = ("█" if self.has_colors else _FAILED_LETTER, _FAILED_COLOR)
        idle = (self._idle_glyph, _IDLE_COLOR)
        entries += [(failed, "failed or cancelled"), (idle, "idle")]
        return Text("   ").join(Text.assemble(sample, f" {meaning}") for sample, meaning in entries)

    @property
    def _idle_glyph(self) -> str:
        return "·" if self.has_colors else "."

    def _sample(self, number: int) -> tuple[str, str]:
        glyph = "█" if self.has_colors else self._letters()[number]
        return glyph, _COLORS[number % len(_COLORS)][0]

    def _character(self, cell: Cell) -> tuple[str, str]:
        """Return the character of a cell, and its style."""
        if cell.busy is None:
            return " ", ""
        if cell.shown is None:
            return self._idle_glyph, _IDLE_COLOR
        number = self.object_paths.index(cell.shown.job.object_path)
        color = _COLORS[number % len(_COLORS)][cell.shown.number % 2]
        letter = self._letters()[number]
        if cell.shown.is_useless:
            color, letter = _FAILED_COLOR, _FAILED_LETTER
        if not self.has_colors:
            return letter if cell.busy >= _BLOCKS[1][0] else letter.lower(), color
        return next(block for limit, block in _BLOCKS if cell.busy < limit), color

    def _letters(self) -> list[str]:
        """Return a letter for each object: of its name, if no other object has it."""
        letters: list[str] = []
        for path in self.object_paths:
            name = path.rpartition("/")[2].upper()
            wanted = [each for each in name + ascii_uppercase if each in ascii_uppercase]
            free = [each for each in wanted if each not in (*letters, _FAILED_LETTER)]
            letters.append(next(iter(free), "?"))
        return letters


def timeline_renderable(timeline: Timeline, width: int, *, has_colors: bool) -> RenderableType:
    """Return the chart and its legend.

    Args:
        timeline: The days.
        width: The width of the terminal in characters.
        has_colors: Whether it shows colors, and more than ASCII characters.
    """
    count = next(count for count, needed in _CELLS_BY_WIDTH if width >= needed)
    style = ChartStyle(timeline.object_paths, has_colors)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("day")
    table.add_column("slot", justify="right")
    table.add_column(_axis(count), no_wrap=True)
    table.add_column("busy", justify="right")
    table.add_column("exported", justify="right", no_wrap=True)
    for day in timeline.days:
        for row in _rows(day, timeline, count, style):
            table.add_row(*row)
    return Group(table, "", style.legend(), "", *_notes(timeline))


def _rows(
    day: TimelineDay, timeline: Timeline, count: int, style: ChartStyle
) -> Iterator[tuple[RenderableType, ...]]:
    """Yield a row for each slot; the first has the day, the second a bar of its bytes."""
    usage = day.usage
    bar = quota_bar(usage, _BAR_CHARACTERS)
    exported: list[RenderableType] = [f"{formatting.size(usage.used_bytes)} {usage.share:.0%}", bar]
    elapsed = min(day.end, timeline.now) - day.start
    for slot, _ in enumerate(day.slots):
        busy = day.busy_time(slot) / elapsed if elapsed else 0.0
        yield (
            "" if slot else f"{day.day:%m-%d}",
            str(slot + 1),
            style.text(timeline_cells(day, slot, count, timeline.now)),
            f"{busy:.0%}",
            exported[slot] if slot < len(exported) else "",
        )


def _axis(count: int) -> str:
    """Return the hours of a day above ``count`` cells."""
    cells_per_hour = count // _HOURS
    step = 6 if cells_per_hour == 1 else 3
    return "".join(f"{hour:02}".ljust(step * cells_per_hour) for hour in range(0, _HOURS, step))


def _notes(timeline: Timeline) -> Iterator[str]:
    quota = timeline.days[-1].usage.allocation_bytes // 1_000_000
    yield (
        "Days and hours are those of US Central time: the daily quota, here "
        f"{quota:,} MB, is reset at 00:00 ({timeline.days[-1].start.astimezone(UTC):%H:%M} UTC)."
    )
    yield _OTHER_USERS
    if timeline.without_times:
        count = formatting.count(timeline.without_times, "job")
        yield f"Marketo did not report when {count} began and ended; the chart does not show them."
