"""The commands of the README's section "Use it", from an empty folder to a loaded database."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests.support.meltano import CHECKOUT, PINS
from tests.support.readme import code_blocks, section

if TYPE_CHECKING:
    from tests.support.postgresql import Database

# The loader's definition is in MeltanoHub, which cannot be reached from every place where the tests
# run: it is added from this repository instead.
FROM_HUB = "meltano add target-postgres\n"
# The files of a clone that these commands need.
CLONE = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "tap_marketo_bulk",
    ".env.example",
    "meltano.yml",
)


def test_the_commands_of_the_readme_load_a_database(server: Database, tmp_path: Path) -> None:
    database = server.create("first_steps")
    clone = make_clone(tmp_path)
    steps, _, _, pipeline = code_blocks(section("Use it"), "sh")
    assert FROM_HUB in steps
    add_loader = f"meltano add target-postgres --plugin-type loader --from-ref {loader(tmp_path)}\n"

    run(steps.replace(FROM_HUB, add_loader), clone, tmp_path, {})
    run(pipeline, tmp_path / "marketo", tmp_path, loader_settings(database))

    with database.connect() as connection:
        leads, activities = (
            connection.execute(query.encode()).fetchall()
            for query in code_blocks(section("Use it"), "sql")[0].split(";")[:2]
        )
    assert len(leads) > 12
    assert "Fill Out Form" in [name for name, _, _ in activities]


def make_clone(tmp_path: Path) -> Path:
    """Make a folder with the files of the checkout; Meltano writes beside it."""
    clone = tmp_path / "tap-marketo-bulk"
    clone.mkdir()
    for name in CLONE:
        copy = shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy
        copy(CHECKOUT / name, clone / name)
    return clone


def loader(tmp_path: Path) -> Path:
    """Write the definition of the loader to a file."""
    yaml = YAML(typ="safe")
    plugins = yaml.load((CHECKOUT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]
    (definition,) = (each for each in plugins["loaders"] if each["name"] == "target-postgres")
    path = tmp_path / "target-postgres.yml"
    hub = {"namespace": "target_postgres", "variant": "meltanolabs", "repo": "https://example.com"}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(hub | definition, file)
    return path


def loader_settings(database: Database) -> dict[str, str]:
    """Return what a user fills in, as variables: they win over the file `.env`."""
    return {
        "TARGET_POSTGRES_HOST": database.host,
        "TARGET_POSTGRES_PORT": str(database.port),
        "TARGET_POSTGRES_USER": database.user,
        "TARGET_POSTGRES_PASSWORD": database.password,
        "TARGET_POSTGRES_DATABASE": database.name,
    }


def run(script: str, folder: Path, home: Path, settings: dict[str, str]) -> None:
    """Run a script with Meltano on the PATH and an empty home; the test fails with its output."""
    programs = Path(sys.executable).parent
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("UV_", "SSL_"))}
    environment = {
        **kept,
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "UV_CONSTRAINT": str(PINS),
        "UV_BUILD_CONSTRAINT": str(PINS),
        **settings,
    }
    done = subprocess.run(  # noqa: S603 - the script is this repository's
        ["/bin/sh", "-eu", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{shlex.quote(script)}\n{done.stdout}\n{done.stderr}")
