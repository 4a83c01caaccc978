"""The chart of the README and the picture of docs/jobs.md, made from a sandbox."""

from __future__ import annotations

from pathlib import Path

from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
from tests.cli.readme_picture import FIRST_NIGHT, PICTURE, Nights, faults, options

ROOT = Path(__file__).parents[2]
TEXTS = ("slot", "exported", "activities", "leads", "failed", "idle", "US&#160;Central")


def test_the_page_of_the_command_shows_the_picture() -> None:
    name = PICTURE.relative_to(ROOT).as_posix()
    assert f"](../{name})" in (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
    picture = PICTURE.read_text(encoding="utf-8")
    assert [text for text in TEXTS if text not in picture] == []


def test_the_picture_can_be_made_anew(tmp_path: Path) -> None:
    clock = SandboxClock(FIRST_NIGHT, speed=0)
    path = tmp_path / "timeline.svg"
    with Sandbox(options(leads=200), clock=clock) as sandbox:
        sandbox.faults.extend(faults())
        nights = Nights(sandbox, clock)
        for night in range(2):
            nights.run(night)
        nights.write_timeline(path)
        chart = nights.print_timeline().output.splitlines()
        assert any(job.status == "Failed" for job in sandbox.jobs)
    picture = path.read_text(encoding="utf-8")
    assert [text for text in (*TEXTS, "02-24", "02-25") if text not in picture] == []
    # The chart of the README has the same header and legend.
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    frame = {line.rstrip() for line in chart if line.startswith(("day ", "A "))}
    assert len(frame) == 2
    assert frame <= set(readme)
