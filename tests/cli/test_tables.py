"""Tables as they are drawn in terminals and elsewhere."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from tap_marketo_bulk.cli.console import TableData, has_colors, table_renderable, write
from tap_marketo_bulk.cli.reports import quota_renderable
from tap_marketo_bulk.exports.quota import QuotaUsage
from tests.support.terminal import ESCAPE, terminal, without_codes, written

ID = "8f3265a2-4b1d-4c0e-9d55-000000000000"
TABLE = TableData(
    ("id", "status", "created (UTC)", "size", "error"),
    (
        (ID, "failed", "2026-01-31 23:59:58", "1.5 kB", "[bold]Out of luck[/bold] today"),
        ("short", "queued", "", "", ""),
    ),
    frozenset(("size",)),
)
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def drawn(width: int) -> list[str]:
    console = terminal(width)
    write(console, table_renderable(TABLE, console))
    return [line.rstrip() for line in without_codes(written(console)).splitlines()]


def test_a_table_that_fits_is_drawn_in_full() -> None:
    assert drawn(110) == [
        "id                                    status  created (UTC)          size  error",
        f"{ID}  failed  2026-01-31 23:59:58  1.5 kB  [bold]Out of luck[/bold] today",
        "short                                 queued",
    ]


def test_a_narrow_terminal_gets_short_ids_and_times() -> None:
    assert drawn(75) == [
        "id       status created (UTC)   size error",
        "8f3265a2 failed 01-31 23:59   1.5 kB [bold]Out of luck[/bold] today",
        "short    queued",
    ]


def test_what_does_not_fit_is_wrapped_and_not_cut_off() -> None:
    lines = drawn(44)
    assert len(lines) > 2
    assert max(map(len, lines)) <= 44
    shown = "".join("".join(lines).split())
    assert all(part in shown for part in ("8f3265a2", "failed", "1.5kB"))
    assert sum(shown.count(letter) for letter in "luck") >= 4
    assert "…" not in shown


@pytest.mark.parametrize(("used", "bar"), [(0, ""), (50, "━" * 15), (200, "━" * 30)])
def test_a_terminal_shows_the_used_part_of_the_quota_as_a_bar(used: int, bar: str) -> None:
    usage = QuotaUsage(used * 1_000_000, 1, 100_000_000, NOW + timedelta(hours=1))
    console = terminal(100, has_colors=False)
    write(console, quota_renderable(usage, NOW, console))
    lines = [line.split(":")[-1].strip() for line in written(console).splitlines()]
    assert [line for line in lines if line.startswith("━")] == [bar][: bool(bar)]


def test_a_used_up_quota_is_red() -> None:
    def color(used: int) -> str:
        usage = QuotaUsage(used, 1, 100, NOW + timedelta(hours=1))
        console = terminal(100)
        write(console, quota_renderable(usage, NOW, console))
        return written(console).partition("━")[0].rpartition(ESCAPE)[2]

    assert (color(99), color(100)) == ("[32m", "[31m")


def test_a_console_without_colors_or_with_ascii_only_gets_letters() -> None:
    ascii_only = terminal(80)
    ascii_only.file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    no_color = terminal(80)
    no_color.no_color = True
    assert [has_colors(each) for each in (terminal(80), ascii_only, no_color)] == [1, 0, 0]
    assert not has_colors(terminal(80, has_colors=False))
