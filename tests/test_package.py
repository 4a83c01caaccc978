"""The metadata of the package agree with its definition for Meltano and with its modules."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.support.plugin_definition import ROOT, build_definition

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ROOT / "tap_marketo_bulk"


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        metadata: dict[str, Any] = tomllib.load(file)["project"]
    return metadata


def imported_packages(path: Path) -> set[str]:
    """The first names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return {name.split(".")[0] for name in names}


def test_every_package_that_is_imported_is_a_dependency() -> None:
    declared = {
        re.split(r"[^\w-]", requirement)[0].lower() for requirement in project()["dependencies"]
    }
    imported = set().union(*(imported_packages(path) for path in PACKAGE.rglob("*.py")))
    foreign = imported - sys.stdlib_module_names - {PACKAGE.name, "_typeshed"}
    distributions = packages_distributions()
    assert {"click", "singer_sdk"} <= foreign
    assert {name for name in foreign if not declared & set(distributions[name])} == set()


def test_every_dependency_has_an_upper_bound() -> None:
    # tzdata has versions by date, and only ever new data.
    bounded = [each for each in project()["dependencies"] if "<" in each]
    assert [each for each in project()["dependencies"] if each not in bounded] == ["tzdata"]


def test_the_supported_versions_of_python_begin_with_the_required_one() -> None:
    versions = build_definition()["supported_python_versions"]
    first = int(versions[0].removeprefix("3."))
    assert versions == [f"3.{minor}" for minor in range(first, first + len(versions))]
    assert project()["requires-python"] == f">={versions[0]}"


def test_type_checkers_use_the_annotations_of_the_package() -> None:
    assert "Typing :: Typed" in project()["classifiers"]
    assert (PACKAGE / "py.typed").is_file()


def workflows() -> dict[str, dict[str, Any]]:
    """The workflows of GitHub Actions by the names of their files."""
    return {
        path.name: YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        for path in (ROOT / ".github" / "workflows").iterdir()
    }


def test_the_workflow_tests_every_supported_version_of_python() -> None:
    matrix = workflows()["test.yml"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == build_definition()["supported_python_versions"]


def test_every_action_is_pinned_to_a_commit() -> None:
    actions = [
        step["uses"]
        for workflow in workflows().values()
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "uses" in step
    ]
    assert len(actions) >= 5
    assert [
        action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)
    ] == []
