"""What the README says, to compare it with the code, and to run it."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def section(title: str) -> str:
    """Return the text of the section with this title."""
    text = README.read_text(encoding="utf-8")
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def topic(title: str) -> str:
    """Return the text of a topic: it begins with its title in bold type, and ends at the next."""
    text = README.read_text(encoding="utf-8")
    return text.split(f"\n**{title}.**")[1].split("\n**")[0]


def code_block(text: str, language: str) -> str:
    """Return the only code block in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(found)


def inline_sql(text: str, command: str) -> str:
    """Return the only SQL inside a line that begins with this command."""
    (found,) = re.findall(rf"`({command} [^`]*)`", text)
    return str(found)
