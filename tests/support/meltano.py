"""Meltano projects like the checkout's, each with a state of its own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).parents[2]
PINS = CHECKOUT / "tests" / "constraints.txt"
# What an installed plugin depends on.
SOURCES = (CHECKOUT / "meltano.yml", CHECKOUT / "pyproject.toml", PINS)
# What the extractor's `pip_url: -e .` needs.
PACKAGE = ("pyproject.toml", "README.md", "LICENSE", "tap_marketo_bulk")
# Settings of the person who runs the tests, and the coverage of this process.
FOREIGN = ("MELTANO_", "TAP_MARKETO_BULK_", "TARGET_", "COVERAGE_")


@dataclass(frozen=True)
class Project:
    """One project in the folder ``root``; ``settings`` are environment variables."""

    root: Path
    settings: Mapping[str, str]

    def run(self, *arguments: str, **settings: str) -> str:
        """Run ``meltano`` with ``arguments``, and with ``settings`` too; its standard output.

        The test fails with Meltano's log when the exit code is not 0.
        """
        own = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
        pins = {"UV_CONSTRAINT": str(PINS), "UV_BUILD_CONSTRAINT": str(PINS)}
        done = subprocess.run(  # noqa: S603 - the command is this package's
            [Path(sys.executable).with_name("meltano"), *arguments],
            cwd=self.root,
            env={**own, **pins, **self.settings, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"meltano {' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done.stdout


def install(root: Path, plugins: tuple[str, ...]) -> None:
    """Make ``root`` a project with ``plugins`` installed, unless it is one already.

    Processes may do so at the same time: one installs, the others wait.
    """
    content = b"".join(path.read_bytes() for path in SOURCES)
    wanted = hashlib.sha256(f"{sys.version} {root} {plugins}".encode() + content).hexdigest()
    stamp = root / "installed"
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            _lay_out(root)
            Project(root, {}).run("install", "--clean", *plugins)
            stamp.write_text(wanted)


def new_project(root: Path, installed: Path, settings: Mapping[str, str]) -> Project:
    """Make the folder ``root`` a project without state, with the plugins of ``installed``."""
    _lay_out(root)
    (root / ".meltano").mkdir()
    for kind in ("extractors", "loaders"):
        (root / ".meltano" / kind).symlink_to(installed / ".meltano" / kind)
    return Project(root, settings)


def _lay_out(root: Path) -> None:
    root.mkdir(exist_ok=True)
    shutil.copy(CHECKOUT / "meltano.yml", root)
    for name in PACKAGE:
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(CHECKOUT / name)
