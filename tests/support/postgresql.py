"""A PostgreSQL server on loopback, with its data in a temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Database:
    """A database, with the user and password to connect to it."""

    host: str
    port: int
    user: str
    password: str
    name: str

    def connect(self) -> psycopg.Connection:
        """Open a connection in autocommit mode."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.name,
            autocommit=True,
        )

    def create(self, name: str) -> Database:
        """Create an empty database on the same server."""
        with self.connect() as connection:
            connection.execute(f'create database "{name}"'.encode())
        return replace(self, name=name)


@contextmanager
def running_server(home: Path) -> Iterator[Database]:
    """Run a server until the block ends; yield its first database.

    ``home`` is an empty folder that every user may enter.
    """
    # PostgreSQL does not run as root; its packages create a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
    database = Database("127.0.0.1", _free_port(), "marketo", "p@ss'w:o/rd %s", "postgres")
    log = home / "log"
    with log.open("wb") as output:
        _initialise(home, database, user=user, output=output.fileno())
        options = {"port": database.port, "unix_socket_directories": home, "fsync": "off"}
        server = subprocess.Popen(  # noqa: S603 - the command is this module's
            [
                _program("postgres"),
                "-D",
                home / "data",
                *(f"--{k}={v}" for k, v in options.items()),
            ],
            user=user,
            cwd=home,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(database, server, log)
        yield database
    finally:
        # PostgreSQL's "fast shutdown": it closes all connections and stops.
        server.send_signal(signal.SIGINT)
        server.wait()


def _initialise(home: Path, database: Database, *, user: str | None, output: int) -> None:
    password = home / "password"
    password.write_text(database.password)
    options = {"pgdata": home / "data", "username": database.user, "pwfile": password}
    options |= {"auth": "scram-sha-256", "encoding": "UTF8", "locale": "C"}
    subprocess.run(  # noqa: S603 - the command is this module's
        [
            _program("initdb"),
            "--no-sync",
            *(f"--{name}={value}" for name, value in options.items()),
        ],
        user=user,
        cwd=home,
        stdout=output,
        stderr=output,
        check=True,
    )


def _program(name: str) -> str:
    # On Debian the programs of the server are not on the PATH.
    debian = max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), default=None)
    found = shutil.which(name) or debian
    if found is None:
        pytest.fail(f"{name} was not found: install a PostgreSQL server (Debian: postgresql).")
    return str(found)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(database: Database, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            database.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"The PostgreSQL server is not ready:\n{log.read_text()}")
