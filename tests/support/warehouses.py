"""The databases that dbt's views are built in, by the names and types that they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.meltano import HAS_DUCKDB

if HAS_DUCKDB:
    import duckdb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgresql import Database

# Where loaders write the tap's tables, and dbt the views.
TAP_SCHEMA = "tap_marketo_bulk"
VIEW_SCHEMA = "marketo"
# The types of columns of views, by the names that the databases have for them.
COMMON_TYPES = {
    "bigint": "integer",
    "text": "string",
    "varchar": "string",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "timestamp without time zone": "timestamp",
}
_COLUMNS = """
    select table_name, column_name, lower(data_type)
    from information_schema.columns where table_schema = 'marketo'
"""


@dataclass(frozen=True)
class PostgresWarehouse:
    """A PostgreSQL database, and the plugins that write to it."""

    database: Database
    loader = "target-postgres"
    dbt = "dbt-postgres"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of both plugins, as environment variables."""
        values = {
            "HOST": self.database.host,
            "PORT": str(self.database.port),
            "USER": self.database.user,
            "PASSWORD": self.database.password,
            "DATABASE": self.database.name,
        }
        prefixes = ("TARGET_POSTGRES", "DBT_POSTGRES")
        return {f"{prefix}_{name}": value for prefix in prefixes for name, value in values.items()}

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute a statement; return the rows of its result, if it has any."""
        with self.database.connect() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class DuckDbWarehouse:
    """A DuckDB file, and the plugins that write to it."""

    path: Path
    loader = "target-duckdb"
    dbt = "dbt-duckdb"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of both plugins, as environment variables."""
        return {"TARGET_DUCKDB_PATH": str(self.path), "DBT_DUCKDB_PATH": str(self.path)}

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute a statement; return the rows of its result, if it has any."""
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(statement).fetchall()


Warehouse = PostgresWarehouse | DuckDbWarehouse


def view_columns(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    """The columns of each view with their types; a type that no view should have is unchanged."""
    views: dict[str, dict[str, str]] = {}
    for view, column, sql_type in warehouse.execute(_COLUMNS):
        views.setdefault(view, {})[column] = COMMON_TYPES.get(sql_type, sql_type)
    return views


def view_rows(warehouse: Warehouse, view: str) -> dict[Any, dict[str, Any]]:
    """The rows of a view by ``id``.

    Raises:
        AssertionError: Two rows have the same id.
    """
    columns = view_columns(warehouse)[view]
    names = ", ".join(f'"{name}"' for name in columns)
    found = warehouse.execute(f"select {names} from {VIEW_SCHEMA}.{view}")  # noqa: S608 - own names
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    return by_id
