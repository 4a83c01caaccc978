"""The text of README.md and of the pages in docs/, to compare it with the code, and to run it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = (README, *sorted(DOCS.glob("*.md")), ROOT / ".github" / "CONTRIBUTING.md")


def page(name: str) -> str:
    """Return the text of a page in docs/."""
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def section(title: str, text: str | None = None) -> str:
    """Return the section with this title of a text, by default of the README."""
    text = README.read_text(encoding="utf-8") if text is None else text
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table_rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in a text, without the header of the first one."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code_blocks(text: str, language: str) -> list[str]:
    """Return the code blocks in this language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def code_block(text: str, language: str) -> str:
    """Return the only code block in this language."""
    (found,) = code_blocks(text, language)
    return found


def inline_sql(text: str, command: str) -> str:
    """Return the only SQL inside a line that begins with this command."""
    (found,) = re.findall(rf"`({command} [^`]*)`", text)
    return str(found)
