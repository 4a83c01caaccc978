"""Meltano projects with the checkout's meltano.yml, each with a separate state."""

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

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.postgresql import Database

CHECKOUT = Path(__file__).parents[2]
PINS = CHECKOUT / "tests" / "constraints.txt"
DBT_PINS = CHECKOUT / "tests" / "constraints_dbt.txt"
# The files that the installed plugins depend on.
SOURCES = (CHECKOUT / "meltano.yml", CHECKOUT / "pyproject.toml", PINS, DBT_PINS)
# The version of DuckDB that target-duckdb needs has no wheels for Python 3.14.
HAS_DUCKDB = sys.version_info < (3, 14)
# The plugins that the tests use, with the versions of their packages.
PLUGINS = {
    PINS: ("tap-marketo-bulk", "target-postgres", *(["target-duckdb"] if HAS_DUCKDB else [])),
    DBT_PINS: ("dbt-postgres", *(["dbt-duckdb"] if HAS_DUCKDB else [])),
}
# The files that are needed for the extractor's `pip_url: -e .`.
PACKAGE = ("pyproject.toml", "README.md", "LICENSE", "tap_marketo_bulk")
# Prefixes of variables that are not passed on: settings of the user, and of coverage.
NOT_INHERITED = ("MELTANO_", "TAP_MARKETO_BULK_", "TARGET_", "COVERAGE_")


@dataclass(frozen=True)
class Project:
    """A project in the folder ``root``; ``settings`` are environment variables."""

    root: Path
    settings: Mapping[str, str]

    def run(self, *arguments: str, **settings: str) -> str:
        """Run ``meltano`` with additional ``settings``; return its standard output.

        The test fails with Meltano's log when the exit code is not 0.
        """
        done = self.try_to_run(*arguments, **settings)
        if done.returncode:
            pytest.fail(f"meltano {' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def try_to_run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run ``meltano`` as ``run`` does, whatever its exit code is."""
        inherited = {
            name: text for name, text in os.environ.items() if not name.startswith(NOT_INHERITED)
        }
        return subprocess.run(  # noqa: S603 - the command is this package's
            [Path(sys.executable).with_name("meltano"), *arguments],
            cwd=self.root,
            env={**inherited, **self.settings, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def install(root: Path) -> None:
    """Create a project with ``PLUGINS`` in ``root``, unless it exists already.

    Several processes may call this at the same time: one installs, the others wait.
    """
    content = b"".join(path.read_bytes() for path in SOURCES)
    digest = hashlib.sha256(f"{sys.version} {root} {PLUGINS}".encode() + content).hexdigest()
    stamp = root / "installed"
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != digest:
            _copy_project_files(root)
            for pins, plugins in PLUGINS.items():
                versions = {"UV_CONSTRAINT": str(pins), "UV_BUILD_CONSTRAINT": str(PINS)}
                Project(root, versions).run("install", "--clean", *plugins)
            stamp.write_text(digest)


def new_project(root: Path, installed: Path, settings: Mapping[str, str]) -> Project:
    """Create a project without state in ``root``, with the plugins of the project ``installed``."""
    _copy_project_files(root)
    (root / ".meltano").mkdir()
    for folder in ("extractors", "loaders", "utilities"):
        (root / ".meltano" / folder).symlink_to(installed / ".meltano" / folder)
    return Project(root, settings)


def pipeline_settings(sandbox: Sandbox, database: Database) -> dict[str, str]:
    """Return the settings that connect a pipeline; it does not wait for jobs."""
    return {
        "TAP_MARKETO_BULK_ENDPOINT": sandbox.url,
        "TAP_MARKETO_BULK_CLIENT_ID": sandbox.client_id,
        "TAP_MARKETO_BULK_CLIENT_SECRET": sandbox.client_secret,
        "TAP_MARKETO_BULK_LAG_MINUTES": "0",
        "TAP_MARKETO_BULK_POLL_SECONDS": "0.1",
        "TARGET_POSTGRES_HOST": database.host,
        "TARGET_POSTGRES_PORT": str(database.port),
        "TARGET_POSTGRES_USER": database.user,
        "TARGET_POSTGRES_PASSWORD": database.password,
        "TARGET_POSTGRES_DATABASE": database.name,
    }


def _copy_project_files(root: Path) -> None:
    root.mkdir(exist_ok=True)
    shutil.copy(CHECKOUT / "meltano.yml", root)
    for name in PACKAGE:
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(CHECKOUT / name)
