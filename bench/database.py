"""A PostgreSQL server of a run's own, the one that the tests start (`tests/_postgres.py`), and questions to it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg

from bench.environments import ROOT

__all__ = ["Server", "dropped", "made", "rows", "serving"]


class Server(Protocol):
    """A server that can be ended and comes back on the same port with its data."""

    def url(self, database: str = "") -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def restart(self) -> None: ...
    def kill(self) -> None: ...


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server while inside. Where PostgreSQL is missing, pytest's ``skip.Exception`` is raised with the reason."""
    folder = str(ROOT / "tests")
    if folder not in sys.path:
        sys.path.append(folder)
    with importlib.import_module("_postgres").serving() as server:
        yield server


def made(server: Server, name: str) -> str:
    """Make an empty database, and return its URL."""
    rows(server.url(), f'CREATE DATABASE "{name}"')
    return server.url(name)


def dropped(server: Server, name: str) -> None:
    """Drop a database, and cut whoever is still connected to it."""
    rows(server.url(), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement by itself, and return its rows. Raises ``psycopg.Error``."""
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
