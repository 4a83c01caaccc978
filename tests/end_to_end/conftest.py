"""One PostgreSQL server and one installation of the plugins for all tests of a process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.meltano import HAS_DUCKDB, install
from tests.support.postgresql import Database, running_server
from tests.support.warehouses import DuckDbWarehouse, PostgresWarehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.warehouses import Warehouse


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """The first database of a PostgreSQL server."""
    # Not a folder of pytest: only its owner can enter that.
    with (
        tempfile.TemporaryDirectory(prefix="postgresql-") as home,
        running_server(Path(home)) as database,
    ):
        yield database


@pytest.fixture(scope="session")
def installed(pytestconfig: pytest.Config) -> Path:
    """A Meltano project with installed plugins, kept from one test run to the next."""
    root = pytestconfig.cache.mkdir("meltano")
    install(root)
    return root


@pytest.fixture(params=["postgres", *(["duckdb"] if HAS_DUCKDB else [])])
def warehouse(request: pytest.FixtureRequest, server: Database, tmp_path: Path) -> Warehouse:
    """An empty database."""
    if request.param == "postgres":
        return PostgresWarehouse(server.create(tmp_path.name))
    return DuckDbWarehouse(tmp_path / "warehouse.duckdb")
